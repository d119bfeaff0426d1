"""The service under Apache and mod_wsgi as the manual installs it, with the example of its configuration."""

from __future__ import annotations

import io
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
import requests

from installer import postgres
from tlp.db import mounts

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "web-service" / "apache.conf.example"
MODULES = Path("/usr/lib/apache2/modules")
SECRET = "mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"
CREDENTIALS = {"user": "tluser", "auth_token": SECRET}
SITE = """
ServerRoot {folder}
ServerName localhost
PidFile {folder}/pid
ErrorLog {folder}/error.log
Listen 127.0.0.1:{port}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule wsgi_module {modules}/mod_wsgi.so
WSGISocketPrefix {folder}/wsgi
{user}
"""


def _lacking() -> str | None:
    """Why it cannot be tested here."""
    if not shutil.which("apache2") or not (MODULES / "mod_wsgi.so").exists():
        return "apache2 and libapache2-mod-wsgi-py3 are not installed"
    if os.geteuid() == 0:
        look = ["/bin/sh", "-c", f"{sys.executable} -c 'import falcon, tlp'"]
        if subprocess.run(["runuser", "-u", "www-data", "--", *look], capture_output=True).returncode:
            return "the user www-data cannot run the Python of this environment"
    built = subprocess.run(["ldd", str(MODULES / "mod_wsgi.so")], capture_output=True, text=True).stdout
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return None if f"libpython{version}" in built else f"mod_wsgi was built for another Python than {version}"


pytestmark = pytest.mark.skipif(bool(_lacking()), reason=str(_lacking()))


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that Apache's user may enter, which pytest's own is not."""
    folder = Path(tempfile.mkdtemp(prefix="tlp-apache-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def site(home: Path, instance: Any, lecture: Any) -> Iterator[str]:
    """Apache with the Web Service at /api, the web-service folder copied as the manual says; its address."""
    shutil.copytree(ROOT / "web-service", home / "web-service", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(instance.config.path, home / "web-service" / "config.ini")
    shutil.copytree(instance.media, home / "media")
    (home / "uploads").mkdir()
    folders = {name: str(home / name) for name in ("media", "uploads")}
    instance.run(lambda cur: mounts.register(cur, folders, "localhost"))
    port = postgres.free_port()
    user = ""
    if os.geteuid() == 0:
        user = "User www-data\nGroup www-data"
        account = pwd.getpwnam("www-data")
        os.chown(home / "uploads", account.pw_uid, account.pw_gid)
    # the environment is that of the tests; everything else stands where the example has it
    example = TEMPLATE.read_text().replace("/home/tluser/tlp/.venv", sys.prefix).replace("/home/tluser/tlp", str(home))
    conf = home / "httpd.conf"
    conf.write_text(SITE.format(folder=home, port=port, modules=MODULES, user=user) + example)
    with subprocess.Popen(["apache2", "-f", str(conf), "-DFOREGROUND"], cwd=home) as apache:
        try:
            _wait(f"http://127.0.0.1:{port}", home / "error.log")
            yield f"http://127.0.0.1:{port}/api"
        finally:
            apache.terminate()


def _wait(url: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{url}/api/health", timeout=60).status_code == 200:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"Apache does not serve: {log.read_text()[-2000:] if log.exists() else 'no log'}")


def _package(form: str) -> tuple[Any, dict[str, str], bytes]:
    """The body of a multipart upload, with its length or in chunks, and the package in it."""
    media = os.urandom(300_000)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("main.mp4", media)
    manifest = {
        "media": {"fileformat": "mp4", "md5": md5(media).hexdigest(), "filename": "main.mp4"},
        "metadata": {"external_id": f"new-{form}", "language": "en", "title": "A lecture"},
    }
    prepared = requests.Request(
        "POST",
        "http://x/",
        files={
            "json": ("json", json.dumps({**CREDENTIALS, "manifest": manifest}), "application/json"),
            "pkg": ("p.zip", file.getvalue(), "application/zip"),
        },
    ).prepare()
    body: Any = prepared.body if form == "length" else iter([prepared.body])
    return body, {"Content-Type": prepared.headers["Content-Type"]}, file.getvalue()


def test_the_api_is_served_at_api_with_packages_and_ranges(site: str, home: Path, lecture: Any, instance: Any) -> None:
    params = {**CREDENTIALS, "id": lecture.id}
    for base in (site, f"{site}/v3"):
        assert requests.get(f"{base}/speech/langs", params=params, timeout=60).json()["media_lang"] == "en"
    srt = requests.get(f"{site}/speech/get", params={**params, "lang": "es", "format": 2}, timeout=60)
    assert "Buenos días" in srt.content.decode()
    assert requests.post(f"{site}/speech/langs", json={**params, "auth_token": "no"}, timeout=60).status_code == 401
    assert requests.get(f"{site}/openapi.json", timeout=60).json()["servers"] == [{"url": "/api"}]
    assert requests.get(f"{site}/nothing", timeout=60).status_code == 404
    for form in ("length", "chunks"):
        body, headers, package = _package(form)
        answer = requests.post(f"{site}/speech/ingest/new", data=body, headers=headers, timeout=60)
        assert (answer.status_code, answer.json()["rcode"]) == (200, 0), answer.text
        assert (home / "uploads" / answer.json()["id"] / "package.zip").read_bytes() == package
    location = requests.get(f"{site}/speech/metadata", params=params, timeout=60).json()["media"][0]["location"]
    assert location.startswith(f"{site}/data/")
    whole = requests.get(location, timeout=60).content
    for asked, expected in (("0-", whole), ("100-199", whole[100:200]), ("-5", whole[-5:])):
        part = requests.get(location, headers={"Range": f"bytes={asked}"}, timeout=60)
        assert (part.status_code, part.content) == (206, expected)
    log = (home / "error.log").read_text()
    assert "tluser GET /speech/langs 200" in log
    assert SECRET not in log
