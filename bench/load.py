"""Asks a server the same things as fast as it answers, over connections that are kept. wrk where it is installed."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from installer.report import InstallError

CONNECTIONS = 8
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True)
class Load:
    """What a server did under load."""

    rate: float  # answers a second
    p99_ms: float


def run(url: str, seconds: float, bodies: Sequence[dict[str, object]] = ()) -> Load:
    """GET the URL, or POST the bodies to it in turn. Raises InstallError when an answer is not 200."""
    return (_wrk if shutil.which("wrk") else _threads)(url, seconds, [json.dumps(body) for body in bodies])


def name() -> str:
    """What makes the load."""
    return "wrk" if shutil.which("wrk") else "threads of Python"


def _wrk(url: str, seconds: float, bodies: list[str]) -> Load:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--latency", "--timeout", "30s"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if bodies:
            listed = ",".join(f"[==[{body}]==]" for body in bodies)
            script.write(f"local bodies, n = {{{listed}}}, 0\n")
            script.write('local headers = {["Content-Type"] = "application/json"}\n')
            script.write("request = function() n = n % #bodies + 1; ")
            script.write('return wrk.format("POST", nil, headers, bodies[n]) end\n')
            script.flush()
            command += ["-s", script.name]
        done = subprocess.run([*command, url], capture_output=True, text=True)
    return read_wrk(done.stdout + done.stderr)


def read_wrk(output: str) -> Load:
    """The figures in what wrk prints. Raises InstallError when it tells of errors."""
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s|m)\b", output)
    if not rate or not p99 or "Non-2xx" in output or "Socket errors" in output:
        raise InstallError(f"the load on the server failed: {output.strip()[-300:]}")
    return Load(float(rate[1]), float(p99[1]) * _UNITS[p99[2]])


def _threads(url: str, seconds: float, bodies: list[str]) -> Load:
    times: list[float] = []
    threads = [
        threading.Thread(target=_client, args=(url, seconds, bodies[n::CONNECTIONS], times)) for n in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not times:
        raise InstallError(f"{url} does not answer with 200")
    return Load(len(times) / seconds, 1000 * sorted(times)[len(times) * 99 // 100])


def _client(url: str, seconds: float, bodies: list[str], times: list[float]) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    path, number = f"{parts.path}?{parts.query}", 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        body = bodies[number % len(bodies)] if bodies else None
        began = time.perf_counter()
        headers = {"Content-Type": "application/json"} if body else {}
        connection.request("POST" if body else "GET", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            return
        times.append(time.perf_counter() - began)
        number += 1
    connection.close()
