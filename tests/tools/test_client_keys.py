"""Request keys of both versions (manual, Appendix G)."""

import pytest

from libtlp.keys import request_key

SECRET = "mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"
BASIC = "0cce9cd1c2a0f8d4cd1486bc317c24cb137fbf58"
AUTHOR_HALF = "5ff4dec6d50b3aac13f3d0a7de4e3bb111bc107d"


def test_the_manuals_example_44_is_reproduced():
    author = ("player_user_1234", 100)
    assert request_key(SECRET, "tluser", 1433875891, "speech", "media-1234", version=1) == BASIC
    assert request_key(SECRET, "tluser", 1433875891, "speech", "media-1234", author, version=1) == BASIC + AUTHOR_HALF


def test_a_full_key_of_version_2_is_the_basic_one_and_a_second_half():
    basic = request_key(SECRET, "tluser", 1433875891, "speech", "media-1234")
    full = request_key(SECRET, "tluser", 1433875891, "speech", "media-1234", ("jsnow", 100))
    assert basic.startswith("v2:") and len(basic) == 67
    assert full.startswith(basic + ":") and len(full) == 132


@pytest.mark.parametrize("version", [1, 2])
def test_only_version_2_tells_apart_fields_that_run_into_each_other(version):
    one = request_key(SECRET, "tluser", 41433875891, "speech", "media-123", version=version)
    other = request_key(SECRET, "tluser", 1433875891, "speech", "media-1234", version=version)
    assert (one == other) is (version == 1)


@pytest.mark.parametrize("version", [1, 2])
def test_only_version_2_tells_an_author_from_a_confidence(version):
    one = request_key(SECRET, "tluser", 1433875891, "speech", "m", ("user", 100), version)
    other = request_key(SECRET, "tluser", 1433875891, "speech", "m", ("user10", 0), version)
    assert (one == other) is (version == 1)


def test_lengths_are_counted_in_bytes():
    # Made independently: printf '9:tlp-basic6:speech3:né10:14338758916:tluser' | openssl dgst -sha256 -hmac secret
    expected = "v2:72335d882c1ee1db51054cab41133fbb5beefb983c2e203db5710a67b059b50a"
    assert request_key("secret", "tluser", 1433875891, "speech", "né") == expected


def test_the_ids_of_sessions_have_keys_of_their_own():
    # Made independently, of 9:tlp-basic13:text-sessions5:27,4310:14338758916:tluser
    # and 10:tlp-author13:text-sessions3:ann3:1005:27,4310:14338758916:tluser
    basic = "v2:cb04658ff286614aa0f1e024b4df539ce471979fa7037d63ae677bcdc0e6da8e"
    author = "1956d21a593c7c500e327b3ba45e38272dd7fd50924ca7fd69ea305cda416aae"
    assert request_key("secret", "tluser", 1433875891, "text-sessions", "27,43", ("ann", 100)) == f"{basic}:{author}"


def test_only_version_2_tells_apart_what_an_id_names():
    scopes = ("speech", "text", "speech-sessions", "text-sessions")
    for version, different in ((1, 1), (2, 4)):
        made = [request_key(SECRET, "tluser", 1433875891, scope, "110", ("ann", 100), version) for scope in scopes]
        assert len(set(made)) == different
        assert len({key.split(":")[-1] for key in made}) == different
