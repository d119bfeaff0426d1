"""What a new media upload does, rule by rule (manual, Appendix E, "Behavior changes with optional inputs")."""

import pytest

from ingest.plan import Catalogue, Plan, System, plan_media
from tlp.errors import PackageError

MEDIA = {"file": "files/a.mp4", "format": "mp4", "duration_ms": 60000, "has_audio": True, "has_video": True}
SYSTEMS = Catalogue(
    (
        System(1, "asr", "whisper", "Whisper, English", "en", priority=50),
        System(2, "asr", "light", "Light, English", "en", priority=10),
        System(3, "mt", "apertium", "en-es", "en", "es"),
        System(4, "mt", "apertium", "es-ca", "es", "ca"),
        System(5, "mt", "better", "en-es neural", "en", "es", priority=60),
        System(6, "tts", "kokoro", "es f", "es", None, "ef_dora", "f", priority=50),
        System(7, "tts", "kokoro", "es m", "es", None, "em_alex", "m", priority=50),
        System(8, "tts", "espeak", "es", "es", None, "es", None, priority=1),
        System(9, "mt", "gone", "en-ca", "en", "ca", available=False, reason="model 'x' is missing"),
        System(10, "tts", "kokoro", "en f", "en", None, "af_heart", "f", priority=50),
    )
)


def manifest(requested=None, **more):
    speakers = more.pop("speakers", [])
    metadata = {"external_id": "m1", "language": more.pop("language", "en"), "title": "T", "speakers": speakers}
    base = {"metadata": metadata, "requested_langs": requested or {}, "generate": True, "test_mode": False}
    return {**base, **more}


def attached(type_code, language=None, file="files/x.srt", format="srt", human=True):
    return {"type_code": type_code, "language": language, "file": file, "format": format, "human": human, "md5": "0"}


def planned(requested=None, attachments=(), media=MEDIA, **more) -> Plan:
    return plan_media(manifest(requested, **more), {"media": media, "attachments": list(attachments)}, SYSTEMS)


def made(plan: Plan) -> dict[str, str]:
    return {node: s.origin for node, s in plan.subtitles.items()}


def test_without_requested_languages_the_media_is_only_transcribed_with_the_default_system():
    plan = planned()
    assert made(plan) == {"en": "asr"}
    assert plan.subtitles["en"].system == 1
    assert plan.tracks == []


def test_requested_languages_are_translated_from_the_transcription_by_the_best_system():
    plan = planned({"es": {"sub": {}}})
    assert made(plan) == {"en": "asr", "en.es": "mt"}
    assert plan.subtitles["en.es"].system == 5
    assert plan.subtitles["en.es"].source == "en"


def test_a_system_asked_for_by_id_is_used():
    assert planned({"es": {"sub": {"sid": 3}}}).subtitles["en.es-3"].system == 3
    assert planned({"en": {"sub": {"sid": 2}}}).subtitles["en"].system == 2


def test_the_medias_own_language_may_be_requested_and_is_the_transcription():
    assert made(planned({"en": {"sub": {}}})) == {"en": "asr"}


def test_a_translation_path_goes_through_its_languages_and_stores_only_the_last():
    plan = planned({"ca": {"sub": {"tlpath": [{"l": "es", "sid": 3}, {"l": "ca"}]}}})
    assert made(plan) == {"en": "asr", "en.es-3": "mt", "en.es-3.ca": "mt"}
    assert [s.stored for s in plan.subtitles.values()] == [True, False, True]


def test_a_path_shares_its_steps_with_a_language_that_is_requested_too():
    plan = planned({"ca": {"sub": {"tlpath": [{"l": "es"}, {"l": "ca"}]}}, "es": {"sub": {}}})
    assert list(plan.subtitles) == ["en", "en.es", "en.es.ca"]
    assert all(s.stored for s in plan.subtitles.values())


def test_a_path_that_names_the_spoken_language_first_means_the_same():
    plan = planned({"ca": {"sub": {"tlpath": [{"l": "en"}, {"l": "es"}, {"l": "ca"}]}}})
    assert list(plan.subtitles) == ["en", "en.es", "en.es.ca"]


def test_a_path_that_ends_elsewhere_is_an_error():
    with pytest.raises(PackageError, match="must end in 'ca'"):
        planned({"ca": {"sub": {"tlpath": [{"l": "es"}]}}})


