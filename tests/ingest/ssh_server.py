"""A real sshd on the loopback for the tests, with a host key and a client key of its own."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import time
from pathlib import Path

import clusters

from ingest.scheduler.ssh import Ssh, Target

_CONFIG = """Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
PermitRootLogin prohibit-password
MaxStartups 100
MaxSessions 50
UseDNS no
PrintMotd no
LogLevel VERBOSE
Subsystem sftp internal-sftp
{more}
"""


class SshServer:
    """`environment`: variables of every command that is run over it."""

    def __init__(self, folder: Path, environment: dict[str, str] | None = None) -> None:
        self.folder = folder
        [self.port] = clusters.free_ports(1)
        # A home without a .bashrc, which bash reads for each command.
        given = {"HOME": str(folder), **(environment or {})}
        self.more = "SetEnv " + " ".join(f"{name}={value}" for name, value in given.items())

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    @staticmethod
    def lacking() -> str | None:
        """Why one cannot be started here; None when it can."""
        return clusters.lacking("sshd", "ssh-keygen")

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        for name in ("host", "id"):
            if not (self.folder / name).exists():
                key(self.folder / name)
        shutil.copy(self.folder / "id.pub", self.folder / "authorized_keys")
        (self.folder / "sshd_config").write_text(_CONFIG.format(port=self.port, folder=self.folder, more=self.more))
        kind, public = (self.folder / "host.pub").read_text().split()[:2]
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {kind} {public}\n")
        clusters.call(["/usr/sbin/sshd", "-f", self.folder / "sshd_config", "-E", self.folder / "log"])
        clusters.wait_for((self.folder / "sshd.pid").exists, "sshd")

    @property
    def pid(self) -> int:
        return int((self.folder / "sshd.pid").read_text())

    def connections(self) -> list[int]:
        """The processes that serve a connection each."""
        rows = [line.split() for line in clusters.call(["ps", "-e", "-o", "pid=,ppid="]).splitlines()]
        return [int(pid) for pid, parent in rows if int(parent) == self.pid]

    def cut(self) -> None:
        """End every connection as a network does that goes away; the server takes new ones."""
        for pid in self.connections():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        clusters.wait_for(lambda: not self.connections(), "the end of the connections")
        time.sleep(0.1)

    def stop(self) -> None:
        if (self.folder / "sshd.pid").exists():  # else it has never come so far as to run
            clusters.end([self.pid, *self.connections()])

    def target(self, **more: object) -> Target:
        values = {
            "host": "127.0.0.1", "port": self.port, "user": getpass.getuser(), "key": self.folder / "id",
            "known_hosts": self.folder / "known_hosts",
        }  # fmt: skip
        return Target(**{**values, **more})

    def client(self, **more: object) -> Ssh:
        return Ssh(self.target(**more))


def key(path: Path) -> Path:
    clusters.call(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path])
    return path
