"""Which jobs are run again after a bad end, and which are not."""

from __future__ import annotations

import pytest
from operations import runs
from tiny_media import Media
from world import World, failed

from tlp.systems import LACKS


@pytest.mark.parametrize("code", [LACKS, 126, 127])
def test_what_this_machine_lacks_it_would_lack_again_so_nothing_is_run_once_more(
    quick: World, recordings: Media, code: int
) -> None:
    quick.system("hear", "asr", f"echo 'it lacks a program' >&2; exit {code}", "languages = en")
    [row] = quick.finish(quick.upload("m1", {"media.mp3": recordings["mp3"]}))
    assert "it lacks a program" in failed(row, 102)
    assert runs(quick) == ["hear en"]