def test_subtitles_attached_in_the_spoken_language_replace_the_transcription():
    plan = planned({"es": {"sub": {}}}, [attached(4, "en")])
    assert made(plan) == {"en": "client", "en.es": "mt"}


def test_subtitles_attached_in_another_language_replace_that_translation_only():
    plan = planned({"es": {"sub": {}, "tts": {}}}, [attached(4, "es")])
    assert made(plan) == {"es": "client", "en": "asr"}
    assert [t.source for t in plan.tracks] == ["es"]


def test_an_attached_language_is_the_better_source_on_a_path_unless_a_system_is_named():
    path = {"ca": {"sub": {"tlpath": [{"l": "es"}, {"l": "ca"}]}}}
    assert "es.ca" in made(planned(path, [attached(4, "es")]))
    path["ca"]["sub"]["tlpath"][0]["sid"] = 3
    assert "en.es-3.ca" in made(planned(path, [attached(4, "es")]))


def test_a_voice_needs_its_subtitles_so_they_are_made_as_well():
    plan = planned({"es": {"tts": {}}})
    assert made(plan) == {"en": "asr", "en.es": "mt"}
    assert [(t.language, t.system, t.source) for t in plan.tracks] == [("es", 6, "en.es")]


def test_the_voice_has_the_gender_of_the_speaker_where_there_is_one():
    plan = planned({"es": {"tts": {}}}, speakers=[{"speaker_id": "1", "speaker_gender": "M"}])
    assert plan.tracks[0].gender == "m"


def test_a_voice_in_the_spoken_language_reads_the_transcription():
    assert [t.source for t in planned({"en": {"tts": {}}}).tracks] == ["en"]


def test_an_attached_audio_track_is_used_instead_of_a_voice():
    assert planned({"es": {"sub": {}, "tts": {}}}, [attached(5, "es", "files/es.mp3", "mp3")]).tracks == []


def test_nothing_is_generated_when_the_client_says_so():
    plan = planned({"es": {"sub": {}, "tts": {}}}, [attached(4, "es")], generate=False)
    assert made(plan) == {"es": "client"}
    assert plan.tracks == []


def test_a_language_without_a_suitable_system_is_skipped_in_words():
    plan = planned({"fr": {"sub": {}, "tts": {}}})
    assert made(plan) == {"en": "asr"}
    assert plan.notes == [
        "no subtitles in 'fr': no MT system from 'en' to 'fr'",
        "no voice in 'fr': there are no subtitles to read",
    ]


def test_a_media_whose_language_has_no_asr_system_is_stored_without_subtitles_and_says_so():
    plan = planned({"es": {"sub": {}}}, language="et")
    assert made(plan) == {}
    assert plan.notes[0] == "not transcribed: no ASR system for 'et'"


@pytest.mark.parametrize(
    ("requested", "words"),
    [
        ({"es": {"sub": {"sid": 99}}}, "system 99 does not exist"),
        ({"es": {"sub": {"sid": 1}}}, r"system 1 .* is not for MT en to es"),
        ({"ca": {"sub": {"sid": 9}}}, "system 9 .* cannot run now: model 'x' is missing"),
        ({"es": {"tts": {"sid": 10}}}, "is not for TTS es"),
    ],
)
def test_a_system_that_does_not_fit_is_an_error_that_says_why(requested, words):
    with pytest.raises(PackageError, match=words):
        planned(requested)


def test_a_system_that_cannot_run_is_not_chosen_by_default():
    assert planned({"ca": {"sub": {}}}).notes == ["no subtitles in 'ca': no MT system from 'en' to 'ca'"]


def test_a_media_without_sound_cannot_be_transcribed_but_may_bring_its_subtitles():
    silent = {**MEDIA, "has_audio": False}
    with pytest.raises(PackageError, match="no sound"):
        planned(media=silent)
    assert made(planned(attachments=[attached(4, "en")], media=silent)) == {"en": "client"}


def test_test_mode_gives_empty_subtitles_in_every_language_asked_for():
    plan = planned({"es": {"sub": {}}, "ca": {"tts": {}}}, test_mode=True)
    assert made(plan) == {"en": "test", "es": "test", "ca": "test"}
    assert plan.tracks == []


def test_a_plan_survives_the_database():
    plan = planned({"es": {"sub": {}, "tts": {}}}, [attached(4, "ca")])
    assert Plan.from_json(plan.as_json()) == plan
