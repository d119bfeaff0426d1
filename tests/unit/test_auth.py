"""Request keys (manual, Appendix G), and what an attacker would make of them."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest

from tlp import auth
from tlp.auth import KeyFields
from tlp.config import Authentication
from tlp.errors import AuthenticationError, KeyExpiredError

SECRET = "mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"
EXAMPLE_44 = KeyFields("speech", "media-1234", "1433875891", "tluser", "player_user_1234", "100")
RULES = Authentication(key_generator="")
CAPS_OFF = Authentication(key_generator="", cap_ambiguous_confidence=False)
MILLISECONDS = Authentication(key_generator="", max_key_lifetime=0, millisecond_expire=True)
BEFORE = 1433875000.0


def _check(token: str, fields: KeyFields, rules: Authentication = RULES, now: float = BEFORE) -> None:
    auth.check_key(token, SECRET, fields, rules, now)


def test_example_44_of_the_manual() -> None:
    basic = "0cce9cd1c2a0f8d4cd1486bc317c24cb137fbf58"
    assert auth.basic_key(SECRET, EXAMPLE_44) == basic
    assert auth.full_key(SECRET, EXAMPLE_44) == basic + "5ff4dec6d50b3aac13f3d0a7de4e3bb111bc107d"
    _check(basic, EXAMPLE_44)
    _check(auth.full_key(SECRET, EXAMPLE_44), EXAMPLE_44)


def test_version_2_is_an_hmac_of_length_prefixed_fields() -> None:
    message = "9:tlp-basic6:speech5:lécx10:14338758916:tluser".encode()
    expected = "v2:" + hmac.new(SECRET.encode(), message, hashlib.sha256).hexdigest()
    fields = KeyFields("speech", "lécx", "1433875891", "tluser", "teacher", "90")
    assert auth.basic_key_v2(SECRET, fields) == expected
    author = "10:tlp-author6:speech7:teacher2:905:lécx10:14338758916:tluser".encode()
    half = hmac.new(SECRET.encode(), author, hashlib.sha256).hexdigest()
    assert auth.full_key_v2(SECRET, fields) == f"{expected}:{half}"
    _check(expected, fields)
    _check(f"{expected}:{half}", fields)
    assert auth.check_author(f"{expected}:{half}", SECRET, fields, RULES) == 90


@pytest.mark.parametrize("make", [auth.basic_key, auth.basic_key_v2, auth.full_key, auth.full_key_v2])
def test_a_key_is_good_for_its_own_fields_only(make: object) -> None:
    token = make(SECRET, EXAMPLE_44)  # type: ignore[operator]
    for change in ({"id": "media-1235"}, {"user": "tluser2"}, {"expire": "1433875892"}):
        with pytest.raises(AuthenticationError):
            _check(token, replace(EXAMPLE_44, **change))


@pytest.mark.parametrize("scope", ["text", "speech-sessions", "text-sessions", ""])
def test_attack_a_version_2_key_is_good_in_its_own_scope_only(scope: str) -> None:
    fields = replace(EXAMPLE_44, scope=scope)
    token = auth.full_key_v2(SECRET, EXAMPLE_44)
    with pytest.raises(AuthenticationError):
        _check(token, fields)
    halves = auth.basic_key_v2(SECRET, fields) + ":" + token.split(":")[2]
    _check(halves, fields)
    with pytest.raises(AuthenticationError, match="author's half"):
        auth.check_author(halves, SECRET, fields, RULES)


@pytest.mark.parametrize("token", ["", "v2:", "v2", "v2::", "é" * 40, "0" * 40, "V2:" + "0" * 64])
def test_a_token_of_any_shape_is_refused_without_a_crash(token: str) -> None:
    with pytest.raises(AuthenticationError):
        _check(token, EXAMPLE_44)


@pytest.mark.parametrize("make", [auth.basic_key, auth.basic_key_v2])
def test_a_good_key_whose_time_is_over_has_expired(make: object) -> None:
    token = make(SECRET, EXAMPLE_44)  # type: ignore[operator]
    _check(token, EXAMPLE_44, now=1433875891)
    with pytest.raises(KeyExpiredError):
        _check(token, EXAMPLE_44, now=1433875892)


def test_a_wrong_key_whose_time_is_over_is_only_wrong() -> None:
    with pytest.raises(AuthenticationError):
        _check("0" * 40, EXAMPLE_44, now=2e9)


@pytest.mark.parametrize(
    "expire",
    ["41433875891", "0433875891", "+433875891", " 433875891", "14338_5891", "1433875891\n", "١٤٣٣٨٧٥٨٩١", "143387589"],
)
def test_attack_expire_that_is_not_canonical_is_refused_though_the_key_fits(expire: str) -> None:
    fields = replace(EXAMPLE_44, expire=expire)
    with pytest.raises(AuthenticationError):
        _check(auth.basic_key(SECRET, fields), fields)


def test_attack_digits_moved_from_the_id_to_expire() -> None:
    issued = auth.basic_key(SECRET, KeyFields("speech", "media-1234", "1433875891", "tluser"))
    moved = KeyFields("speech", "media-123", "41433875891", "tluser")
    assert auth.basic_key(SECRET, moved) == issued
    with pytest.raises(AuthenticationError):
        _check(issued, moved)


def test_attack_a_zero_moved_from_the_id_to_expire() -> None:
    issued = auth.basic_key(SECRET, KeyFields("speech", "lecture10", "1433875891", "tluser"))
    with pytest.raises(AuthenticationError):
        _check(issued, KeyFields("speech", "lecture1", "01433875891", "tluser"))


def test_a_key_beyond_the_longest_life_is_refused() -> None:
    rules = Authentication(key_generator="", max_key_lifetime=10)
    token = auth.basic_key(SECRET, EXAMPLE_44)
    _check(token, EXAMPLE_44, rules, now=1433875891 - 600)
    with pytest.raises(AuthenticationError, match="further away"):
        _check(token, EXAMPLE_44, rules, now=1433875891 - 601)


def test_milliseconds_are_accepted_only_where_the_operator_allows_them() -> None:
    fields = replace(EXAMPLE_44, expire="1433875891000")
    token = auth.basic_key(SECRET, fields)
    _check(token, fields, MILLISECONDS)
    with pytest.raises(KeyExpiredError):
        _check(token, fields, MILLISECONDS, now=1433875892)
    with pytest.raises(AuthenticationError):
        _check(token, fields)


def test_attack_milliseconds_read_as_seconds_of_another_object() -> None:
    """At some times the last ten digits of a time in milliseconds are a time in seconds that is near."""
    now = 1799999000.0
    issued, other = (
        KeyFields("speech", "m1", "1800000000000", "tluser"),
        KeyFields("speech", "m1180", "0000000000", "tluser"),
    )
    assert auth.basic_key(SECRET, issued) == auth.basic_key(SECRET, other)
    with pytest.raises(AuthenticationError):
        _check(auth.basic_key(SECRET, other), other, MILLISECONDS, now)
    near = KeyFields("speech", "m1", "1791800000000", "tluser"), KeyFields("speech", "m1179", "1800000000", "tluser")
    for reading in near:
        with pytest.raises(AuthenticationError, match="two ways"):
            _check(auth.basic_key(SECRET, reading), reading, MILLISECONDS, now=1791790000.0)


def test_attack_user10_with_confidence_0_cannot_be_user_with_confidence_100() -> None:
    issued = replace(EXAMPLE_44, author_id="user10", author_conf="0")
    claimed = replace(EXAMPLE_44, author_id="user", author_conf="100")
    token = auth.full_key(SECRET, issued)
    assert auth.full_key(SECRET, claimed) == token
    assert auth.check_author(token, SECRET, claimed, RULES) == 0
    assert auth.check_author(token, SECRET, claimed, CAPS_OFF) == 100
    with pytest.raises(AuthenticationError):
        auth.check_author(auth.full_key_v2(SECRET, issued), SECRET, claimed, RULES)


@pytest.mark.parametrize(
    ("author", "conf", "granted"),
    [("ann", "7", 7), ("ann", "90", 0), ("ann", "99", 9), ("ann5", "9", 9), ("ann1", "5", 5)],
)
def test_a_version_1_key_grants_the_smallest_confidence_it_can_stand_for(author: str, conf: str, granted: int) -> None:
    fields = replace(EXAMPLE_44, author_id=author, author_conf=conf)
    assert auth.check_author(auth.full_key(SECRET, fields), SECRET, fields, RULES) == granted
    assert auth.check_author(auth.full_key_v2(SECRET, fields), SECRET, fields, RULES) == int(conf)


def test_attack_the_basic_key_of_an_object_is_no_author_with_confidence_100() -> None:
    """sha1("lecture100" + …) is both; whoever can see the object would become a trusted author."""
    seen = auth.basic_key(SECRET, KeyFields("speech", "lecture100", "1433875891", "tluser"))
    claimed = KeyFields("speech", "media-1234", "1433875891", "tluser", "lecture", "100")
    token = auth.basic_key(SECRET, claimed) + seen
    assert auth.check_author(token, SECRET, claimed, RULES) == 0


@pytest.mark.parametrize("conf", ["", "007", "+7", "101", "1_0", " 5", "٧", "-1"])
def test_attack_confidence_that_is_not_canonical_is_refused_though_the_key_fits(conf: str) -> None:
    fields = replace(EXAMPLE_44, author_id="ann", author_conf=conf)
    with pytest.raises(AuthenticationError):
        auth.check_author(auth.full_key(SECRET, fields), SECRET, fields, CAPS_OFF)


@pytest.mark.parametrize("make", [auth.basic_key, auth.basic_key_v2])
def test_attack_a_basic_key_makes_nobody_an_author(make: object) -> None:
    with pytest.raises(AuthenticationError):
        auth.check_author(make(SECRET, EXAMPLE_44), SECRET, EXAMPLE_44, CAPS_OFF)  # type: ignore[operator]


def test_attack_keys_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append((a, b)) or a == b)
    assert auth.is_secret(SECRET, SECRET)
    _check(auth.full_key(SECRET, EXAMPLE_44), EXAMPLE_44)
    auth.check_author(auth.full_key_v2(SECRET, EXAMPLE_44), SECRET, EXAMPLE_44, RULES)
    assert len(compared) == 3


def test_the_client_tools_make_the_keys_that_the_server_checks() -> None:
    from libtlp import keys

    author = ("player_user_1234", 100)
    for version, basic, full in ((1, auth.basic_key, auth.full_key), (2, auth.basic_key_v2, auth.full_key_v2)):
        made = keys.request_key(SECRET, "tluser", 1433875891, EXAMPLE_44.scope, "media-1234", None, version)
        assert made == basic(SECRET, EXAMPLE_44)
        made = keys.request_key(SECRET, "tluser", 1433875891, EXAMPLE_44.scope, "media-1234", author, version)
        assert made == full(SECRET, EXAMPLE_44)
