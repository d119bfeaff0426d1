"""`install.sh status` and `doctor`: what runs, which systems are offered and why others are not. Changes nothing."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections import defaultdict
from pathlib import Path

from installer import ROOT, environment, packages, postgres, services, settings
from installer.home import Home
from installer.report import DONE, FAILED, NOT_RUNNING, InstallError, Report
from tlp import config, models, systems
from tlp.errors import ConfigError, ModelError
from tlp.systems import Offer, SystemFolder

SYSTEMS = ROOT / "ingest-service" / "systems"
SPACE_NEEDED = 3 << 30  # bytes: environment, models, what is derived from them, a few lectures


def status(arguments: argparse.Namespace, report: Report) -> int:
    """What runs in this home, where, and the systems. NOT_RUNNING when one of the three is down."""
    place = Home(arguments.home)
    if not place.exists():
        raise InstallError(
            f"there is no instance in {place.path}", "Make one with ./install.sh demo, or name it: --home DIR"
        )
    port = settings.recorded_port(place) or 0
    cluster = postgres.load(place.pg)
    up = [
        _tell(report, "PostgreSQL", bool(cluster and cluster.ready()), f"127.0.0.1:{cluster.port if cluster else '-'}"),
        _tell_web(report, place, port),
        _tell(report, "Ingest Service", bool(services.ingest(place).running()), f"log: {place.log / 'ingest.log'}"),
    ]
    print(f"\nAPI     http://127.0.0.1:{port}/api/v3\nClient  client-tools/python/ws-client.py -c {place.client}\n")
    tell_systems(report, Path(config.load(place.config).systems.models or systems.models_dir()))
    return DONE if all(up) else NOT_RUNNING


def _tell_web(report: Report, place: Home, port: int) -> bool:
    """A service that is there and cannot serve is another matter than one that is gone: starting it helps nothing."""
    service, where = services.web(place, port), f"http://127.0.0.1:{port}/  log: {place.log / 'web.log'}"
    if service.running() and not services.healthy(port):
        report.skip(
            f"Web Service runs and is not well: {where}", f"http://127.0.0.1:{port}/health says what is missing"
        )
        return False
    return _tell(report, "Web Service", bool(service.running()), where)


def _tell(report: Report, name: str, runs: bool, where: str) -> bool:
    if runs:
        report.ok(f"{name} runs: {where}")
    else:
        report.skip(f"{name} does not run: {where}", "Start it with ./install.sh demo")
    return runs


def tell_systems(report: Report, models_dir: Path) -> None:
    """Every system: what it offers, and what it does not and why."""
    for folder in sorted(path.parent for path in SYSTEMS.glob("*/system.ini")):
        try:
            _tell_system(report, systems.load(folder, models_dir), models_dir)
        except ConfigError as error:
            report.skip(f"{folder.name} is not offered: {error}")


def _tell_system(report: Report, system: SystemFolder, models_dir: Path) -> None:
    lacks = system.missing(models_dir)
    if lacks:
        report.skip(f"{system.kind} {system.name} is not offered:", "\n".join(lacks))
        return
    reasons: dict[str, list[Offer]] = defaultdict(list)
    for offer in system.offers:
        reasons["; ".join(system.missing(models_dir, offer))].append(offer)
    if offered := reasons.pop("", []):
        report.ok(f"{system.kind} {system.name} is offered:\n{_names(offered)}")
    for reason, offers in reasons.items():
        report.skip(f"{system.kind} {system.name} is not offered: {reason}\n{_names(offers)}")


def _names(offers: list[Offer]) -> str:
    names = [f"{o.source_lang}-{o.target_lang}" if o.target_lang else o.source_lang for o in offers]
    return textwrap.fill(" ".join(dict.fromkeys(names)), 100)


def doctor(report: Report) -> int:
    """What this machine lacks and how to get it. FAILED when something is missing."""
    for purpose in ("server", "engines"):
        if lacking := packages.missing((purpose,)):
            report.fail(f"system packages ({purpose}) missing: {' '.join(lacking)}", "Run: ./install.sh demo, as root")
        else:
            report.ok(f"system packages ({purpose})")
    if lacking := packages.missing(("documents",)):
        words = "old office formats, scanned slides and PDF are refused in words without them"
        report.skip(f"system packages (documents) missing: {' '.join(lacking)}\n{words}")
    for group in ("base", "engines"):
        if environment.is_current(group):
            report.ok(f"Python packages: {group}")
        else:
            report.fail(f"Python packages: {group}: not as locked", "Run: ./install.sh demo")
    _tell_space(report)
    for name, pin in models.pins().items():
        _tell_model(report, name, pin)
    tell_systems(report, systems.models_dir())
    return FAILED if report.failed else DONE


def _tell_space(report: Report) -> None:
    free = shutil.disk_usage(ROOT).free
    if free < SPACE_NEEDED:
        report.fail(f"{free / 2**30:.1f} GiB free on the disk of {ROOT}", f"{SPACE_NEEDED >> 30} GiB are needed.")
    else:
        report.ok(f"{free / 2**30:.0f} GiB free on the disk")


def _tell_model(report: Report, name: str, pin: models.Pin) -> None:
    try:
        models.locate(name, systems.models_dir())
        report.ok(f"model {name}")
    except ModelError as error:
        report.fail(str(error), f"It is {pin.source}.")
