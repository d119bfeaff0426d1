#!/usr/bin/env python3
"""Prints URLs of the Media Player (manual, Appendix H); everything is in libtlp."""

import os
import sys

from libtlp.url_command import PLAYER, main

if __name__ == "__main__":
    sys.exit(main(PLAYER, sys.argv[1:], os.path.dirname(os.path.abspath(__file__))))
