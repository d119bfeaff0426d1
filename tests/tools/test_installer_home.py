"""The folder of an instance, its two configuration files, and the processes it keeps."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from installer import home, postgres, postgres_binaries, processes, services, settings
from installer.home import Home
from installer.postgres import Cluster
from installer.report import InstallError, Report
from libtlp import config as client_config
from tlp import config

SLEEPER = (sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(60)")


@pytest.fixture
def place(tmp_path: Path) -> Home:
    made = Home(tmp_path / "x")
    home.make(made, Report())
    return made


@pytest.fixture
def cluster(place: Home) -> Cluster:
    return Cluster(place.pg, place.pg, Path("/usr/bin"), place.pg, 23456, "secret", None, {})


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_can_read_anything_in_the_folder(place: Home):
    passable = postgres_binaries.account() is not None
    assert mode(place.path) == (0o711 if passable else 0o700)
    assert all(mode(folder) == 0o700 for folder in (place.log, place.run, place.sample, *place.mounts.values()))


def test_a_second_time_the_folder_is_said_to_be_fine(place: Home, capsys: pytest.CaptureFixture[str]):
    report = Report()
    home.make(place, report)
    assert report.changed == 0
    assert capsys.readouterr().out.startswith("ok")


def test_a_folder_with_other_things_in_it_is_refused_and_left_as_it_is(tmp_path: Path):
    (tmp_path / "letters.txt").write_text("mine")
    tmp_path.chmod(0o755)
    with pytest.raises(InstallError, match="not empty"):
        home.make(Home(tmp_path), Report())
    assert mode(tmp_path) == 0o755
    assert [p.name for p in tmp_path.iterdir()] == ["letters.txt"]


def test_two_installers_do_not_work_in_one_folder_at_a_time(place: Home):
    with home.alone(place), pytest.raises(InstallError, match="another"), home.alone(place):
        pass
    with home.alone(place):
        pass


def test_both_files_are_private_and_read_by_the_programs_they_are_for(place: Home, cluster: Cluster):
    assert settings.write_config(place, cluster) is True
    assert settings.write_client(place, 8099) is True
    assert mode(place.config) == mode(place.client) == 0o600
    storage = config.load(place.config).storage
    assert (storage.db_host, storage.db_port, len(storage.db_passwd)) == ("127.0.0.1", 23456, 32)
    client = client_config.read_config(place.client)
    assert client.web_service_url == "http://127.0.0.1:8099/api"
    assert len(client.secret_key) >= 32


def test_writing_them_again_changes_neither_keys_nor_what_a_person_added(place: Home, cluster: Cluster):
    settings.write_config(place, cluster)
    settings.write_client(place, 8099)
    own = place.config.read_text() + "[scheduler]\n# one at a time\nslots = 1\n"
    place.config.write_text(own)
    assert settings.write_config(place, cluster) is False
    assert settings.write_client(place, 8099) is False
    assert place.config.read_text() == own


def test_a_new_port_keeps_the_secret_key_and_the_comments(place: Home, cluster: Cluster):
    settings.write_client(place, 8099)
    before = place.client.read_text()
    assert settings.write_client(place, 8100) is True
    assert settings.recorded_port(place) == 8100
    assert place.client.read_text() == before.replace(":8099/", ":8100/")


def test_a_started_process_is_known_by_its_file_until_it_is_stopped(tmp_path: Path):
    pid_file, log = tmp_path / "sleeper.pid", tmp_path / "sleeper.log"
    pid = processes.start(SLEEPER, pid_file, log)
    assert processes.running(pid_file) == pid
    assert processes.wait_until(lambda: "awake" in processes.tail(log), 30)
    assert processes.stop(pid_file) is True
    assert not pid_file.exists()
    assert processes.stop(pid_file) is False


def test_a_zombie_does_not_count_as_running(tmp_path: Path):
    zombie = subprocess.Popen(["true"])
    began = processes.start_time(zombie.pid)
    (tmp_path / "pid").write_text(f"{zombie.pid} {began or 0}")
    assert processes.wait_until(lambda: Path(f"/proc/{zombie.pid}/stat").read_text().split()[2] == "Z", 30)
    os.kill(zombie.pid, 0)  # it can still be signalled
    assert processes.running(tmp_path / "pid") is None
    zombie.wait()


def test_an_id_that_was_used_again_is_not_ours_and_is_not_killed(tmp_path: Path):
    stranger = subprocess.Popen(["sleep", "30"])
    (tmp_path / "pid").write_text(f"{stranger.pid} 1\n")
    assert processes.stop(tmp_path / "pid", 1) is False
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_process_that_does_not_listen_is_killed_in_the_end(tmp_path: Path):
    ignore = f"import signal; signal.signal({int(signal.SIGTERM)}, signal.SIG_IGN)"
    deaf = f"import time; {ignore}; print(1, flush=True); time.sleep(60)"
    log = tmp_path / "log"
    processes.start((sys.executable, "-c", deaf), tmp_path / "pid", log)
    assert processes.wait_until(lambda: "1" in processes.tail(log), 30)
    begin = time.monotonic()
    assert processes.stop(tmp_path / "pid", patience=0.3) is True
    assert time.monotonic() - begin < 20


def test_a_port_in_use_is_said_with_what_to_do():
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        with pytest.raises(InstallError, match="in use") as told:
            services.check_port(stranger.getsockname()[1], patience=0)
    assert "--port" in told.value.remedy


def test_a_web_service_that_cannot_start_is_told_with_the_end_of_its_log(place: Home):
    with pytest.raises(InstallError, match="has ended") as told:
        services.start_web(place, postgres.free_port())  # there is no config.ini yet
    assert "config" in str(told.value)
    assert str(place.log / "web.log") in told.value.remedy
    assert services.web(place, 0).running() is None


def test_a_service_is_outdated_when_its_configuration_or_program_changed_after_its_start(place: Home, tmp_path: Path):
    program = tmp_path / "program"
    program.mkdir()
    (program / "main.py").write_text("")
    place.config.write_text("[general]\n")
    service = services.Service("sleeper", "the sleeper", SLEEPER, place, (program,))
    service.start()
    try:
        assert not service.outdated()
        later = time.time() + 5
        os.utime(place.config, (later, later))
        assert service.outdated()
        os.utime(place.config, (0, 0))
        os.utime(program / "main.py", (later, later))
        assert service.outdated()
    finally:
        service.stop()
