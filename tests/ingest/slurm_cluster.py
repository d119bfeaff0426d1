"""A real Slurm on the loopback of this machine, for the tests: all nodes are this machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from daemons import call, end, end_jobs, free_ports, knowing, lacking, running, wait_for

# What it takes for graphics processors where it is to have some, three a node.
DEVICES = ("/dev/null", "/dev/zero", "/dev/full")
GPU = "one_with_a_rather_long_name"


class Slurm:
    """A cluster of `nodes` nodes, all on this machine."""

    def __init__(self, folder: Path, nodes: int = 1, cpus: int = 32, graphics: bool = False) -> None:
        self.folder, self.nodes, self.cpus, self.graphics = folder, nodes, cpus, graphics
        self.preempts = False  # whether jobs of the partition `urgent` take the nodes from those of `main`
        self.patience = 10  # seconds until a node that does not answer is given up
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf")}

    @staticmethod
    def lacking() -> str | None:
        """Why one cannot be started here; None when it can."""
        return lacking("slurmctld", "slurmd", "sbatch", "squeue", "munged")

    def start(self) -> None:
        for name in ("state", "spool", "log", "run"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self._start_munge()
        self._configure()
        self.start_controller()
        for number in range(1, self.nodes + 1):
            self.start_node(number)
        wait_for(lambda: self.idle() == self.nodes, "idle nodes of Slurm", 120)

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
{"GresTypes=gpu" if self.graphics else ""}
{"PreemptType=preempt/partition_prio" if self.preempts else ""}
{"PreemptMode=CANCEL" if self.preempts else ""}
""".splitlines()
        for number, port in enumerate(ports, 1):
            address = f"NodeHostname={host} NodeAddr=127.0.0.1 Port={port}"
            graphics = f"Gres=gpu:{GPU}:{len(DEVICES)}" if self.graphics else ""
            lines.append(f"NodeName=node{number} {address} CPUs={self.cpus} RealMemory=64000 {graphics} State=UNKNOWN")
        lines.append(f"PartitionName=main Nodes=node[1-{self.nodes}] Default=YES MaxTime=INFINITE State=UP")
        if self.preempts:
            lines.append(f"PartitionName=urgent Nodes=node[1-{self.nodes}] PriorityTier=9 PreemptMode=OFF State=UP")
        (d / "slurm.conf").write_text("\n".join(lines) + "\n")
        nodes = f"node[1-{self.nodes}]"
        gpus = [f"NodeName={nodes} Name=gpu Type={GPU} File={device}\n" for device in DEVICES if self.graphics]
        (d / "gres.conf").write_text("".join(gpus))

    def _daemon(self, *argv: str) -> None:
        quiet = subprocess.DEVNULL
        environment = {**os.environ, **self.environment}
        subprocess.run(argv, check=True, stdin=quiet, stdout=quiet, stderr=quiet, env=environment, timeout=60)

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

    def jobs(self) -> list[int]:
        """The processes of all jobs, on every node, also where the daemons that started them are dead."""
        return knowing(self.environment, "SLURM_JOB_ID")

    def stop(self) -> None:
        """End the daemons and all jobs. Fails where something is left."""
        environment = {**os.environ, **self.environment}
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(["scancel", "--full", "--user=root"], env=environment, capture_output=True, timeout=12)
        with contextlib.suppress(AssertionError):
            wait_for(lambda: not self.jobs(), "the end of the jobs", 3)
        pids = [int(path.read_text()) for path in (self.folder / "run").glob("*.pid")]
        end([*pids, *self._steps()])
        end_jobs(self.environment, "SLURM_JOB_ID")

    def _steps(self) -> list[int]:
        """The daemons of jobs outlive those of nodes."""
        return [pid for pid in knowing(self.environment) if _name(pid) == "slurmstepd"]


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
