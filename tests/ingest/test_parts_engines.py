"""What real engines make of parts, joined, beside what they make of the whole: through the jobs that nodes run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from ingest.context import PROGRAMS
from ingest.modules.tl.asr.pauses import spans
from ingest.modules.tl.parts import text
from tlp import models, systems
from tlp.captions import CURRENT, UNFILTERED, Captions, Segment, Word
from tlp.documents import PARAGRAPH, Block, Document, Sentence, Wording
from tlp.errors import ModelError
from tlp.formats import DOCUMENT_FORMATS, FORMATS

jiwer = pytest.importorskip("jiwer", reason="jiwer is not installed")
SYSTEMS = PROGRAMS / "systems"
DEMO = PROGRAMS.parent / "demo"
POINTS = 0.5  # more words wrong in a hundred
NEAR, APART = 50, 0.02  # ms between the times of a word in both; the share of words for which it may be more

pytestmark = pytest.mark.engines
apertium = pytest.mark.skipif(
    not Path("/usr/share/apertium/modes/eng-spa.mode").exists(), reason="the Apertium pair en-es is not installed"
)


def _model_missing() -> str:
    try:
        models.locate("whisper-base", systems.models_dir())
    except ModelError as error:
        return str(error)
    return "" if shutil.which("ffmpeg") else "ffmpeg is missing"


def run(folder: Path, *command: object) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(PROGRAMS), "TLP_CPUS": "2", "TMPDIR": str(folder)}
    done = subprocess.run([str(word) for word in command], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def in_parts(folder: Path, kind: str, found: list[tuple[int, int]], system: list[str], source: str) -> Path:
    """The joined output of a system on the parts of a file."""
    extension = ".dtlx" if source.endswith(".dtlx") else ".dfxp"
    joining: list[str] = []
    for number, (first, last) in enumerate(found):
        files = ["--input", source, "--output", f"part{number}{extension}"]
        run(folder, sys.executable, "-m", "ingest.jobs.part", kind, first, last, *system, *files)
        joining += ["--part", str(first if kind == "sound" else 0), f"part{number}{extension}"]
    output = f"joined{extension}"
    run(folder, sys.executable, "-m", "ingest.jobs.join", kind, "--output", output, *joining)
    return folder / output


@pytest.mark.skipif(bool(_model_missing()), reason=_model_missing() or "the model is there")
def test_a_lecture_recognised_in_parts_is_as_right_as_the_whole_and_says_the_same_at_the_same_times(
    tmp_path: Path,
) -> None:
    sound = tmp_path / "audio.wav"
    run(tmp_path, "ffmpeg", "-v", "error", "-i", DEMO / "lecture.opus", "-ar", "16000", "-ac", "1", sound)
    system = [str(SYSTEMS / "whisper" / "run"), "--lang", "en"]
    run(tmp_path, *system, "--input", sound, "--output", "whole.dfxp")
    found = spans(sound, 2)
    assert len(found) == 2
    joined = words(in_parts(tmp_path, "sound", found, system, "audio.wav"))
    whole = words(tmp_path / "whole.dfxp")
    reference = plain((DEMO / "lecture.txt").read_text(encoding="utf-8").split())
    wrong, wrong_in_parts = (100 * jiwer.wer(reference, plain([w.text for w in heard])) for heard in (whole, joined))
    assert wrong_in_parts <= wrong + POINTS
    matcher = SequenceMatcher(None, [w.text for w in whole], [w.text for w in joined], autojunk=False)
    same = [(whole[a + n], joined[b + n]) for a, b, size in matcher.get_matching_blocks() for n in range(size)]
    assert len(same) >= 0.95 * len(whole)
    far = [(one, other) for one, other in same if max(abs(one.begin - other.begin), abs(one.end - other.end)) > NEAR]
    assert len(far) <= APART * len(same), far


def words(path: Path) -> list[Word]:
    return [word for segment in FORMATS["dfxp"].read(path.read_bytes()).current for word in segment.words]


def plain(said: list[str]) -> str:
    return " ".join(re.sub(r"[^\w\s']", " ", " ".join(said).lower().replace("’", "'")).split())


@apertium
def test_captions_translated_in_parts_are_those_of_the_whole(tmp_path: Path) -> None:
    said = (DEMO / "lecture.txt").read_text(encoding="utf-8").split()
    texts = [" ".join(said[n : n + 7]) for n in range(0, len(said), 7)]
    captions = Captions("en", [Segment(3 * n, 1000 * n, 1000 * n + 900, [line]) for n, line in enumerate(texts)])
    (tmp_path / "en.dfxp").write_bytes(FORMATS["dfxp"].write(captions, CURRENT, UNFILTERED))
    system = [str(SYSTEMS / "apertium" / "run"), "--source", "en", "--target", "es"]
    run(tmp_path, *system, "--input", "en.dfxp", "--output", "whole.dfxp")
    found = text.spans(text.weights(captions), 3)
    joined = in_parts(tmp_path, "text", found, system, "en.dfxp")
    assert untimed(joined.read_text()) == untimed((tmp_path / "whole.dfxp").read_text())


@apertium
def test_a_document_translated_in_parts_is_that_of_the_whole(tmp_path: Path) -> None:
    blocks = [
        Block(PARAGRAPH, [Sentence(10 * n + k, current=Wording([f"The house number {k} is red."])) for k in range(3)])
        for n in range(9)
    ]
    document = Document("en", blocks, document_id="d", format="txt")
    (tmp_path / "en.dtlx").write_bytes(DOCUMENT_FORMATS["dtlx"].write(document))
    system = [str(SYSTEMS / "apertium" / "run"), "--source", "en", "--target", "es"]
    run(tmp_path, *system, "--input", "en.dtlx", "--output", "whole.dtlx")
    joined = in_parts(tmp_path, "text", text.spans(text.weights(document), 4), system, "en.dtlx")
    assert untimed(joined.read_text()) == untimed((tmp_path / "whole.dtlx").read_text())
    assert "casa" in joined.read_text()


def untimed(written: str) -> str:
    """Without when it was made."""
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "", written)
