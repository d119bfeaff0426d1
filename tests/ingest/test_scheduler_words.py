"""What a site reads when its cluster refuses something: the cause, and not what was said before or after it."""

from __future__ import annotations

import os
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import clusters
import pytest
from disks import fill, small_disk
from pretended_queue import PretendedQueue
from ssh_server import SshServer
from world import World, tick_until

from ingest.context import PROGRAMS
from ingest.scheduler import JobSpec
from ingest.scheduler.chosen import create
from ingest.scheduler.cluster import Cluster
from ingest.scheduler.slurm import Slurm
from ingest.scheduler.staging import Staged
from ingest.scheduler.transport import Answer
from ingest.tick import tick
from ingest.waiting import says_no_room
from tlp import config
from tlp.errors import ConfigError, SchedulerError

Make = Callable[..., JobSpec]
NO_ACCOUNT = "Batch job submission failed: Invalid account or account/partition combination specified"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (  # of a Slurm with plugins in Lua, as they are
            "sbatch: lua: cli_filter: using project default\n"
            "sbatch: error: Welcome to the Hydra cluster. Your project has 1203 core hours left.\n"
            "sbatch: error: invalid partition specified: nope\n"
            "sbatch: error: Batch job submission failed: Invalid partition name specified\n",
            "invalid partition specified: nope; Batch job submission failed: Invalid partition name specified",
        ),
        ("bash: warning: setlocale: LC_ALL: cannot change locale (C)\nmkdir: /s: denied\n", "mkdir: /s: denied"),
        (
            'Unable to run job: Job was rejected because job requests unknown queue "nope".\nExiting.\n',
            'Unable to run job: Job was rejected because job requests unknown queue "nope".',
        ),
        ("Traceback (most recent call last):\n  File\nPermissionError: /x\n", "PermissionError: /x"),
        ("", "exit code 1"),
    ],
)  # fmt: skip
def test_the_words_of_a_refusal_are_its_cause_and_not_the_greeting_before_it(said: str, words: str) -> None:
    assert Answer(1, "", said).words == words
    assert Answer(1, said, "").words == words


def test_a_refused_job_is_told_with_the_cause(cluster: Cluster, queue: PretendedQueue, spec: Make) -> None:
    queue.does("sbatch", f"echo 'sbatch: lua: hello' >&2; echo 'sbatch: error: {NO_ACCOUNT}' >&2; exit 1\n")
    with pytest.raises(SchedulerError, match=f"^sbatch: {NO_ACCOUNT}$"):
        cluster.submit(spec("true"))


def test_a_queue_whose_commands_are_not_on_the_path_of_the_service_is_told_with_that_path(
    cluster: Cluster, spec: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")  # as a crontab and a unit have another one than a login shell
    with pytest.raises(SchedulerError, match=r"'sbatch' is not there \(PATH of the service: /nowhere\)"):
        cluster.submit(spec("true"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not read a file")
@pytest.mark.parametrize("mode", ["folder", "file"])
def test_a_key_that_the_service_may_not_read_is_told_with_its_name(tmp_path: Path, mode: str) -> None:
    key = tmp_path / "keys" / "id"
    key.parent.mkdir()
    key.touch(0o600)
    key.parent.chmod(0o700 if mode == "folder" else 0o755)
    for folder in key.parent.parents:
        if not folder.stat().st_mode & 1:
            folder.chmod(0o711)
    path = tmp_path / "config.ini"
    keys = f"ssh_host = login\nssh_user = tlp\nssh_key = {key}\nssh_known_hosts = {key}"
    path.write_text(f"[scheduler]\nkind = slurm\n{keys}\n")
    found = config.load(path)
    os.seteuid(65534)
    try:
        with pytest.raises(ConfigError, match=rf"ssh_key = {key}: Permission denied"):
            create(found, {})
    finally:
        os.seteuid(0)


def test_a_stage_whose_disk_is_full_is_told_so_and_nothing_half_stays_there(
    tmp_path: Path, queue: PretendedQueue, spec: Make
) -> None:
    stage, uploads = tmp_path / "stage", tmp_path / "uploads"
    stage.mkdir()
    large = uploads / "up-1" / "work" / "audio.wav"
    large.parent.mkdir(parents=True)
    large.write_bytes(os.urandom(3_000_000))
    job = JobSpec(uploads / "up-1" / "jobs" / "x.1", "TLP-x", ["cat", str(large)], {}, 1, 100, 60)
    with small_disk(stage), clusters.started(SshServer(tmp_path / "sshd")) as server:
        client = server.client()
        filler = fill(stage, leave=1_000_000)
        folders = Staged(client, str(stage), uploads, tmp_path / "media")
        with pytest.raises(SchedulerError, match="No space left on device") as refused:
            Cluster(Slurm(), client, {}, most=50, grace_s=1, folders=folders).submit(job)
        assert says_no_room(str(refused.value)), "so that it is waited for without a limit"
        assert [path.name for path in stage.rglob("*") if path.is_file()] == [filler.name]
        client.close()


class _Closed(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.sendall(b"Not allowed at this time\r\n")


_ASK = """
import sys
from pathlib import Path
from ingest.scheduler.ssh import Ssh, Target
from tlp import log
from tlp.errors import SchedulerError
log.start("info")
folder = Path(sys.argv[2])
client = Ssh(Target("127.0.0.1", int(sys.argv[1]), "tlp", folder / "id", folder / "known_hosts"))
for _ in range(2):
    try:
        client.run(["true"])
    except SchedulerError as error:
        print(error)
"""


def test_a_login_machine_that_turns_us_away_is_told_in_one_line_and_the_next_time_in_the_same_words(
    tmp_path: Path,
) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "id")], check=True)
    (tmp_path / "known_hosts").touch()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Closed) as closed:
        threading.Thread(target=closed.serve_forever, daemon=True).start()
        port = closed.server_address[1]
        asked = subprocess.run(
            [sys.executable, "-c", _ASK, str(port), str(tmp_path)], capture_output=True, text=True, timeout=60,
            env={**os.environ, "PYTHONPATH": str(PROGRAMS)},
        )  # fmt: skip
        closed.shutdown()
    assert asked.stdout.splitlines() == 2 * ["tlp@127.0.0.1: Error reading SSH protocol banner"]
    assert asked.stderr == "", "Paramiko would log a trace of twenty lines at each try"


def test_a_queue_that_is_away_for_a_night_is_one_line_of_the_log(
    tmp_path: Path, clean_db: dict[str, Any], queue: PretendedQueue, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(tmp_path / "world", clean_db, scheduler={"kind": "slurm"})
    upload = world.upload("lecture", test_mode=True)
    world.rows("UPDATE uploads SET state = 'transcribing', due_at = 'infinity'")
    world.rows("INSERT INTO jobs (upload_id, step, name, kind, command, state, scheduler_id, submitted_at) "
               "VALUES (%(u)s, 'transcribing', 'en', 'asr', '[]', 'submitted', '1', now())", u=upload)  # fmt: skip
    with world.service() as (ctx, db):
        for number, away in enumerate((True, False, True), 1):
            queue.is_away("squeue") if away else queue.usual("squeue")
            tick_until(ctx, db, lambda number=number: len(said(caplog)) == number)
            for _ in range(5):
                tick(ctx, db)
    told = "how jobs have ended is not known, they are looked at again and again"
    assert said(caplog) == [told, "how jobs have ended is known again", told]


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line.partition(": squeue")[0] for line in caplog.messages if "how jobs have ended" in line]
