"""Real job management systems on the loopback of this machine, for the tests: Slurm and Grid Engine, started as root.

Each has folders, ports and names of its own, so that none is in the way of another, or of one that runs already.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

SLURM_PROGRAMS = ("slurmctld", "slurmd", "sbatch", "squeue", "munged")
GRIDENGINE_PROGRAMS = ("qsub", "qstat", "qconf")
GRIDENGINE = Path("/var/lib/gridengine")


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def lacking(programs: Sequence[str]) -> str | None:
    """Why a cluster cannot be started here; None when it can."""
    missing = [program for program in programs if not shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")]
    if missing:
        return f"{', '.join(missing)} are not installed: ./install.sh tests does it"
    return None if os.geteuid() == 0 else "the daemons of a cluster need root"


def call(argv: Sequence[str | Path], **more: object) -> str:
    result = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=60, **more)
    assert result.returncode == 0, f"{argv}: {result.stdout}{result.stderr}"
    return result.stdout


def wait_for(true: object, what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what} not within {seconds} s"
        time.sleep(0.1)


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def end(pids: Sequence[int]) -> None:
    for number, patience in ((signal.SIGTERM, 8.0), (signal.SIGKILL, 5.0)):
        for pid in filter(running, pids):
            os.kill(pid, number)
        with contextlib.suppress(AssertionError):
            wait_for(lambda: not any(map(running, pids)), "the daemons' end", patience)


class Slurm:
    """A cluster of `nodes` nodes, all on this machine."""

    def __init__(self, folder: Path, nodes: int = 1, cpus: int = 32, more: str = "") -> None:
        self.folder, self.nodes, self.cpus, self.more = folder, nodes, cpus, more
        self.patience = 10  # seconds until a node that does not answer is given up
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf")}

    def start(self) -> None:
        for name in ("state", "spool", "log", "run"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self._start_munge()
        self._configure()
        self.start_controller()
        for number in range(1, self.nodes + 1):
            self.start_node(number)
        wait_for(lambda: self.idle() == self.nodes, "idle nodes of Slurm", 60)

    def _start_munge(self) -> None:
        if subprocess.run(["munge", "-n"], capture_output=True).returncode == 0:
            return
        call(["install", "-d", "-o", "munge", "-g", "munge", "-m", "0755", "/run/munge"])
        if not Path("/etc/munge/munge.key").exists():
            call(["mungekey", "--create"])
            shutil.chown("/etc/munge/munge.key", "munge", "munge")
        daemon = ["setpriv", "--reuid=munge", "--regid=munge", "--clear-groups", "/usr/sbin/munged"]
        subprocess.run(
            daemon, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )

    def _configure(self) -> None:
        control, *ports = free_ports(1 + self.nodes)
        host = socket.gethostname().split(".")[0]
        d = self.folder
        lines = f"""ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={control}
