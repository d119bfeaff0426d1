"""Request keys of both versions (manual, Appendix G)."""

import pytest

from libtlp.keys import request_key

SECRET = "mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"
BASIC = "0cce9cd1c2a0f8d4cd1486bc317c24cb137fbf58"
AUTHOR_HALF = "5ff4dec6d50b3aac13f3d0a7de4e3bb111bc107d"


def test_the_manuals_example_44_is_reproduced():
    author = ("player_user_1234", 100)
    assert request_key(SECRET, "tluser", 1433875891, "media-1234", version=1) == BASIC
    assert request_key(SECRET, "tluser", 1433875891, "media-1234", author, version=1) == BASIC + AUTHOR_HALF


def test_a_full_key_of_version_2_is_the_basic_one_and_a_second_half():
    basic = request_key(SECRET, "tluser", 1433875891, "media-1234")
    full = request_key(SECRET, "tluser", 1433875891, "media-1234", ("jsnow", 100))
    assert basic.startswith("v2:") and len(basic) == 67
    assert full.startswith(basic + ":") and len(full) == 132


@pytest.mark.parametrize("version", [1, 2])
def test_only_version_2_tells_apart_fields_that_run_into_each_other(version):
    one = request_key(SECRET, "tluser", 41433875891, "media-123", version=version)
    other = request_key(SECRET, "tluser", 1433875891, "media-1234", version=version)
    assert (one == other) is (version == 1)


@pytest.mark.parametrize("version", [1, 2])
def test_only_version_2_tells_an_author_from_a_confidence(version):
    one = request_key(SECRET, "tluser", 1433875891, "m", ("user", 100), version)
    other = request_key(SECRET, "tluser", 1433875891, "m", ("user10", 0), version)
    assert (one == other) is (version == 1)


def test_lengths_are_counted_in_bytes():
    # Made independently: printf '9:tlp-basic3:né10:14338758916:tluser' | openssl dgst -sha256 -hmac secret
    expected = "v2:bf2c63a504903c83f7f3975022e22a2cccb1d277229f0c4be49565a26d5d9782"
    assert request_key("secret", "tluser", 1433875891, "né") == expected
