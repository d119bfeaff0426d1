#!/usr/bin/env python3
"""The Ingest Service's Core, as cron runs it each minute (manual, Appendix A). The work is in the package `ingest`."""

import sys

from ingest.command import main

if __name__ == "__main__":
    sys.exit(main())
