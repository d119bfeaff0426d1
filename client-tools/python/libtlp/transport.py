"""Sends one HTTP request and reads its answer. Knows nothing of the API; keeps tokens out of logs and messages."""

from __future__ import annotations

import json
import re
from typing import Any, Callable, Iterator
from urllib.parse import urlencode, urlsplit

import requests

from .errors import ClientError, ServerError

_CONNECT_TIMEOUT, _READ_TIMEOUT = 30, 600  # seconds; the server checks a whole package before it answers
_MESSAGE_KEYS = ("rcode_description", "message", "description", "error", "title")
_MESSAGE_LENGTH = 2000


class Sender:
    """A connection to one server. `http_auth` is (user, password) of the web server itself."""

    def __init__(self, http_auth: tuple[str, str] | None, log: Callable[[str], None]) -> None:
        self._session = requests.Session()
        # A function that adds nothing keeps `requests` from sending what it finds in ~/.netrc.
        self._session.auth = http_auth or (lambda request: request)
        self._log = log

    def send(
        self,
        method: str,
        url: str,
        parameters: dict[str, Any],
        encode: Callable[[dict[str, Any]], dict[str, str]] | None = None,
        **body: Any,
    ) -> requests.Response:
        """A successful response whose body has not been read. `parameters` are what the log shows.

        `encode` makes the query string of a GET request out of them. Raises ServerError or ClientError.
        """
        shown = masked(parameters)
        self._log(f"{method} {url}" + (f"?{urlencode(encode(shown))}" if encode else ""))
        self._log(json.dumps(shown, indent=4, ensure_ascii=False))
        try:
            # Redirects are not followed: they would carry the token to an address nobody configured.
            response = self._session.request(
                method,
                url,
                params=encode(parameters) if encode else None,
                allow_redirects=False,
                stream=True,
                timeout=(_CONNECT_TIMEOUT, _READ_TIMEOUT),
                **body,
            )
        except requests.RequestException as error:
            raise ClientError(f"cannot call {url}: {_reason(error)}") from None
        self._log(f"{response.status_code} {response.reason}, {response.headers.get('Content-Type', 'no type')}")
        if not 200 <= response.status_code < 300:
            raise _refusal(response)
        return response

    def blocks(self, response: requests.Response) -> Iterator[bytes]:
        """The body of a response, 64 KiB at a time. Raises ClientError if it breaks off."""
        try:
            yield from response.iter_content(1 << 16)
        except requests.RequestException as error:
            raise ClientError(f"the answer broke off: {_reason(error)}") from None


def masked(parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters with the token hidden: what may be printed."""
    return {key: "********" if key == "auth_token" else value for key, value in parameters.items()}


def _reason(error: BaseException) -> str:
    """Why it failed, in the system's words; never str(error), which quotes the URL with the token in it."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and not isinstance(cause, requests.RequestException) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return f"the connection failed ({type(error).__name__})"


def _refusal(response: requests.Response) -> ServerError:
    if 300 <= response.status_code < 400:
        target = urlsplit(response.headers.get("Location", ""))
        place = f"{target.scheme}://{target.netloc}{target.path}" if target.netloc else target.path
        message = f"the server redirects to {place}; set web_service_url accordingly"
    else:
        message = _message(response)
    return ServerError(response.status_code, response.reason or "", message)


def _message(response: requests.Response) -> str:
    """The server's words, on one line, without control characters that could play with a terminal."""
    try:
        text = response.text
    except requests.RequestException:
        return ""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if isinstance(body, dict):
        text = next((str(body[key]) for key in _MESSAGE_KEYS if body.get(key)), text)
    return re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", text).strip()[:_MESSAGE_LENGTH]
