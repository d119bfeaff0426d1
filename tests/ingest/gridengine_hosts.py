"""A real Grid Engine with several machines, each a network namespace with a name of its own, whose cable can be pulled.

They share the files and the processes of this machine. Its programs (qsub, qstat, …) are first on the PATH of
`environment`, and run where the qmaster is; nothing of it is seen in the network of this machine.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from daemons import call, lacking
from gridengine_cluster import GridEngine

_NAMED = 'mount --bind "$0" /etc/hosts && hostname "$1" && shift && exec "$@"'
_CLIENTS = ("qsub", "qstat", "qdel", "qacct", "qconf", "qmod", "qrls")


class GridEngineHosts(GridEngine):
    """See GridEngine. The machines are ge1 and ge2; the qmaster runs on gm."""

    master, hosts = "gm", ("ge1", "ge2")
    unheard_s = 10

    def __init__(self, cell: str, slots: int = 4, flush_s: int = 0) -> None:
        super().__init__(cell, slots, flush_s)
        self._names = self.spool / "hosts"
        self._bin = self.spool / "bin"
        self.environment["PATH"] = f"{self._bin}:{self.environment['PATH']}"

    def within(self, host: str, *argv: str | Path) -> list[str | Path]:
        """See GridEngine."""
        entered = ["nsenter", f"--net=/run/netns/{self._space(host)}", "unshare", "--uts", "--mount"]
        return [*entered, "sh", "-c", _NAMED, self._names, host, *argv]

    @staticmethod
    def lacking() -> str | None:
        """See GridEngine."""
        return GridEngine.lacking() or lacking("ip", "nsenter", "unshare") or _refused()

    def start(self) -> None:
        """See GridEngine."""
        self._bin.mkdir(parents=True)
        for program in _CLIENTS:
            path = self._bin / program
            words = self.within(self.master, f"/usr/lib/gridengine/{program}")
            path.write_text("#!/bin/sh\nexec " + " ".join(f"'{word}'" for word in words) + ' "$@"\n')
            path.chmod(0o755)
        self._lay_cables()
        super().start()

    def stop(self) -> None:
        """See GridEngine."""
        super().stop()
        for host in (*self.hosts, self.master):
            subprocess.run(["ip", "netns", "delete", self._space(host)], capture_output=True)

    def cut(self, host: str) -> None:
        """Nothing comes from or to a machine any more; what runs there goes on."""
        self._cable(host, "down")

    def heal(self, host: str) -> None:
        """It is there again."""
        self._cable(host, "up")

    def _cable(self, host: str, state: str) -> None:
        call(["ip", "-n", self._space(self.master), "link", "set", f"to-{host}", state])

    def _space(self, host: str) -> str:
        return f"{self.cell}-{host}"

    def _lay_cables(self) -> None:
        """Each machine is connected to a bridge on that of the qmaster."""
        all_hosts = (self.master, *self.hosts)
        addresses = {host: f"10.78.0.{number}" for number, host in enumerate(all_hosts, 1)}
        self._names.write_text(
            "127.0.0.1 localhost\n" + "".join(f"{address} {host}\n" for host, address in addresses.items())
        )
        for host in all_hosts:
            call(["ip", "netns", "add", self._space(host)])
            self._ip(host, "link set lo up")
        self._ip(self.master, "link add bridge type bridge")
        self._ip(self.master, f"addr add {addresses[self.master]}/24 dev bridge")
        self._ip(self.master, "link set bridge up")
        for host in self.hosts:
            self._ip(self.master, f"link add to-{host} type veth peer name eth0 netns {self._space(host)}")
            self._ip(self.master, f"link set to-{host} master bridge up")
            self._ip(host, f"addr add {addresses[host]}/24 dev eth0")
            self._ip(host, "link set eth0 up")

    def _ip(self, host: str, words: str) -> None:
        call(["ip", "-n", self._space(host), *words.split()])


def _refused() -> str | None:
    """Why this machine makes no namespaces, where the programs are installed; None where it does."""
    name = f"try-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    subprocess.run(["ip", "netns", "delete", name], capture_output=True)
    return None if made.returncode == 0 else f"this machine makes no network namespaces: {made.stderr.strip()}"
