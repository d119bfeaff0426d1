"""`job.sh`: the script that every scheduler runs, so that a job starts once and its end leaves a trace. Pure text.

What it leaves in the job's folder, in this order; a kill at any moment stops between two of them:

    started/     made by mkdir, which only one can: a second start leaves at once
    out/         for what the program makes, where it is told to make it there (see `outputs`)
    pid          process id, start time (clock ticks since boot) and boot id of the script
    node         the name of the machine
    stdout, log  what the program writes to stdout and to stderr
    exit_code    written aside, then renamed as the script's last act; in a cluster the service is then told of it
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from ingest.scheduler import JobSpec

TOLD_S = 3  # from a SIGTERM that has ended the program to the note of it
GRACE_S = 10  # from the polite signal to the sure one, when the time limit is over
SHELL = "bash"

_SCRIPT = """\
#!/bin/bash
# Made by the Ingest Service. However often this is started, the program runs once.
cd {folder} || exit 72
mkdir started 2>/dev/null || {{ [ -d started ] && exit 0; exit 73; }}
mkdir -p out
IFS= read -r boot </proc/sys/kernel/random/boot_id
IFS= read -r stat </proc/$$/stat
set -- ${{stat##*) }}
echo "$$ ${{20}} $boot" >pid
node=${{SLURMD_NODENAME:-${{SGE_CELL:+$HOSTNAME}}}} # what the queue calls it
echo "${{node:-$(uname -n)}}" >node
ulimit -c 0
hash timeout env 2>/dev/null
# timeout leads a process group of its own: what the program leaves behind can be ended with it. Where this script is
# killed, the pipe ends, and a guard ends the group: not every queue kills more than the script. It ends the process
# first, which may not have made its group yet. A machine that lacks what this needs runs the job without it.
if hash setsid 2>/dev/null && mkfifo guard 2>/dev/null; then
    exec 9<>guard 8<guard 9>guard # both its ends, and nobody to wait for: a guard that waited would outlive this script
    rm -f guard
    setsid --fork bash -c 'cd /; read -r job; read -r over || kill -KILL "$job" "-$job"' <&8 8<&- 9>&- >/dev/null 2>&1
    exec 8<&-
else
    exec 9>/dev/null
fi
{{ echo $BASHPID >&9; exec {run} </dev/null >>stdout 2>>log 9>&-; }} &
wait $!
# Whoever ends a program by SIGTERM may be about to end this script too, as a queue or a machine that stops: then it is
# lost, and has not failed.
code=$?; [ $code -ne 143 ] || sleep {told}
kill -KILL -- -$! 2>/dev/null
if [ $code -eq 124 -o $code -eq 137 ] && [ $SECONDS -ge {limit} ]; then
    echo 'stopped: it ran longer than its time limit of {limit} s' >>log
    code=124
fi
echo over >&9
echo $code >exit_code.new && {leave}
"""

_LEAVE = "exec mv -f exit_code.new exit_code"
# The exit code is there: whatever becomes of these lines, the next look at the jobs finds it.
_LEAVE_AND_TELL = """\
mv -f exit_code.new exit_code || exit 75
{{ echo >{ended}; }} 2>/dev/null
{notify}exit 0"""
NOTIFY_S = 5  # so long a command may try to tell of the end


def text(spec: JobSpec) -> str:
    """The script of a job. Raises ValueError for what no program can be given (a NUL, a bad variable name)."""
    return _SCRIPT.format(
        folder=_quoted(str(spec.folder)), limit=spec.time_limit_s, run=_run(spec), told=TOLD_S, leave=_leave(spec)
    )


def _leave(spec: JobSpec) -> str:
    if spec.tell is None:
        return _LEAVE
    words = " ".join(map(_quoted, spec.notify))
    limit = f'"${{BASH_CMDS[timeout]:-timeout}}" --kill-after=1 {NOTIFY_S}'
    notify = f"{limit} {words} </dev/null >/dev/null 2>&1\n" if words else ""
    return _LEAVE_AND_TELL.format(ended=_quoted(str(spec.tell)), notify=notify)


def array(folders: Sequence[Path]) -> str:
    """The script of an array: task N, counted from 1, is the job of the Nth folder."""
    cases = "".join(f"{n}) exec {SHELL} {_quoted(str(folder / 'job.sh'))} ;;\n" for n, folder in enumerate(folders, 1))
    return f'#!/bin/bash\ncase "${{SLURM_ARRAY_TASK_ID:-${{SGE_TASK_ID:-}}}}" in\n{cases}esac\nexit 74\n'


def _run(spec: JobSpec) -> str:
    variables = {"TLP_CPUS": str(spec.cpus), "TLP_PROGRESS": str(spec.folder / "progress"), **spec.environment}
    if not spec.command or spec.time_limit_s <= 0:
        raise ValueError(f"job {spec.name}: it needs a command and a time limit")
    for name in variables:
        if not name or "=" in name:
            raise ValueError(f"job {spec.name}: '{name}' is no name of an environment variable")
    given = " ".join(_quoted(f"{name}={value}") for name, value in variables.items())
    # The hash has the full path: PATH may be one of the variables, and it is for the program alone.
    # env sets what a shell would refuse or change (UID, RANDOM, names with dots).
    limit = f'"${{BASH_CMDS[timeout]:-timeout}}" --kill-after={GRACE_S} {spec.time_limit_s}'
    return f'"${{BASH_CMDS[env]:-env}}" {given} {limit} ' + " ".join(map(_quoted, spec.command))


def _quoted(word: str) -> str:
    if "\0" in word:
        raise ValueError(f"a NUL cannot be passed to a program: {word!r}")
    return shlex.quote(word)
