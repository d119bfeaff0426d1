"""Who may import whom (ARCHITECTURE.md), and where SQL may stand."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
RULES = [
    # files, what they must not import
    ("lib/tlp/**/*.py", {"falcon", "api", "ingest", "subprocess", "installer"}),
    ("lib/tlp/formats/*.py", {"tlp.db", "tlp.config", "tlp.storage", "psycopg2"}),
    ("web-service/**/*.py", {"ingest", "subprocess", "installer"}),
    ("ingest-service/**/*.py", {"falcon", "api", "installer"}),
    ("ingest-service/ingest/jobs/*.py", {"psycopg2", "tlp.db"}),
    ("ingest-service/ingest/modules/**/*.py", {"psycopg2", "tlp.db"}),
    ("ingest-service/ingest/scheduler/*.py", {"psycopg2", "tlp.db"}),
    ("ingest-service/systems/**/*", {"psycopg2", "tlp.db", "ingest", "requests"}),
    ("client-tools/**/*.py", {"tlp", "falcon", "psycopg2"}),
]
SQL = re.compile(r"^\s*(SELECT\b.+|INSERT INTO|UPDATE \w+\s+SET|DELETE FROM|CREATE TABLE)", re.S)


def python_files(pattern: str) -> list[Path]:
    found = [p for p in ROOT.glob(pattern) if p.is_file() and "__pycache__" not in p.parts]
    return [p for p in found if p.suffix == ".py" or p.read_bytes()[:30].startswith(b"#!/usr/bin/env python")]


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_no_layer_is_crossed():
    crossed = [
        f"{path.relative_to(ROOT)} imports {name}"
        for pattern, forbidden in RULES
        for path in python_files(pattern)
        for name in imports(path)
        if any(name == f or name.startswith(f + ".") for f in forbidden)
    ]
    assert not crossed


def test_every_rule_looks_at_some_file():
    assert all(python_files(pattern) for pattern, _ in RULES)


def test_only_the_srt_reader_imports_pysrt():
    importers = [
        p.name
        for p in python_files("**/*.py")
        if ".venv" not in p.parts and "tests" not in p.parts and "pysrt" in imports(p)
    ]
    assert importers == ["srt.py"]


def test_sql_stands_only_in_the_database_modules():
    strays = []
    for pattern in ("web-service/**/*.py", "ingest-service/**/*.py", "lib/tlp/**/*.py", "client-tools/**/*.py"):
        for path in python_files(pattern):
            if "db" in path.relative_to(ROOT).parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value):
                    strays.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not strays
