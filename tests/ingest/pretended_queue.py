"""The commands of a Slurm that never runs anything, for the tests: real programs that answer as they are told.

What a real queue cannot be brought to do when a test wants it: to answer late, to refuse, to contradict itself.
"""

from __future__ import annotations

from pathlib import Path

_PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >>{folder}/asked
. {folder}/$(basename "$0").now
"""
_USUAL = {
    "sbatch": """
for word; do case $word in --job-name=*) name=${word#*=} ;; esac; done
echo "$name" >>{folder}/names
number=$(wc -l <{folder}/names)
echo "$number|$name|PENDING|Resources" >>{folder}/rows
echo $number
""",
    "squeue": "cat {folder}/rows\n",
    "scancel": "",
    "sacct": "exit 1\n",
    "sinfo": "echo 'main*|n1|0/8/0/8|(null)|gpu:0|'\n",
}
AWAY = "slurm_load_jobs error: Unable to contact slurm controller (connect failure)"


class PretendedQueue:
    """Programs in `bin`, which must come first in PATH; `rows` is what squeue prints."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin = folder, folder / "bin"
        self.bin.mkdir(parents=True)
        for name in _USUAL:
            (self.bin / name).write_text(_PROGRAM.format(folder=folder))
            (self.bin / name).chmod(0o755)
            self.usual(name)
        for name in ("asked", "names", "rows"):
            (folder / name).touch()

    def usual(self, *names: str) -> None:
        for name in names:
            self.does(name, _USUAL[name].replace("{folder}", str(self.folder)))

    def does(self, name: str, body: str) -> None:
        (self.folder / f"{name}.now").write_text(body)

    def is_away(self, *names: str, after: float = 0.0) -> None:
        """The controller does not answer these commands, which say so after some seconds."""
        for name in names:
            self.does(name, f"sleep {after}; echo '{name}: {AWAY}' >&2; exit 1\n")

    def shows(self, *rows: str) -> None:
        (self.folder / "rows").write_text("".join(f"{row}\n" for row in rows))

    def asked(self, name: str) -> list[str]:
        """The calls of a program so far."""
        lines = (self.folder / "asked").read_text().splitlines()
        return [line for line in lines if line.split(" ", 1)[0] == name]
