"""The application under gunicorn with its settings file, for tests that need real sockets or its memory."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests

from installer import postgres

ROOT = Path(__file__).resolve().parents[2]


class Server:
    """A gunicorn with one worker, so that its memory can be told."""

    def __init__(self, config: Path, folder: Path) -> None:
        self.port = postgres.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {**os.environ, "TLP_CONFIG": str(config), "TLP_WEB_WORKERS": "1"}
        command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "web-service" / "gunicorn.conf.py")]
        self.log = (folder / "gunicorn.log").open("w")
        self.process = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{self.port}"], env=environment, stdout=self.log, stderr=self.log
        )

    def wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                requests.get(f"{self.url}/health/live", timeout=30)
                return
            except requests.ConnectionError:
                assert time.monotonic() < deadline and self.process.poll() is None, "gunicorn did not start"
                time.sleep(0.05)

    def peak_memory(self) -> int:
        """The most memory that the worker has ever had, bytes."""
        return self._memory("VmHWM")

    def memory(self) -> int:
        """The memory that the worker has, bytes."""
        return self._memory("VmRSS")

    def _memory(self, kind: str) -> int:
        (worker,) = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        found = re.search(rf"{kind}:\s+(\d+) kB", Path(f"/proc/{worker}/status").read_text())
        assert found
        return int(found[1]) * 1024

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.log.close()
