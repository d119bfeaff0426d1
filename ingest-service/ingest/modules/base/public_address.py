"""Where a client's URL leads: checked once, and connected to exactly there (no second look-up that could differ)."""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

from tlp.errors import DownloadError

_PORTS = {"http": 80, "https": 443}
_KEPT = "%/:=&?~+!$,;'@()*[]"  # what a path or query may hold unquoted
_GLOBAL_IPV6 = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_TUNNELS = (ipaddress.ip_network("2002::/16"), ipaddress.ip_network("2001::/32"))  # hold an IPv4 address that we miss
_LOGIN = re.compile(r"(?<=//)[^/?#]*@")
_VALUE = re.compile(r"(?<=[?&;])([^=&;#]*)=([^&;#]*)")
_SECRET = re.compile(r"sig|token|key|pass|secret|auth|credential|jwt", re.IGNORECASE)
_LONGEST_VALUE, _LONGEST_SHOWN = 24, 300  # characters: identifiers of videos are shorter, signatures longer


@dataclass(frozen=True)
class Place:
    """A checked URL: `host` as the server knows itself, `addresses` where to connect, `target` path and query."""

    url: str
    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]
    target: str


def shown(url: str) -> str:
    """A URL for messages and logs: no user or password, and no value of the query that may be a key."""

    def value(found: re.Match[str]) -> str:
        hidden = len(found[2]) > _LONGEST_VALUE or _SECRET.search(found[1])
        return f"{found[1]}={'…' if hidden else found[2]}"

    short = _VALUE.sub(value, _LOGIN.sub("", url).partition("#")[0])
    return short if len(short) <= _LONGEST_SHOWN else short[:_LONGEST_SHOWN] + "…"


def place(url: str, allow_private: bool) -> Place:
    """Check a URL and resolve its host. Raises DownloadError in words, OSError when the name cannot be found now."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise DownloadError(f"it is no valid URL: {error}") from error
    if parts.scheme not in _PORTS:
        raise DownloadError("only http and https URLs are fetched")
    if not host or port == 0 or not url.isprintable() or "\\" in url:
        raise DownloadError("it is no valid URL")
    if parts.username is not None or parts.password is not None:
        raise DownloadError("URLs with a user name or password are not fetched: the URL is stored and shown")
    try:
        name = host if ":" in host else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise DownloadError(f"'{host}' is no valid host name") from None
    target = urlunsplit(("", "", quote(parts.path, safe=_KEPT) or "/", quote(parts.query, safe=_KEPT), ""))
    port = port or _PORTS[parts.scheme]
    return Place(url, parts.scheme, name, port, _resolved(name, port, allow_private), target)


def _resolved(host: str, port: int, allow_private: bool) -> tuple[str, ...]:
    """The addresses of a host, as the system resolves them: decimal and hexadecimal forms of addresses too."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private and not all(is_public(address) for address in addresses):
        raise DownloadError(f"'{host}' is not in the public network, so nothing is fetched from there")
    if any(_is_link_local(address) for address in addresses):
        raise DownloadError(f"'{host}' is on the machine's own link, from which nothing is ever fetched")
    return addresses


def _is_link_local(address: str) -> bool:
    """Whether an address is link-local: there clouds tell the secrets of a machine."""
    ip = ipaddress.ip_address(address)
    inner = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (inner or ip).is_link_local


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet: not private, local, shared, reserved, multicast or a tunnel."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or (ipaddress.IPv4Address(ip.packed[-4:]) if ip in _NAT64 else None)
        if inner is None:
            return ip in _GLOBAL_IPV6 and ip.is_global and not any(ip in tunnel for tunnel in _TUNNELS)
        ip = inner
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def connection(at: Place, timeout: float) -> http.client.HTTPConnection:
    """A connection, not opened yet, that will go to the checked addresses and nowhere else (also not to a proxy)."""
    if at.scheme == "https":
        return _Tls(at, timeout)
    return _Plain(at, timeout)


class _Plain(http.client.HTTPConnection):
    def __init__(self, at: Place, timeout: float) -> None:
        super().__init__(at.host, at.port, timeout=timeout)
        self._addresses, self._limit = at.addresses, timeout

    def connect(self) -> None:
        self.sock = connected(self._addresses, self.port, self._limit)


class _Tls(http.client.HTTPSConnection):
    def __init__(self, at: Place, timeout: float) -> None:
        self._verifying = ssl.create_default_context()
        super().__init__(at.host, at.port, timeout=timeout, context=self._verifying)
        self._addresses, self._limit = at.addresses, timeout

    def connect(self) -> None:
        plain = connected(self._addresses, self.port, self._limit)
        # The certificate must be of the host that the URL names, not of the address.
        tls = self._verifying.wrap_socket(plain, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock = tls  # before the handshake, so that whoever waits can end it
        tls.do_handshake()


def connected(addresses: tuple[str, ...], port: int, timeout: float) -> socket.socket:
    """A connection to the first of these addresses that answers. Raises the OSError of the last."""
    for address in addresses[:-1]:
        try:
            return socket.create_connection((address, port), timeout)
        except OSError:
            continue
    return socket.create_connection((addresses[-1], port), timeout)
