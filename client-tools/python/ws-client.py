#!/usr/bin/env python3
"""Calls the TLP Web Service from the command line (manual, Appendix H); everything is in libtlp."""

import os
import sys

from libtlp.ws_command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.path.dirname(os.path.abspath(__file__))))
