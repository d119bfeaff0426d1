#!/usr/bin/env python3
"""Prints URLs of the Translation Editor (manual, Appendix H); everything is in libtlp."""

import os
import sys

from libtlp.url_command import EDITOR, main

if __name__ == "__main__":
    sys.exit(main(EDITOR, sys.argv[1:], os.path.dirname(os.path.abspath(__file__))))
