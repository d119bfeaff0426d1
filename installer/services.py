"""The two resident programs of an instance: the Web Service under gunicorn and the Ingest Service's Core."""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from installer import ROOT, postgres, processes
from installer.home import Home
from installer.report import InstallError

SHARED = ROOT / "lib" / "tlp"
CORE = ROOT / "ingest-service" / "core.py"

# the last line of a traceback, other than gunicorn's own about its workers
ERROR_LINE = re.compile(r"(?!gunicorn\.)[\w.]*(Error|Exception|core\.py): ")


@dataclass(frozen=True)
class Service:
    """A program that stays, known by DIR/run/NAME.pid, writing DIR/log/NAME.log."""

    name: str
    words: str
    command: tuple[str, ...]
    home: Home
    sources: tuple[Path, ...]  # files and folders of what it runs

    @property
    def pid_file(self) -> Path:
        return self.home.run / f"{self.name}.pid"

    @property
    def log(self) -> Path:
        return self.home.log / f"{self.name}.log"

    def running(self) -> int | None:
        return processes.running(self.pid_file)

    def outdated(self) -> bool:
        """Whether its program or its configuration has changed since it was started."""
        begin = self.pid_file.stat().st_mtime
        files = [file for source in self.sources for file in (source.rglob("*.py") if source.is_dir() else [source])]
        return any(file.stat().st_mtime > begin for file in [*files, self.home.config])

    def start(self) -> None:
        processes.start(self.command, self.pid_file, self.log, {"TLP_CONFIG": str(self.home.config)}, ROOT)

    def stop(self) -> bool:
        return processes.stop(self.pid_file)

    def died(self) -> InstallError:
        """What to raise when it did not stay: the error it logged, else the end of its log."""
        self.pid_file.unlink(missing_ok=True)
        errors = [line for line in processes.tail(self.log, 60).splitlines() if ERROR_LINE.match(line)]
        reason = errors[-1] if errors else processes.tail(self.log)
        return InstallError(f"{self.words} has ended: {reason}", f"The whole log: {self.log}")


def web(home: Home, port: int) -> Service:
    """gunicorn on 127.0.0.1, with the settings file of the Web Service."""
    settings = str(ROOT / "web-service" / "gunicorn.conf.py")
    command = (sys.executable, "-m", "gunicorn", "-c", settings, "--bind", f"127.0.0.1:{port}")
    return Service("web", "the Web Service", command, home, (SHARED, ROOT / "web-service"))


def ingest(home: Home) -> Service:
    """The Core, resident."""
    command = (sys.executable, str(CORE), "--watch", "-v", "-C", str(home.config))
    return Service("ingest", "the Ingest Service", command, home, (SHARED, CORE, CORE.parent / "ingest"))


def register_systems(home: Home) -> None:
    """Have the Ingest Service look at the system folders now: models may have come since it last did."""
    command = (sys.executable, str(CORE), "--register", "-C", str(home.config))
    ended = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if ended.returncode:
        reason = (ended.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise InstallError(f"the systems cannot be registered: {reason}", "See ./install.sh status.")


def start_web(home: Home, port: int, patience: float = 30.0) -> bool:
    """Start the Web Service and wait until it is healthy. False when it already was."""
    service = web(home, port)
    if service.running():
        return False
    check_port(port)
    service.start()
    processes.wait_until(lambda: healthy(port) or not service.running(), patience)
    if not service.running():
        raise service.died()
    if not healthy(port):
        raise InstallError(
            f"the Web Service does not say that it is well: http://127.0.0.1:{port}/health", f"See {service.log}"
        )
    return True


def start_ingest(home: Home, patience: float = 1.5) -> bool:
    """Start the Ingest Service and see that it stays. False when it already ran."""
    service = ingest(home)
    if service.running():
        return False
    service.start()
    if processes.wait_until(lambda: not service.running(), patience):
        raise service.died()
    return True


def check_port(port: int, patience: float = 3.0) -> None:
    """Raises InstallError when somebody else listens on the port."""
    if not processes.wait_until(
        lambda: postgres.port_is_free(port), patience
    ):  # workers of a killed service are leaving
        raise InstallError(
            f"port {port} of 127.0.0.1 is in use by another program, or may not be used by this user",
            "Choose another one: ./install.sh demo --port N",
        )


def healthy(port: int) -> bool:
    """Whether the Web Service on that port answers /health with 200."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
