"""The Apertium system on the real Apertium: its pipes, its route through two translators, its command line."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from systems.apertium.apertium_mt.pipe import Pipe, PipeBroken, stages
from systems.apertium.apertium_mt.stream import decode, encode
from systems.apertium.apertium_mt.translate import Translator, through, translate
from tlp import systems
from tlp.captions import Captions, Made, Segment, Word
from tlp.errors import SystemUnavailable
from tlp.formats import FORMATS
from tlp.systems import Offer

FOLDER = Path(__file__).resolve().parents[2] / "ingest-service" / "systems" / "apertium"
MODES = Path("/usr/share/apertium/modes")
SPECIAL = "[]{}^$/\\@<>*#~+=_|&%-.,;:!?¿¡'\"()`´’“”«»…·\u00ad\u200bßñçÇ日\U0001f600\u0301\u2028"
WORDS = [
    *("the", "house", "la", "casa", "l'home", "d'", "'s", "is", "a", "C", "C++", "me@x.org", "3.5"),
    *("http://x.org/a?c=[f]", "and/or", "don't", "xyzzy", "Dr.", "</b>"),
]

pytestmark = [
    pytest.mark.engines,
    pytest.mark.skipif(not (MODES / "spa-cat.mode").exists(), reason="the Apertium pairs are not installed"),
]


def quiet(done: int, total: int) -> None:
    pass


@pytest.fixture(scope="module")
def system():
    return systems.load(FOLDER)


def engine(system, source: str, target: str, *texts: str) -> list[str]:
    return [
        " ".join(word for word, _ in translation.words)
        for translation in translate(system)(source, target, list(texts), quiet)
    ]


def answer_of(pipe: Pipe, text: str) -> bytes:
    [answer] = pipe.answers([encode(text)])
    return answer


def only(translator: Translator, text: str) -> list:
    [tokens] = translator.translate([text])
    return tokens


def strange_text(rng: random.Random) -> str:
    parts = [rng.choice([rng.choice(WORDS) + " ", rng.choice(SPECIAL), rng.choice(SPECIAL) + " "]) for _ in range(25)]
    return " ".join("".join(parts[: rng.randint(0, 25)]).split())


def test_every_pair_of_the_six_languages_is_offered_and_nothing_is_missing(system):
    languages = ("en", "es", "ca", "fr", "it", "pt")
    assert set(system.offers) == {Offer(a, b) for a in languages for b in languages if a != b}
    assert {reason for offer in system.offers for reason in system.missing(Path("/nowhere"), offer)} == set()


def test_a_pair_whose_translator_is_not_installed_is_missing_its_mode_file(system):
    [reason] = system.missing(Path("/nowhere"), Offer("oc", "fr", uses=("oci-xyz",)))
    assert reason == "file /usr/share/apertium/modes/oci-xyz.mode does not exist"


@pytest.mark.parametrize("mode", ["eng-spa", "spa-cat", "cat-eng", "fra-cat"])
def test_no_text_puts_a_pipe_out_of_step(mode):
    rng = random.Random(mode)
    with Pipe(stages(MODES / f"{mode}.mode"), 30) as pipe:
        control = answer_of(pipe, "casa")
        for _ in range(120):
            text = strange_text(rng)
            answer = " ".join(token.text for token in decode(answer_of(pipe, text)))
            for char in "[]{}^$@<>*#~+":
                assert answer.count(char) == text.count(char), (text, answer)
        assert answer_of(pipe, "casa") == control


def test_texts_that_are_sent_ahead_have_the_answers_that_they_have_alone():
    rng = random.Random("ahead")
    texts = [strange_text(rng) or "casa" for _ in range(60)] + [f"La casa {n} es grande." for n in range(60)]
    with Translator(MODES / "spa-cat.mode", 30) as translator:
        assert list(translator.translate(texts)) == [only(translator, text) for text in texts]


def test_more_texts_than_the_pipes_of_the_system_hold_go_through_in_their_order():
    blocks = [b"%d %s" % (number, b"x" * 500) for number in range(5000)]
    with Pipe([["cat"], ["cat"]], 30) as pipe:
        assert list(pipe.answers(blocks)) == blocks


def test_a_text_larger_than_the_pipes_of_the_system_goes_through():
    with Pipe(stages(MODES / "spa-cat.mode"), 60) as pipe:
        tokens = decode(answer_of(pipe, "la casa es grande. " * 4000))
    assert len(tokens) == 16000
    assert tokens[-1] == ("gran.", True)


def test_close_languages_translate_well_and_one_to_one(system):
    texts = ["Hoy vamos a hablar de cómo decidir.", "la mesa", "Buenos días."]
    assert engine(system, "es", "ca", *texts) == ["Avui parlarem de com decidir.", "la taula", "Bon dia."]


def test_spanish_reaches_french_through_catalan(system):
    assert engine(system, "es", "fr", "Hoy vamos a hablar de los paquetes.") == [
        "Aujourd'hui nous parlerons des paquets."
    ]


def test_double_spaces_of_the_engine_do_not_reach_the_subtitles(system):
    [text] = engine(system, "en", "es", "A network is a set of devices connected by links.")
    assert text.startswith("Una red es un conjunto de los aparatos")


def test_unknown_words_stay_without_their_mark_and_with_low_confidence(system):
    [translation] = translate(system)("es", "ca", ["el xyzzynador 2 * 3"], quiet)
    assert translation.words == [("el", 0.8), ("xyzzynador", 0.2), ("2", 0.8), ("*", 0.8), ("3", 0.8)]
    assert translation.confidence == pytest.approx(0.68)


def test_a_word_unknown_to_the_first_translator_is_doubtful_to_the_end():
    [tokens] = through([MODES / "spa-cat.mode", MODES / "cat-eng.mode"], ["el xyzzynador."], 30, quiet)
    assert [known for _, known in tokens] == [True, False]


def test_progress_runs_over_both_translators():
    seen = []
    through(
        [MODES / "spa-cat.mode", MODES / "cat-fra.mode"], ["hola"] * 30, 30, lambda done, all_: seen.append(done / all_)
    )
    assert seen == sorted(seen) and seen[0] == 0 and seen[-1] == 1 and 0.5 in seen


def test_a_translator_that_dies_is_started_again_and_the_text_is_translated():
    with Translator(MODES / "spa-cat.mode", 30) as translator:
        before = only(translator, "la casa grande")
        translator._pipe._processes[3].kill()
        assert only(translator, "la casa grande") == before
        assert [token.text for token in only(translator, "el libro")] == ["el", "llibre"]


def test_the_texts_behind_one_that_the_translator_dies_of_are_translated(tmp_path, capsys):
    dies = tmp_path / "dies"
    dies.write_text(
        "#!/usr/bin/env python3\nimport sys\n"
        "for block in iter(lambda: sys.stdin.buffer.readline(), b''):\n"
        "    sys.exit('killed') if b'deadly' in block else print(block.decode(), end='', flush=True)\n"
    )
    dies.chmod(0o755)
    # One line a block: what comes in ends with NUL, `tr` makes lines of it and back.
    lines, nul = ["stdbuf", "-o0", "tr", r"\0", r"\n"], ["stdbuf", "-o0", "tr", r"\n", r"\0"]
    with Translator(MODES / "spa-cat.mode", 10) as translator:
        translator._commands = [lines, [str(dies)], nul]
        texts = ["one", "two", "deadly", "three", "four"]
        assert [tokens[0].text for tokens in translator.translate(texts)] == texts
        assert [token.known for token in only(translator, "deadly")] == [False]
    assert capsys.readouterr().err.count("left as it was: 'deadly'") == 2


def test_an_answer_that_lost_its_place_is_asked_for_again():
    with Translator(MODES / "spa-cat.mode", 10) as translator:
        # A stage that makes one block of the first two of three: the second answer is that of the third.
        joins = "d.replace(b'\\0', b' ', d.count(b'\\0') > 2)"
        stage = f"import os\nwhile d := os.read(0, 9999): os.write(1, {joins})"
        translator._commands = [[sys.executable, "-c", stage], *translator._commands]
        assert [tokens[0].text for tokens in translator.translate(["casa", "libro", "mesa"])] == [
            *("casa", "llibre", "taula"),
        ]


def test_a_translator_that_hangs_is_started_again_and_the_text_is_translated():
    with Translator(MODES / "spa-cat.mode", 3) as translator:
        only(translator, "la casa")
        os.kill(translator._pipe._processes[3].pid, signal.SIGSTOP)
        started = time.monotonic()
        assert [token.text for token in only(translator, "el libro")] == ["el", "llibre"]
        assert 2.5 < time.monotonic() - started < 30


def test_a_translator_that_never_works_ends_the_run_with_its_own_words(tmp_path, capsys):
    broken = tmp_path / "spa-cat.mode"
    broken.write_text("lt-proc '/nowhere/spa-cat.automorf.bin' | lt-proc $1 '/nowhere/spa-cat.autogen.bin'")
    with Translator(broken, 5) as translator, pytest.raises(SystemUnavailable, match="spa-cat does not translate"):
        assert [token.known for token in only(translator, "la casa")] == [False, False]
        only(translator, "la casa")
        only(translator, "la casa")
    assert "left as it was: 'la casa'" in capsys.readouterr().err


def test_a_closed_pipe_leaves_no_process():
    pipe = Pipe(stages(MODES / "spa-cat.mode"), 30)
    processes = list(pipe._processes)
    answer_of(pipe, "hola")
    pipe.close()
    assert all(process.returncode is not None for process in processes)


def test_a_pipe_says_why_it_ended(tmp_path):
    with Pipe([["sh", "-c", "echo no dictionary >&2"]], 5) as pipe, pytest.raises(PipeBroken, match="no dictionary"):
        next(pipe.answers([b"hola"]))


def run(tmp_path: Path, captions: Captions, source: str, target: str) -> subprocess.CompletedProcess:
    (tmp_path / "in.dfxp").write_bytes(FORMATS["dfxp"].write(captions))
    return subprocess.run(
        [FOLDER / "run", "--source", source, "--target", target, "--input", "in.dfxp", "--output", "out.dfxp"],
        cwd=tmp_path,
        env={
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "LC_ALL": "C",
            "TLP_PROGRESS": str(tmp_path / "progress"),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_run_keeps_ids_times_and_empty_segments_and_leaves_out_tokens_of_the_recogniser(tmp_path):
    segments = [
        Segment(3, 170, 3320, ["[hesitation] el /cassa/libro/ ~SILENCE~"]),
        Segment(4, 3400, 5000, []),
        Segment(9, 5000, 8000, [Word("el", 5000, 5500), Word("xyzzynador", 5500, 8000)]),
        Segment(10, 8000, 9000, ["[SILENCE]"]),
    ]
    done = run(tmp_path, Captions("es", segments, media_id="m1", made=Made("human", "Ann")), "es", "ca")
    assert (done.returncode, done.stderr) == (0, "")
    out = FORMATS["dfxp"].read((tmp_path / "out.dfxp").read_bytes())
    assert [(s.id, s.begin, s.end, s.text) for s in out.current] == [
        (3, 170, 3320, "el llibre"),
        (4, 3400, 5000, ""),
        (9, 5000, 8000, "el xyzzynador"),
        (10, 8000, 9000, ""),
    ]
    assert (out.language, out.media_id, out.status) == ("ca", "m1", "fully_automatic")
    assert (out.made.author_type, out.made.author_id) == ("automatic", "Apertium")
    assert [word.made.confidence for word in out.current[2].words] == [0.8, 0.2]
    assert out.current[2].made.confidence == pytest.approx(0.5)
    assert (tmp_path / "progress").read_text().startswith("100 ")
    assert not (tmp_path / "out.dfxp.part").exists()


def test_the_run_refuses_a_pair_it_lacks_in_its_last_line_and_writes_nothing(tmp_path):
    done = run(tmp_path, Captions("es", [Segment(1, 0, 1000, ["hola"])]), "es", "de")
    assert done.returncode == systems.LACKS
    assert done.stderr.splitlines()[-1] == "Apertium does not translate es-de; its pairs are in system.ini"
    assert not (tmp_path / "out.dfxp").exists()


def test_the_run_says_what_is_wrong_with_its_input(tmp_path):
    (tmp_path / "bad").write_text("no xml")
    done = subprocess.run(
        [FOLDER / "run", "--source", "es", "--target", "ca", "--input", "bad", "--output", "out"],
        cwd=tmp_path,
        env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "dfxp" in done.stderr.splitlines()[-1].lower()