AuthType=auth/munge
SlurmUser=root
StateSaveLocation={d}/state
SlurmdSpoolDir={d}/spool/%n
SlurmctldPidFile={d}/run/slurmctld.pid
SlurmdPidFile={d}/run/slurmd.%n.pid
SlurmctldLogFile={d}/log/slurmctld.log
SlurmdLogFile={d}/log/slurmd.%n.log
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=2
ReturnToService=2
SlurmdTimeout={self.patience}
KillWait=2
MinJobAge=300
SlurmdParameters=config_overrides
{self.more}
""".splitlines()
        for number, port in enumerate(ports, 1):
            address = f"NodeHostname={host} NodeAddr=127.0.0.1 Port={port}"
            lines.append(f"NodeName=node{number} {address} CPUs={self.cpus} RealMemory=64000 State=UNKNOWN")
        lines.append(f"PartitionName=main Nodes=node[1-{self.nodes}] Default=YES MaxTime=INFINITE State=UP")
        (d / "slurm.conf").write_text("\n".join(lines) + "\n")

    def _daemon(self, *argv: str) -> None:
        quiet = subprocess.DEVNULL
        environment = {**os.environ, **self.environment}
        subprocess.run(argv, check=True, stdin=quiet, stdout=quiet, stderr=quiet, env=environment, timeout=30)

    def start_controller(self) -> None:
        self._daemon("/usr/sbin/slurmctld", "-f", self.environment["SLURM_CONF"])

    def start_node(self, number: int) -> None:
        (self.folder / "spool" / f"node{number}").mkdir(exist_ok=True)
        self._daemon("/usr/sbin/slurmd", "-f", self.environment["SLURM_CONF"], "-N", f"node{number}")

    def command(self, *argv: str) -> str:
        return call(argv, env={**os.environ, **self.environment})

    def idle(self) -> int:
        result = subprocess.run(
            ["sinfo", "-h", "-N", "-t", "idle", "-o", "%N"], capture_output=True, text=True,
            env={**os.environ, **self.environment},
        )  # fmt: skip
        return len(set(result.stdout.split()))

    def pid(self, name: str) -> int:
        return int((self.folder / "run" / f"{name}.pid").read_text())

    def kill(self, name: str) -> None:
        """SIGKILL for a daemon, `slurmctld` or `slurmd.node1`."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not running(pid), f"the end of {name}")

    def stop(self) -> None:
        environment = {**os.environ, **self.environment}
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(["scancel", "--full", "--user=root"], env=environment, capture_output=True, timeout=12)
        time.sleep(0.5)
        pids = [int(path.read_text()) for path in (self.folder / "run").glob("*.pid")]
        end([*pids, *self._steps()])

    def _steps(self) -> list[int]:
        """The daemons of jobs outlive those of nodes."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if "slurmstepd" in (folder / "comm").read_text() and str(self.folder) in (
                    folder / "environ"
                ).read_bytes().decode(errors="replace"):
                    found.append(int(folder.name))
        return found


class GridEngine:
    """A cell of its own with one queue, main.q, on this machine."""

    def __init__(self, cell: str, slots: int = 32, flush_s: int = 0) -> None:
        self.cell, self.slots, self.flush_s = cell, slots, flush_s
        self.spool = Path(f"/var/spool/gridengine-{cell}")
        master, execution = free_ports(2)
        self.environment = {
            "SGE_ROOT": str(GRIDENGINE), "SGE_CELL": cell, "SGE_QMASTER_PORT": str(master),
            "SGE_EXECD_PORT": str(execution), "SGE_EXECD_PIDFILE": str(self.spool / "execd.pid"),
            # the programs themselves: /usr/bin has a slow wrapper of each
            "PATH": f"/usr/lib/gridengine:{os.environ['PATH']}:/usr/sbin",
        }  # fmt: skip

    def start(self) -> None:
        common = GRIDENGINE / self.cell / "common"
        for folder in (common, *(self.spool / name for name in ("qmaster", "execd", "spooldb"))):
            folder.mkdir(parents=True, exist_ok=True)
        (common / "bootstrap").write_text(_BOOTSTRAP.format(spool=self.spool))
        (common / "act_qmaster").write_text("localhost\n")
        (common / "host_aliases").write_text(f"localhost {socket.gethostname().split('.')[0]}\n")
        for folder in (GRIDENGINE / self.cell, self.spool):
            call(["chown", "-R", "sgeadmin:", folder])
        self._fill_spool()
        self.start_master()
        self._make_queue()
        self.start_node()

    def start_master(self) -> None:
        self._daemon("/usr/sbin/sge_qmaster")
        wait_for(lambda: self._try("qconf", "-sconf"), "the qmaster")

    def start_node(self) -> None:
        self._daemon("/usr/sbin/sge_execd")
        wait_for(self._queue_is_up, "the queue", 60)

    def kill(self, name: str) -> None:
        """SIGKILL for a daemon and what it runs: `qmaster` or `execd`."""
        pid = self.pid(name)
        for one in [pid, *_below(pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        wait_for(lambda: not running(pid), f"the end of {name}")

    def _fill_spool(self) -> None:
        default = Path("/usr/share/gridengine/default-configuration").read_text()
        changed = {
            "execd_spool_dir": str(self.spool / "execd"), "min_uid": "0", "min_gid": "0", "gid_range": "65400-65500",
            "load_report_time": "00:00:02", "max_unheard": "00:00:20", "reschedule_unknown": "00:00:05",
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
        arch = call([GRIDENGINE / "util" / "arch"]).strip()
        as_admin.append(f"SGE_ARCH={arch}")
        call([*as_admin, "/usr/lib/gridengine/spoolinit", "berkeleydb", "libspoolb", self.spool / "spooldb", "init"])
        for what in (
            ["configuration", self.spool / "global"], ["complexes", resources / "centry"],
            ["usersets", resources / "usersets"], ["managers", "sgeadmin"], ["managers", "root"], ["operators", "root"],
        ):  # fmt: skip
            call([*as_admin, "/usr/lib/gridengine/spooldefaults", *what])

    def _make_queue(self) -> None:
        none = ("load_scaling", "complex_values", "user_lists", "xuser_lists", "projects", "xprojects", "usage_scaling")
        host = "hostname localhost\n" + "".join(f"{key} NONE\n" for key in (*none, "report_variables"))
        scheduler = self.command("qconf", "-ssconf").splitlines()
        quick = {"schedule_interval": "0:0:1", "flush_submit_sec": "1", "flush_finish_sec": "1",
                 "load_adjustment_decay_time": "0:0:0", "job_load_adjustments": "NONE"}  # fmt: skip
        files = {
            "-Ae": host,
            "-Ahgrp": "group_name @allhosts\nhostlist localhost\n",
            "-Ap": _PARALLEL,
            "-Aq": _QUEUE.format(slots=self.slots),
            "-Msconf": "".join(
                f"{k} {quick.get(k, rest)}\n" for k, rest in (line.split(None, 1) for line in scheduler)
            ),
        }
        self.command("qconf", "-as", "localhost")
        self._try("qconf", "-ah", "localhost")
        for option, text in files.items():
            path = self.spool / option.strip("-")
            path.write_text(text)
            self.command("qconf", option, str(path))

    def _queue_is_up(self) -> bool:
        result = subprocess.run(["qstat", "-f"], capture_output=True, text=True, env={**os.environ, **self.environment})
        rows = [line.split() for line in result.stdout.splitlines() if line.startswith("main.q@")]
        return bool(rows) and rows[0][3] != "-NA-" and len(rows[0]) == 5

    def _daemon(self, program: str) -> None:
        quiet = subprocess.DEVNULL
        environment = {**os.environ, **self.environment}
        subprocess.run([program], check=True, stdin=quiet, stdout=quiet, stderr=quiet, env=environment, timeout=60)

    def command(self, *argv: str) -> str:
        return call(argv, env={**os.environ, **self.environment})

    def _try(self, *argv: str) -> bool:
        return subprocess.run(argv, capture_output=True, env={**os.environ, **self.environment}).returncode == 0

    def pid(self, name: str) -> int:
        return int((self.spool / {"qmaster": "qmaster/qmaster.pid", "execd": "execd.pid"}[name]).read_text())

    def stop(self) -> None:
        self._try("qdel", "-f", "-u", "*")
        pids = []
        with contextlib.suppress(OSError):
            execution = self.pid("execd")
            pids = [execution, *_below(execution)]
        with contextlib.suppress(OSError):
            pids.append(self.pid("qmaster"))
        end(pids)
        shutil.rmtree(GRIDENGINE / self.cell, ignore_errors=True)
        shutil.rmtree(self.spool, ignore_errors=True)


def _below(pid: int) -> list[int]:
    children = call(["ps", "-e", "-o", "pid=,ppid="]).split()
    parents = dict(zip(map(int, children[::2]), map(int, children[1::2]), strict=True))
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one and child not in found]
    return found[1:]


@contextlib.contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Set variables for a while: the programs of a cluster learn from them which one is meant."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


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
