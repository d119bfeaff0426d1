"""Distribution packages: what is needed for which purpose, what is missing, and apt. Standard library only."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
from pathlib import Path

from installer.report import InstallError, Report

PURPOSES: dict[str, tuple[str, ...]] = {
    "server": ("postgresql", "ffmpeg", "fonts-dejavu-core", "ca-certificates"),
    "engines": (
        "sox",
        "espeak-ng",
        "festival",
        "festival-ca",
        "festvox-ca-ona-hts",
        "apertium",
        "apertium-eng-spa",
        "apertium-eng-cat",
        "apertium-spa-cat",
        "apertium-fra-cat",
        "apertium-cat-ita",
        "apertium-spa-ita",
        "apertium-fr-es",
        "apertium-es-pt",
        "apertium-por-cat",
    ),
    # documents other than txt, html, docx and pptx; text of scanned slides
    "documents": (
        "libreoffice-writer-nogui",
        "libreoffice-impress-nogui",
        "poppler-utils",
        "tesseract-ocr",
        "tesseract-ocr-eng",
        "tesseract-ocr-spa",
        "tesseract-ocr-cat",
        "tesseract-ocr-fra",
    ),
    "tests": (
        "chromium",
        "make",
        "apache2-bin",
        "libapache2-mod-wsgi-py3",
        "wrk",
        # clusters of their own, and a way to another machine
        "munge",
        "slurmctld",
        "slurmd",
        "slurm-client",
        "gridengine-master",
        "gridengine-exec",
        "gridengine-client",
        "openssh-server",
        "iproute2",
    ),
}

# A package may also be there under another name or from another source: then this is what it is for.
STANDS_IN = {
    "postgresql": ("/usr/lib/postgresql/*/bin/initdb",),
    "chromium": ("/usr/bin/chromium", "/usr/bin/google-chrome", f"{Path.home()}/.cache/ms-playwright/chromium-*/"),
}

# Ubuntu has Chromium as a snap only, which sees neither our /tmp nor our pipes.
BY_HAND = {
    "chromium": "For the tests of pages, after this: .venv/bin/playwright install --with-deps chromium\n"
    "(or as root a Chromium or Chrome that is no snap, as /usr/bin/chromium or /usr/bin/google-chrome)",
}
APT = (
    "env",
    "DEBIAN_FRONTEND=noninteractive",
    "apt-get",
    "-qq",
    "-y",
    "-o",
    "Dpkg::Use-Pty=0",
    "--no-install-recommends",
)


def missing(purposes: tuple[str, ...]) -> list[str]:
    """The packages of these purposes that are not installed."""
    wanted = [package for purpose in purposes for package in PURPOSES[purpose]]
    if not shutil.which("dpkg-query"):
        return wanted
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Abbrev}\n", *wanted], capture_output=True, text=True
    )
    there = {line.split()[0] for line in asked.stdout.splitlines() if line.split()[1:] == ["ii"]}
    return [p for p in wanted if p not in there and not any(glob.glob(path) for path in STANDS_IN.get(p, ()))]


def privilege() -> list[str] | None:
    """What to put before a command to run it as root without questions; None where that is not possible."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    return None


def ensure(purposes: tuple[str, ...], report: Report) -> list[str]:
    """Install what is missing; returns what is still missing afterwards, each said with what to do."""
    lacking = missing(purposes)
    if not lacking:
        report.ok(f"system packages ({', '.join(purposes)})")
        return []
    prefix = privilege()
    if prefix is None or not shutil.which("apt-get"):
        why = (
            "this is not a Debian or Ubuntu system"
            if prefix is not None
            else "neither root nor sudo without a password"
        )
        report.skip(f"system packages: {why}; missing: {' '.join(lacking)}", _remedy(lacking))
        return lacking
    try:
        with report.step(f"system packages: {' '.join(lacking)}"):
            _install(lacking, prefix)
    except InstallError as error:
        report.fail(str(error), error.remedy)
    lacking = missing(purposes)
    for package in lacking:
        report.skip(f"system package {package} could not be installed", _remedy([package]))
    return lacking


def _install(lacking: list[str], prefix: list[str]) -> None:
    subprocess.run([*prefix, *APT, "update"], capture_output=True)  # an old list may do; the install tells
    available = [package for package in lacking if _has_candidate(package)]
    if not available:
        raise InstallError(
            f"apt knows none of: {' '.join(lacking)}",
            "Look at /etc/apt/sources.list (Ubuntu: universe) and the network.",
        )
    result = subprocess.run([*prefix, *APT, "install", *available], capture_output=True, text=True)
    if result.returncode:
        reason = "\n".join((result.stderr or result.stdout).strip().splitlines()[-3:])
        raise InstallError(f"apt-get install failed: {reason}", _remedy(available))


def _has_candidate(package: str) -> bool:
    if not shutil.which("apt-cache"):
        return False
    policy = subprocess.run(
        ["apt-cache", "policy", package], capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}
    )
    return "Candidate:" in policy.stdout and "Candidate: (none)" not in policy.stdout


def _remedy(packages: list[str]) -> str:
    from_apt = [package for package in packages if package not in BY_HAND or _has_candidate(package)]
    words = [f"As root: apt-get install {' '.join(from_apt)}"] if from_apt else []
    return "\n".join([*words, *(BY_HAND[package] for package in packages if package not in from_apt)])
