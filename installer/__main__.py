"""The second stage of install.sh, in the virtual environment: runs the verb, turns errors into words and exit codes."""

from __future__ import annotations

import argparse
import os
import sys

import psycopg2

from installer import commands, demo, models, status
from installer.report import DONE, FAILED, InstallError, Report
from tlp.errors import TlpError


def main() -> int:
    arguments = commands.parse()
    report = Report()
    try:
        return _run(arguments, report)
    except InstallError as error:
        report.error(error)
    except BrokenPipeError:  # whoever read our lines has had enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (TlpError, psycopg2.Error, OSError) as error:
        report.fail(f"{arguments.verb}: {error}", "What was done stays; run it again when that is repaired.")
    except KeyboardInterrupt:
        report.fail("interrupted", "What was done stays; run it again to go on.")
    return FAILED


def _run(arguments: argparse.Namespace, report: Report) -> int:
    match arguments.verb:
        case "demo":
            return demo.run(arguments, report)
        case "stop":
            return demo.stop(arguments, report)
        case "status":
            return status.status(arguments, report)
        case "doctor":
            return status.doctor(report)
        case "models":
            models.fetch_all(report, arguments.models)
            return FAILED if report.skipped else DONE
        case _:  # tests: an engine's test says itself what it misses
            models.fetch_all(report, arguments.models)
            return DONE


if __name__ == "__main__":
    sys.exit(main())
