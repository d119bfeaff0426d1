"""Real job management systems on the loopback of this machine, for the tests: Slurm and Grid Engine, started as root.

Each has folders, ports and names of its own, so that none is in the way of another, or of one that runs already.
"""

from __future__ import annotations

from daemons import call, end, environment, free_ports, lacking, started, wait_for
from gridengine_cluster import GridEngine
from gridengine_hosts import GridEngineHosts
from slurm_cluster import Slurm

__all__ = [
    "GridEngine", "GridEngineHosts", "Slurm", "call", "end", "environment", "free_ports", "lacking", "started",
    "wait_for",
]  # fmt: skip
