"""The Web Service on a real database, with one lecture in it, called without a network unless a test needs one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import falcon.testing
import openapi_checks
import pytest
import stored_documents
from gunicorn_server import Server

from api.app import create_app
from api.families import SPEECH, Family
from tlp import config as configuration
from tlp.captions import HUMAN, Captions, Made, Segment
from tlp.config import Config, Storage
from tlp.db import audiotracks, contents, mounts, objects, systems, users
from tlp.db.connection import connect
from tlp.formats import FORMATS

SECRET = "mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"
HASH = "9bc70b33e49c2d7bbbe42"
VIDEO = bytes(range(256)) * 40


@dataclass
class Instance:
    """What tests look at behind the API."""

    config: Config
    storage: Storage
    uploads: Path
    media: Path

    def run(self, work: Any) -> Any:
        """Call `work(cur)` in a transaction of its own."""
        with closing(connect(self.storage)) as connection, connection, connection.cursor() as cur:
            return work(cur)

    def rows(self, query: str) -> list[dict[str, Any]]:
        def work(cur: Any) -> list[dict[str, Any]]:
            cur.execute(query)
            return list(cur.fetchall())

        return self.run(work)


def write_config(path: Path, db: dict[str, Any], **sections: dict[str, Any]) -> Path:
    """A configuration file with the database of the test; `sections` add to it or win."""
    merged: dict[str, dict[str, Any]] = {
        "storage": {
            "db_name": db["dbname"],
            "db_user": db["user"],
            "db_passwd": db.get("password") or '""',
            "db_host": db["host"],
            "db_port": db["port"],
        },
        "authentication": {"key_generator": "a-key-for-tests"},
    }
    for name, values in sections.items():
        merged.setdefault(name, {}).update(values)
    lines = [
        line for name, values in merged.items() for line in (f"[{name}]", *(f"{k} = {v}" for k, v in values.items()))
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="session", autouse=True)
def every_answer_is_as_documented() -> Iterator[None]:
    """Whatever a test asks through falcon's client, its answer is checked against the OpenAPI document."""
    asked = falcon.testing.TestClient.simulate_request

    def checked(self: Any, *args: Any, **kwargs: Any) -> falcon.testing.Result:
        answer = asked(self, *args, **kwargs)
        openapi_checks.check(*args[:2], answer)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(falcon.testing.TestClient, "simulate_request", checked)
        yield


@pytest.fixture
def sections() -> dict[str, dict[str, Any]]:
    """What a test's configuration has beside the database; tests parametrise this."""
    return {}


@pytest.fixture
def instance(module_db: dict[str, Any], tmp_path: Path, sections: dict[str, dict[str, Any]]) -> Instance:
    """A database with two users and an administrator, and the folders of the mount points."""
    folders = {name: tmp_path / name for name in ("uploads", "media", "transcriptions", "systems")}
    for folder in folders.values():
        folder.mkdir()
    config = configuration.load(write_config(tmp_path / "config.ini", module_db, **sections))
    made = Instance(config, config.storage, folders["uploads"], folders["media"])

    def fill(cur: Any) -> None:
        # a tenth of the time of a fresh database
        cur.execute("SET lock_timeout = '30s'; TRUNCATE machines, users, systems RESTART IDENTITY CASCADE")
        mounts.register(cur, {name: str(path) for name, path in folders.items()}, "localhost")
        users.create(cur, "tluser", SECRET)
        users.create(cur, "other", "another-secret-key-1234567890")
        users.create(cur, "root", "the-administrators-secret-key", is_admin=True)

    made.run(fill)
    return made


@pytest.fixture
def client(instance: Instance) -> falcon.testing.TestClient:
    return falcon.testing.TestClient(create_app(instance.config))


class Api:
    """Calls interfaces of a family as tluser with the secret key."""

    def __init__(self, client: falcon.testing.TestClient, family: Family = SPEECH) -> None:
        self.client, self.family, self.base = client, family, f"/api/{family.path}"
        self.credentials = {"user": "tluser", "auth_token": SECRET}

    def get(self, interface: str, **params: Any) -> falcon.testing.Result:
        sent = {name: value for name, value in {**self.credentials, **params}.items() if value is not None}
        return self.client.simulate_get(f"{self.base}/{interface}", params=sent)

    def post(self, interface: str, **params: Any) -> falcon.testing.Result:
        return self.client.simulate_post(f"{self.base}/{interface}", json={**self.credentials, **params})


@pytest.fixture
def family() -> Family:
    """The sub-API that `api` calls; suites for both parametrise it: `pytest.mark.parametrize("family", FAMILIES)`."""
    return SPEECH


@pytest.fixture
def api(client: falcon.testing.TestClient, family: Family) -> Api:
    return Api(client, family)


@pytest.fixture
def stored(family: Family, request: pytest.FixtureRequest) -> Any:
    """The object of the family that tests call about: `id` and `object_id`."""
    return request.getfixturevalue({"speech": "lecture", "text": "document"}[family.path])


@dataclass
class Lecture:
    id: str
    object_id: int
    track: int


