"""Programs that the scheduler runs for a step: files in, files out. They never touch the database."""

from __future__ import annotations

import resource

MEMORY = 8 << 30  # bytes of address space, for ffmpeg at 8192 x 8192 with room to spare


def limit_memory() -> None:
    """A limit for this process and those it starts, so that a made-up media file cannot use up the machine."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard), hard))
