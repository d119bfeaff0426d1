"""What has to be there before the virtual environment can run: packages and the environment. Standard library only."""

from __future__ import annotations

import sys

from installer import commands, environment, packages
from installer.report import DONE, FAILED, InstallError, Report

NEEDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # verb → packages by purpose, lock files
    "demo": (("server", "engines"), ("base", "engines")),
    "models": ((), ("base",)),
    "tests": (("server", "engines", "documents", "tests"), ("base", "engines", "dev")),
}


def main() -> int:
    """Prepare for the verb. `stop`, `status` and `doctor` change nothing, so they need an environment that is there."""
    arguments = commands.parse()
    report = Report()
    purposes, groups = NEEDS.get(arguments.verb, ((), ()))
    if not groups:
        if environment.installed():
            return DONE
        report.fail("nothing is installed yet", "Run: ./install.sh demo")
        return FAILED
    try:
        if purposes:
            packages.ensure(purposes, report)
        environment.ensure(groups, report)
    except InstallError as error:
        report.error(error)
        return FAILED
    return DONE


if __name__ == "__main__":
    sys.exit(main())
