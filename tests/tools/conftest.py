"""A server to call and a command line to call it with, for the tests of the client tools."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from recording_server import RecordingServer

from libtlp.config import SAMPLE
from libtlp.ws_command import main


@dataclass
class Outcome:
    code: int
    stdout: bytes
    stderr: str


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    recording = RecordingServer()
    yield recording
    recording.shutdown()
    recording.server_close()


@pytest.fixture
def folder(tmp_path: Path, server: RecordingServer) -> Path:
    """A folder with a config.ini for that server."""
    config = SAMPLE.replace("http://my-tlp-server.com/api", server.url)
    (tmp_path / "config.ini").write_text(config, encoding="utf-8")
    return tmp_path


@pytest.fixture
def ws(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Outcome]:
    """Run ws-client.py with these arguments, in this process."""

    def run(*arguments: object) -> Outcome:
        code = main([str(argument) for argument in arguments], str(folder))
        captured = capfdbinary.readouterr()
        return Outcome(code, captured.out, captured.err.decode())

    return run
