"""Every error the platform raises on purpose. Raise where the cause is known, translate at an edge, log once.

A message says what is wrong, where, and what to do; it is shown to people.
"""


class TlpError(Exception):
    """The root: an error whose message may be shown to a client."""


class ConfigError(TlpError):
    """The configuration cannot be used; the message names the file, section and key."""


class ParameterError(TlpError):
    """A request is malformed (HTTP 400). `parameter` names what is wrong."""

    def __init__(self, message: str, parameter: str | None = None) -> None:
        super().__init__(message)
        self.parameter = parameter


class AuthenticationError(TlpError):
    """Unknown user, wrong token or no right to the object (HTTP 401, manual, Appendix D)."""


class KeyExpiredError(TlpError):
    """A request key whose time is over (HTTP 419, manual, Appendix D)."""


class ReturnCode(TlpError):
    """A negative answer that the manual gives as an `rcode` in an HTTP 200 answer."""

    def __init__(self, rcode: int, message: str, **extra: object) -> None:
        super().__init__(message)
        self.rcode = rcode
        self.extra = extra


class FormatError(TlpError):
    """A subtitle or document file cannot be read; the message names the format and the line."""


class PackageError(TlpError):
    """A media or document package is unusable (upload status 101)."""


class QuotaError(PackageError):
    """The client's quota does not suffice (manual, section 7.2)."""


class DownloadError(PackageError):
    """A URL given by a client could not be fetched, or may not be."""


class MediaError(TlpError):
    """A media file cannot be read or converted."""


class Killed(TlpError):
    """A program was killed from outside: nothing is known of what it worked on, and another try is worth it."""


class SystemUnavailable(TlpError):
    """An ASR, MT or TTS system cannot run here; the message says what is missing."""


class ModelError(SystemUnavailable):
    """A model is missing or its SHA-256 is not the pinned one."""


class SchedulerError(TlpError):
    """The job management system did not answer or refused a job. Always worth another try."""


class StorageError(TlpError):
    """A file of the platform cannot be read or written; the message names mount point and path."""


class NotSent(TlpError):
    """A mail or a callback has not arrived.

    `for_good`: another try cannot help. `receiver_down`: what else is for the same server would not arrive either.
    """

    def __init__(self, message: str, for_good: bool = False, receiver_down: bool = False) -> None:
        super().__init__(message)
        self.for_good, self.receiver_down = for_good, receiver_down
