"""Writes DIR/config.ini (both services) and DIR/client.ini (ws-client.py). What a person has changed there stays."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from configobj import ConfigObj

from installer.home import Home
from installer.postgres import Cluster
from tlp import systems

Sections = dict[str, dict[str, str]]

DATABASE, DATABASE_USER, DEMO_USER = "tldb", "tluser", "demo"


def write_config(home: Home, cluster: Cluster) -> bool:
    """Bring config.ini in line with the database server; new secrets only where there are none. True when changed."""
    must = {
        "storage": {
            "db_name": DATABASE,
            "db_user": DATABASE_USER,
            "db_host": "127.0.0.1",
            "db_port": str(cluster.port),
        },
    }
    may = {
        "storage": {"db_passwd": secrets.token_urlsafe(24)},
        "authentication": {"key_generator": secrets.token_urlsafe(32)},
        "misc": {"demo_user": DEMO_USER},
        "systems": {"models": str(systems.models_dir())},
    }
    return _write(
        home.config, must, may, "Configuration of this instance; config.ini.example explains every key.", quoted=True
    )


def write_client(home: Home, port: int) -> bool:
    """Bring client.ini (manual, Appendix H) in line with the port. True when changed."""
    base = f"http://127.0.0.1:{port}"
    must = {
        "general": {
            "web_service_url": f"{base}/api",
            "player_url": f"{base}/player",
            "translation_editor_url": f"{base}/editor",
        },
    }
    may = {
        "http_auth": {"enabled": "no"},
        "api_client_auth": {
            "username": DEMO_USER,
            "secret_key": secrets.token_hex(24),
            "request_key_expire_lifetime": "1440",
        },
        "player_user_info": {"user_id": DEMO_USER, "user_full_name": "Demo User", "user_confidence": "100"},
    }
    return _write(home.client, must, may, "For ws-client.py -c; holds the secret key of the demo user.", quoted=False)


def read(path: Path, quoted: bool = True) -> Any:
    """The file as sections. `quoted`: values are as ConfigObj writes them (config.ini), else as they stand."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return ConfigObj(lines, interpolation=False, list_values=quoted)


def recorded_port(home: Home) -> int | None:
    """The port that client.ini names; None before there is one."""
    url: str = read(home.client, quoted=False).get("general", {}).get("web_service_url", "")
    return urlsplit(url).port


def _write(path: Path, must: Sections, may: Sections, comment: str, quoted: bool) -> bool:
    """`must` is set, `may` only where the file has nothing. The file is replaced whole, readable by its owner alone."""
    ini = read(path, quoted)
    before = ini.dict()
    if not path.exists():
        ini.initial_comment = [f"# {comment}"]
    for sections, keep in ((must, False), (may, True)):
        for section, values in sections.items():
            there = ini.setdefault(section, {})
            there.update({k: v for k, v in values.items() if not (keep and k in there)})
    if ini.dict() == before:
        path.chmod(0o600)
        return False
    aside = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(ini.write()) + "\n")  # without a file name, write() returns the lines
    aside.replace(path)
    return True
