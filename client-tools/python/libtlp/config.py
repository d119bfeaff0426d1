"""The tools' config.ini (manual, Appendix H) → a frozen `Config`. Reads it and says what is wrong; writes nothing."""

from __future__ import annotations

import configparser
import math
import os
from dataclasses import dataclass, field, replace

from .errors import ClientError

SAMPLE = """\
# Configuration of the client tools of the platform. It holds a secret: keep it readable by you alone.

[general]
# Where the Web Service, the Media Player and the Translation Editor are.
web_service_url = http://my-tlp-server.com/api
player_url = http://my-tlp-server.com/player
translation_editor_url = http://my-tlp-server.com/editor

[http_auth]
# A user name and password asked for by the web server itself, before the Web Service is reached.
enabled = no
username =
password =

[api_client_auth]
# The API client and its secret key.
username = tluser
secret_key = akjsfd982323098qwjs209823id09321io3290d
# Minutes for which request keys, and the URLs made with them, are good. `url_lifetime` is the same thing.
request_key_expire_lifetime = 1440

[player_user_info]
# Who edits, when URLs of the Player and the Editor are made: id, name (optional), confidence from 0 to 100.
user_id = jsnow21
user_full_name = John Snow
user_confidence = 100
"""

_LIFETIME_KEYS = ("request_key_expire_lifetime", "url_lifetime")
_DEFAULT_LIFETIME = "1440"


@dataclass(frozen=True)
class Config:
    """Everything the tools know about the server and the caller. `lifetime` is in minutes."""

    web_service_url: str = ""
    player_url: str = ""
    translation_editor_url: str = ""
    http_auth: tuple[str, str] | None = field(default=None, repr=False)
    user: str = ""
    secret_key: str = field(default="", repr=False)
    lifetime: float = float(_DEFAULT_LIFETIME)
    author_id: str = ""
    author_name: str = ""
    author_conf: int = 0
    source: str = "the configuration"

    def url(self, key: str) -> str:
        """The URL stored under `key`, without a slash at its end. Raises ClientError if it is not one."""
        value: str = getattr(self, key)
        if not value.startswith(("http://", "https://")):
            raise ClientError(f"{self.source}: [general] {key} must be an http(s) URL, not '{value}'")
        return value.rstrip("/")

    def credentials(self) -> tuple[str, str]:
        """(user, secret key). Raises ClientError if one of them is not known."""
        if not self.user or not self.secret_key:
            raise ClientError(
                f"{self.source}: [api_client_auth] needs username and secret_key, or give -I USERNAME:AUTH_TOKEN"
            )
        return self.user, self.secret_key

    def with_credentials(self, user_tuple: str | None) -> Config:
        """A copy with USERNAME:AUTH_TOKEN as given to -I."""
        if user_tuple is None:
            return self
        user, colon, token = user_tuple.partition(":")
        if not (user and colon and token):
            raise ClientError("-I: the format is USERNAME:AUTH_TOKEN")
        return replace(self, user=user, secret_key=token)


def read_config(path: str | os.PathLike[str]) -> Config:
    """The configuration in the file at `path`. Raises ClientError that names the file, the section and the key."""
    source = os.fspath(path)
    parser = configparser.ConfigParser(interpolation=None)
    try:
        with open(source, encoding="utf-8-sig") as lines:
            parser.read_file(lines)
        return _config(parser, source)
    except OSError as error:
        raise ClientError(
            f"cannot read the configuration {source}: {error.strerror}. Give one with -c; -C prints a sample"
        ) from None
    except (configparser.Error, UnicodeDecodeError) as error:
        # Not the parser's own words: they quote the line, and the line may hold the secret.
        raise ClientError(f"{source} is not a configuration file ({type(error).__name__})") from None


def _config(parser: configparser.ConfigParser, source: str) -> Config:
    def text(section: str, key: str, default: str = "") -> str:
        return parser.get(section, key, fallback=default).strip() or default

    lifetime_key = next((key for key in _LIFETIME_KEYS if text("api_client_auth", key)), _LIFETIME_KEYS[0])
    lifetime = text("api_client_auth", lifetime_key, _DEFAULT_LIFETIME)
    confidence = text("player_user_info", "user_confidence", "0")
    return Config(
        web_service_url=text("general", "web_service_url"),
        player_url=text("general", "player_url"),
        translation_editor_url=text("general", "translation_editor_url"),
        http_auth=_http_auth(parser, source),
        user=text("api_client_auth", "username"),
        secret_key=text("api_client_auth", "secret_key"),
        lifetime=_number(lifetime, f"{source}: [api_client_auth] {lifetime_key}"),
        author_id=text("player_user_info", "user_id"),
        author_name=text("player_user_info", "user_full_name"),
        author_conf=int(_number(confidence, f"{source}: [player_user_info] user_confidence")),
        source=source,
    )


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ClientError(f"{where} must be a number, not '{text}'")
    return value


def _http_auth(parser: configparser.ConfigParser, source: str) -> tuple[str, str] | None:
    try:
        if not parser.getboolean("http_auth", "enabled", fallback=False):
            return None
    except ValueError:
        raise ClientError(f"{source}: [http_auth] enabled must be yes or no") from None
    return parser.get("http_auth", "username", fallback=""), parser.get("http_auth", "password", fallback="")
