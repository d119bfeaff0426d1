"""One client for both sub-APIs: parameters in, the server's answer out (manual, Appendices D, E and F).

Chooses the form of the request and the token, and turns every failure into a ClientError. Prints nothing.
"""

from __future__ import annotations

import base64
import json
from typing import Any, Callable, Iterator

import requests

from .config import Config
from .errors import ClientError
from .families import FULL_KEY, SECRET_KEY, Family, Interface
from .keys import expiry, request_key
from .multipart import UploadBody
from .package import Package
from .transport import Sender
from .version import CLIENT_NAME

POST, QUERY, DATA = "POST", "query", "data"  # the forms of a request: JSON body, GET parameters, one GET parameter


class Answer:
    """What the server answered: `data` if it was JSON, else None and the bytes come from `blocks()`, once."""

    def __init__(self, response: requests.Response, sender: Sender) -> None:
        self.content_type = response.headers.get("Content-Type", "")
        self._response = response
        self._sender = sender
        self.is_json = self.content_type.partition(";")[0].strip().lower() == "application/json"
        self.data: Any = self._json() if self.is_json else None

    def blocks(self) -> Iterator[bytes]:
        """The body, 64 KiB at a time."""
        return self._sender.blocks(self._response)

    def _json(self) -> Any:
        try:
            return json.loads(b"".join(self.blocks()))
        except ValueError:
            raise ClientError("the server answered with broken JSON") from None


class Client:
    """Calls the interfaces of one family (SPEECH or TEXT) for one API client.

    `form` is POST, QUERY or DATA; interfaces that take packages are always posted. `key_version` 1 or 2 sends request
    keys of that version in place of the secret key. `su` is the user to act for (admins only). `log` gets lines
    about every request, with tokens masked.
    """

    def __init__(
        self,
        config: Config,
        family: Family,
        form: str = POST,
        key_version: int | None = None,
        lifetime: float | None = None,
        su: str | None = None,
        log: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.family = family
        self._config = config
        self._form = form
        self._key_version = key_version
        self._lifetime = config.lifetime if lifetime is None else lifetime
        self._su = su
        self._sender = Sender(config.http_auth, log)

    def call(self, name: str, package: Package | None = None, **parameters: Any) -> Answer:
        """Call interface `name` with the manual's parameters; those that are None are left out.

        `package` goes with `ingest/new` and `ingest/update`. Raises ServerError if the server refuses, ClientError
        if a parameter is missing or unknown, if the server cannot be reached or if its answer makes no sense.
        """
        interface = self._interface(name)
        given = {key: value for key, value in parameters.items() if value is not None}
        self._check(name, interface, given)
        body = {**given, **self._authentication(name, interface, given), "client": CLIENT_NAME}
        url = f"{self._config.url('web_service_url')}/{self.family.name}/{name}"
        return Answer(self._send(url, interface, body, package), self._sender)

    def _interface(self, name: str) -> Interface:
        try:
            return self.family.interfaces[name]
        except KeyError:
            raise ClientError(f"/{self.family.name} has no interface '{name}'") from None

    def _check(self, name: str, interface: Interface, given: dict[str, Any]) -> None:
        missing = [key for key in interface.required if key not in given]
        unknown = [key for key in given if key not in interface.required + interface.optional]
        if missing:
            raise ClientError(f"/{self.family.name}/{name} needs {', '.join(missing)}")
        if unknown:
            raise ClientError(f"/{self.family.name}/{name} does not know {', '.join(unknown)}")

    def _authentication(self, name: str, interface: Interface, given: dict[str, Any]) -> dict[str, Any]:
        user, secret = self._config.credentials()
        fields: dict[str, Any] = {"user": user, "auth_token": secret}
        if self._key_version is not None:
            if interface.token == SECRET_KEY:
                raise ClientError(f"/{self.family.name}/{name} takes no request key: call it without -k")
            expire = expiry(self._lifetime)
            author = (given["author_id"], given["author_conf"]) if interface.token == FULL_KEY else None
            scope = self.family.key_scope(interface)
            key = request_key(secret, user, expire, scope, str(given["id"]), author, self._key_version)
            fields.update(auth_token=key, expire=expire)
        if self._su:
            fields["su"] = self._su
        return fields

    def _send(self, url: str, interface: Interface, body: dict[str, Any], package: Package | None) -> requests.Response:
        if package is not None and package.members:
            upload = UploadBody(body, package)
            headers = {"Content-Type": upload.content_type}
            return self._sender.send("POST", url, body, data=upload, headers=headers)
        if self._form == POST or interface.post_only:
            return self._sender.send("POST", url, body, json=body)
        encode = data_parameter if self._form == DATA else query_parameters
        return self._sender.send("GET", url, body, encode=encode)


def data_parameter(parameters: dict[str, Any]) -> dict[str, str]:
    """All parameters in one, `data`: base64 of their JSON dict (manual, Appendix D)."""
    return {"data": _base64_json(parameters)}


def query_parameters(parameters: dict[str, Any]) -> dict[str, str]:
    """Each parameter as text; JSON objects (`mods`) in base64 (manual, /mod)."""
    return {
        key: _base64_json(value) if isinstance(value, (dict, list)) else str(value) for key, value in parameters.items()
    }


def _base64_json(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()
