"""Hands a mail to the mail server of the configuration ([mailing], manual, Appendix A). Writes no mail."""

from __future__ import annotations

import functools
import logging
import smtplib
import socket
import ssl
from email.message import EmailMessage

from tlp.config import Mailing
from tlp.errors import NotSent

log = logging.getLogger(__name__)
TIMEOUT_S = 10.0  # without a sign of the server
PORTS = {"none": 25, "starttls": 587, "tls": 465}


def send(settings: Mailing, message: EmailMessage) -> None:
    """Hand over a mail with its sender and receivers in its header. Raises NotSent in words for an administrator."""
    if settings.smtp_user and settings.smtp_security == "none":
        raise NotSent("a password is not sent in the clear: set [mailing] smtp_security", receiver_down=True)
    host, port = _place(settings)
    try:
        with _server(settings, host, port) as server:
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
            for address, (code, words) in server.send_message(message).items():
                log.warning("the mail server refuses %s: %d %s", address, code, _text(words))
    except smtplib.SMTPRecipientsRefused as error:
        code, words = max(error.recipients.values())
        raise NotSent(f"the mail server refuses the address: {code} {_text(words)}", for_good=code >= 500) from error
    except smtplib.SMTPResponseException as error:
        # refused as a sender, a login or a host: so would be any other mail; what is wrong with this one it says last
        whole = not isinstance(error, smtplib.SMTPDataError)
        answer = f"the mail server answered {error.smtp_code} {_text(error.smtp_error)}"
        raise NotSent(answer, receiver_down=whole) from error
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(f"the mail server {host}:{port} cannot be used: {error}", receiver_down=True) from error


def _server(settings: Mailing, host: str, port: int) -> smtplib.SMTP:
    if settings.smtp_security == "tls":
        return smtplib.SMTP_SSL(host, port, _own_name(), timeout=TIMEOUT_S, context=ssl.create_default_context())
    server = smtplib.SMTP(host, port, _own_name(), timeout=TIMEOUT_S)
    if settings.smtp_security == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def _place(settings: Mailing) -> tuple[str, int]:
    """Host and port; the port may also stand in smtp_server, as `host:port`."""
    host, _, port = settings.smtp_server.partition(":") if settings.smtp_server.count(":") == 1 else ("", "", "")
    if settings.smtp_port or not port.isdigit():
        return settings.smtp_server, settings.smtp_port or PORTS[settings.smtp_security]
    return host, int(port)


@functools.cache
def _own_name() -> str:
    """How this machine names itself to mail servers. Found once: it may take a look-up of seconds."""
    name = socket.getfqdn()
    return name if "." in name else "[127.0.0.1]"


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
