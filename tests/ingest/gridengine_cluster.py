"""A real Grid Engine on the loopback of this machine, for the tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from daemons import below, call, end, end_jobs, free_ports, lacking, running, wait_for

ROOT = Path("/var/lib/gridengine")


class GridEngine:
    """A cell of its own with one queue, main.q, on this machine."""

    master, hosts = "localhost", ("localhost",)
    unheard_s = 20  # until a machine that says nothing is known to be away

    def __init__(self, cell: str, slots: int = 32, flush_s: int = 0) -> None:
        self.cell, self.slots, self.flush_s = cell, slots, flush_s
        self.spool = Path(f"/var/spool/gridengine-{cell}")
        master, execution = free_ports(2)
        # It knows the processes of a job by a group, and ends them by it: no other cell here may have the same ones.
        self._groups = f"{100_000 + 100 * master}-{100_099 + 100 * master}"
        self.environment = {
            "SGE_ROOT": str(ROOT), "SGE_CELL": cell, "SGE_QMASTER_PORT": str(master),
            "SGE_EXECD_PORT": str(execution),
            # the programs themselves: /usr/bin has a slow wrapper of each
            "PATH": f"/usr/lib/gridengine:{os.environ['PATH']}:/usr/sbin",
        }  # fmt: skip

    @staticmethod
    def lacking() -> str | None:
        """Why one cannot be started here; None when it can."""
        return lacking("qsub", "qstat", "qconf")

    def start(self) -> None:
        common = ROOT / self.cell / "common"
        for folder in (common, *(self.spool / name for name in ("qmaster", "execd", "spooldb"))):
            folder.mkdir(parents=True, exist_ok=True)
        (common / "bootstrap").write_text(_BOOTSTRAP.format(spool=self.spool))
        (common / "act_qmaster").write_text(f"{self.master}\n")
        if self.master == "localhost":
            (common / "host_aliases").write_text(f"localhost {socket.gethostname().split('.')[0]}\n")
        for folder in (ROOT / self.cell, self.spool):
            call(["chown", "-R", "sgeadmin:", folder])
        self._fill_spool()
        self.start_master()
        self._make_queue()
        for host in self.hosts:
            self.start_node(host)

    def start_master(self) -> None:
        self._daemon("/usr/sbin/sge_qmaster", self.master)
        wait_for(lambda: self._try("qconf", "-sconf"), "the qmaster")

    def start_node(self, host: str = "") -> None:
        host = host or self.hosts[0]
        self._daemon("/usr/sbin/sge_execd", host)
        wait_for(lambda: self.queue_is_up(host), "the queue", 120)

    def within(self, host: str, *argv: str | Path) -> list[str | Path]:
        """A command as it is run on one of the machines."""
        return [*argv]

    def kill(self, name: str) -> None:
        """SIGKILL for a daemon and what it runs: `qmaster`, `execd`, or `execd.HOST`."""
        pid = self.pid(name)
        for one in [pid, *below(pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        wait_for(lambda: not running(pid), f"the end of {name}")

    def _fill_spool(self) -> None:
        default = Path("/usr/share/gridengine/default-configuration").read_text()
        changed = {
            "execd_spool_dir": str(self.spool / "execd"), "min_uid": "0", "min_gid": "0", "gid_range": self._groups,
            "load_report_time": "00:00:02", "max_unheard": f"00:00:{self.unheard_s:02}",
            "reschedule_unknown": "00:00:05",
            "reporting_params": "accounting=true reporting=false flush_time=00:00:01 "
            f"accounting_flush_time=00:00:{self.flush_s:02} "
            "joblog=false sharelog=00:00:00",
        }  # fmt: skip
        lines = [
            f"{k} {changed[k]}" if (k := line.split(None, 1)[0]) in changed else line
            for line in default.splitlines()
            if line
        ]
        (self.spool / "global").write_text("\n".join(lines) + "\n")
        resources = Path("/usr/share/gridengine/util/resources")
        as_admin = ["runuser", "-u", "sgeadmin", "--", "env", *(f"{k}={v}" for k, v in self.environment.items())]
        arch = call([ROOT / "util" / "arch"]).strip()
        as_admin = self.within(self.master, *as_admin, f"SGE_ARCH={arch}")
        call([*as_admin, "/usr/lib/gridengine/spoolinit", "berkeleydb", "libspoolb", self.spool / "spooldb", "init"])
        for what in (
            ["configuration", self.spool / "global"], ["complexes", resources / "centry"],
            ["usersets", resources / "usersets"], ["managers", "sgeadmin"], ["managers", "root"], ["operators", "root"],
        ):  # fmt: skip
            call([*as_admin, "/usr/lib/gridengine/spooldefaults", *what])

    def _make_queue(self) -> None:
        none = ("load_scaling", "complex_values", "user_lists", "xuser_lists", "projects", "xprojects", "usage_scaling")
        host = "".join(f"{key} NONE\n" for key in (*none, "report_variables"))
        scheduler = self.command("qconf", "-ssconf").splitlines()
        quick = {"schedule_interval": "0:0:1", "flush_submit_sec": "1", "flush_finish_sec": "1",
                 "load_adjustment_decay_time": "0:0:0", "job_load_adjustments": "NONE"}  # fmt: skip
        files = {
            **{f"-Ae {name}": f"hostname {name}\n{host}" for name in self.hosts},
            "-Ahgrp": f"group_name @allhosts\nhostlist {' '.join(self.hosts)}\n",
            "-Ap": _PARALLEL,
            "-Aq": _QUEUE.format(slots=self.slots),
            "-Msconf": "".join(
                f"{k} {quick.get(k, rest)}\n" for k, rest in (line.split(None, 1) for line in scheduler)
            ),
        }
        self.command("qconf", "-as", self.master)
        for name in self.hosts:
            self._try("qconf", "-ah", name)
        for option, text in files.items():
            path = self.spool / option.strip("-")
            path.write_text(text)
            self.command("qconf", option.split()[0], str(path))

    def queue_is_up(self, host: str) -> bool:
        result = subprocess.run(["qstat", "-f"], capture_output=True, text=True, env={**os.environ, **self.environment})
        rows = [line.split() for line in result.stdout.splitlines() if line.startswith(f"main.q@{host} ")]
        return bool(rows) and rows[0][3] != "-NA-" and len(rows[0]) == 5

    def _daemon(self, program: str, host: str) -> None:
        quiet = subprocess.DEVNULL
        environment = {**os.environ, **self.environment, "SGE_EXECD_PIDFILE": str(self.spool / f"execd.{host}.pid")}
        command = list(map(str, self.within(host, program)))
        subprocess.run(command, check=True, stdin=quiet, stdout=quiet, stderr=quiet, env=environment, timeout=60)

    def command(self, *argv: str) -> str:
        return call(argv, env={**os.environ, **self.environment})

    def _try(self, *argv: str) -> bool:
        return subprocess.run(argv, capture_output=True, env={**os.environ, **self.environment}).returncode == 0

    def pid(self, name: str) -> int:
        host = name.partition(".")[2] or self.hosts[0]
        path = "qmaster/qmaster.pid" if name == "qmaster" else f"execd.{host}.pid"
        return int((self.spool / path).read_text())

    def stop(self) -> None:
        self._try("qdel", "-f", "-u", "*")
        pids: list[int] = []
        for name in ("qmaster", *(f"execd.{host}" for host in self.hosts)):
            with contextlib.suppress(OSError):
                pid = self.pid(name)
                pids += [pid, *below(pid)]
        end(pids, polite=False)  # nothing of it is needed any more, and a qmaster takes its time
        end_jobs({"SGE_CELL": self.cell}, "JOB_ID")
        shutil.rmtree(ROOT / self.cell, ignore_errors=True)
        shutil.rmtree(self.spool, ignore_errors=True)


_BOOTSTRAP = """admin_user sgeadmin
default_domain none
ignore_fqdn true
spooling_method berkeleydb
spooling_lib libspoolb
spooling_params {spool}/spooldb
binary_path /usr/sbin
qmaster_spool_dir {spool}/qmaster
security_mode none
listener_threads 2
worker_threads 2
scheduler_threads 1
"""
_PARALLEL = """pe_name smp
slots 999
user_lists NONE
xuser_lists NONE
start_proc_args NONE
stop_proc_args NONE
allocation_rule $pe_slots
control_slaves FALSE
job_is_first_task TRUE
urgency_slots min
accounting_summary FALSE
qsort_args NONE
"""
_NONE = "load_thresholds suspend_thresholds ckpt_list prolog epilog starter_method suspend_method resume_method"
_NONE += (
    " terminate_method owner_list user_lists xuser_lists subordinate_list complex_values projects xprojects calendar"
)
_FREE = [f"{kind}_{what}" for what in ("rt", "cpu", "fsize", "data", "stack", "core", "rss", "vmem") for kind in "sh"]
_QUEUE = (
    "qname main.q\nhostlist @allhosts\nseq_no 0\nnsuspend 1\nsuspend_interval 00:05:00\npriority 0\n"
    "min_cpu_interval 00:05:00\nprocessors UNDEFINED\nqtype BATCH INTERACTIVE\npe_list smp\nrerun TRUE\nslots {slots}\n"
    "tmpdir /tmp\nshell /bin/sh\nshell_start_mode posix_compliant\nnotify 00:00:60\ninitial_state default\n"
    + "".join(f"{key} NONE\n" for key in _NONE.split())
    + "".join(f"{key} INFINITY\n" for key in _FREE)
)
