"""The client side of the TLP Web Service API, for Python 3.8 and later: standard library and `requests` only.

    from libtlp import Client, SPEECH, read_config
    client = Client(read_config("config.ini"), SPEECH)
    print(client.call("langs", id="media-1").data)

It never imports the server's code, so that the folder can be copied to any machine.
"""

from .client import Answer, Client
from .config import Config, read_config
from .errors import ClientError, ServerError
from .families import SPEECH, TEXT, Family
from .manifest import Attachment, Document, Speaker, speech_manifest, text_manifest
from .package import Package
from .version import VERSION

__all__ = [
    "SPEECH",
    "TEXT",
    "VERSION",
    "Answer",
    "Attachment",
    "Client",
    "ClientError",
    "Config",
    "Document",
    "Family",
    "Package",
    "ServerError",
    "Speaker",
    "read_config",
    "speech_manifest",
    "text_manifest",
]