def captions(language: str, *texts: str, human: bool = False) -> bytes:
    """DFXP of segments of two seconds each, as the Ingest Service stores it."""
    segments = [
        Segment(number, 2000 * number, 2000 * number + 1500, [text], Made(author_type=HUMAN) if human else Made())
        for number, text in enumerate(texts, 1)
    ]
    return FORMATS["dfxp"].write(Captions(language, segments), 0, 0)


def stored_lecture(
    cur: Any, external_id: str = "MEDIA-ID-1234", username: str = "tluser", hash_: str = HASH
) -> Lecture:
    """A lecture as the Ingest Service leaves it: two languages, a video, a thumbnail, slides, a voice."""
    owner = users.by_name(cur, username)
    assert owner
    values = {
        "user_id": owner["id"], "kind": "speech", "external_id": external_id, "hash": hash_, "language": "en",
        "title": "I do know nothing", "topic": "Winter", "keywords": None, "date": None, "format": "mp4",
        "duration_ms": 86400,
    }  # fmt: skip
    object_id = objects.create(cur, values)
    jon = {"speaker_id": "jon", "name": "John Snow", "gender": "M", "email": None}
    objects.set_speakers(cur, object_id, owner["id"], [jon])
    for type_code, name in ((0, "main.mp4"), (1, "slides.txt"), (3, "thumb.jpg"), (6, "wave.pcm")):
        file = {"type_code": type_code, "format": name[-3:], "path": f"{hash_[0]}/{hash_}/{name}"}
        objects.add_file(cur, object_id, file)
    objects.add_file(cur, object_id, {"type_code": 2, "format": "pdf", "url": "https://example.org/paper.pdf"})
    automatic = {"status": 0, "sup_ratio": 0, "origin": "asr"}
    english = captions("en", "Good morning", "Winter is coming, isn't it? [hesitation]").decode()
    contents.add_version(cur, object_id, "en", {"body": english, **automatic})
    contents.add_version(cur, object_id, "es", {"body": captions("es", "Buenos días").decode(), **automatic})
    voice = {
        "language": "es", "voice_type": "tts", "voice_gender": "f", "format": "mp3",
        "path": f"{hash_[0]}/{hash_}/audiotrack.es.mp3", "size": len(VIDEO), "sub_type": 0, "description": None,
        "system_id": None, "content_version": 1, "upload_id": None,
    }  # fmt: skip
    return Lecture(external_id, object_id, audiotracks.add(cur, object_id, voice))


@pytest.fixture
def add_lecture(instance: Instance) -> Callable[..., Lecture]:
    """Stores a lecture without files: `add_lecture(external_id=…, username=…, hash_=…)`."""
    return lambda **what: instance.run(lambda cur: stored_lecture(cur, **what))


@pytest.fixture
def lecture(instance: Instance) -> Lecture:
    folder = instance.media / HASH[0] / HASH
    folder.mkdir(parents=True)
    for name in ("main.mp4", "slides.txt", "thumb.jpg", "wave.pcm", "audiotrack.es.mp3"):
        (folder / name).write_bytes(VIDEO)
    return instance.run(stored_lecture)


@dataclass
class StoredDocument:
    id: str
    object_id: int


@pytest.fixture
def document(instance: Instance) -> StoredDocument:
    """A docx in English with a Catalan translation."""
    folder = instance.media / stored_documents.HASH[0] / stored_documents.HASH
    folder.mkdir(parents=True)
    (folder / "document.docx").write_bytes(VIDEO)
    return StoredDocument(stored_documents.ID, instance.run(stored_documents.stored_document))


@pytest.fixture
def add_object(instance: Instance, family: Family) -> Callable[..., None]:
    """Stores an object of the family without files: `add_object(external_id=…, username=…, hash_=…)`."""
    store = {"speech": stored_lecture, "text": stored_documents.stored_document}[family.path]
    return lambda **what: instance.run(lambda cur: store(cur, **what))


@pytest.fixture
def server(instance: Any, tmp_path: Path) -> Iterator[Server]:
    started = Server(instance.config.path, tmp_path)
    try:
        started.wait()
        yield started
    finally:
        started.stop()


@pytest.fixture
def three_systems(instance: Instance) -> dict[str, int]:
    """A system of each kind, and one that cannot run."""
    base = {
        "target_lang": None, "voice": None, "voice_gender": None, "description": "", "priority": 10,
        "available": True, "reason": None,
    }  # fmt: skip
    rows: dict[str, dict[str, Any]] = {
        "asr": {"kind": "asr", "folder": "a", "source_lang": "en", "name": "English ASR System"},
        "mt": {
            "kind": "mt",
            "folder": "b",
            "source_lang": "en",
            "target_lang": "es",
            "name": "English-Spanish MT System",
        },
        "tts": {"kind": "tts", "folder": "c", "source_lang": "es", "voice": "es_f", "voice_gender": "f", "name": "TTS"},
        "gone": {
            "kind": "asr",
            "folder": "d",
            "source_lang": "es",
            "name": "x",
            "available": False,
            "reason": "no model",
        },
    }

    def register(cur: Any) -> dict[str, int]:
        return {name: systems.add(cur, {**base, **row}) for name, row in rows.items()}

    return instance.run(register)
