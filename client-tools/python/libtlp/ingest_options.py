"""The options of `ingest new|update|delete|cancel` as tables, for media and for documents. Parses, calls nothing."""

from __future__ import annotations

from .families import SPEECH, Family
from .manifest import AUDIOTRACK, MEDIA_FILE, RELATED_DOCUMENT, SLIDES, SUBTITLES, THUMBNAIL
from .notation import addresses, attachment, attachment_in_language, json_object, language_request, speaker
from .option import Option, option, switch

_WAIT = switch("--wait", value=True, help="show the progress until the end; exit with 1 if it is an error")
_FORCE = switch(
    *("-f", "--enable-force-opt"),
    dest="force",
    value=True,
    help="make anew what people have edited, too",
)
_ADVANCED = option(
    *("-L", "--requested-languages-json"),
    type=json_object,
    metavar="JSON",
    help="requested_langs as in the manual: JSON or @FILE; what -p and -P ask for is added",
)
_SHARED = (
    switch("-n", "--no-ingest", value=True, help="make the package, print its path and upload nothing"),
    switch("-X", "--test-mode", value=True, help="the service's test mode: ready at once, with empty contents"),
    option("-m", "--mail", type=addresses, action="append", metavar="EMAIL", help="send news here; repeatable"),
    _ADVANCED,
    switch("-T", "--disable-generate-opt", dest="generate", value=False, help="generate nothing"),
    _WAIT,
)


def _attached(*flags: str, parse: object, metavar: str, help: str) -> Option:
    return option(*flags, dest="attachments", action="append", type=parse, metavar=metavar, help=help)


_MEDIA = (
    option("id", metavar="object_id", help="your ID of the media"),
    option("-l", "--language", metavar="LANG", help="language spoken, such as en"),
    option("-t", "--title", help="title; the more descriptive, the better the subtitles"),
    option(
        *("-S", "--speaker-info"),
        dest="speakers",
        type=speaker,
        action="append",
        metavar="ID:[NAME]:[M|F]:[EMAIL]",
        help="a speaker; repeatable",
    ),
    option("-k", "--keywords", help="keywords"),
    option("-i", "--topic", help="topic"),
    option("--date", help="date of publication"),
    option("-M", "--media-file", dest="media", metavar="FILE", help="the main media: a file or an http(s) URL"),
    switch(
        *("-u", "--use-media-as-slides-file"),
        dest="media_is_slides",
        value=True,
        help="the main media shows the slides, too",
    ),
    _attached(
        *("-A", "--extra-media-file"),
        parse=attachment(MEDIA_FILE),
        metavar="FILE",
        help="another media file; repeatable",
    ),
    _attached("-s", "--slides-file", parse=attachment(SLIDES), metavar="FILE", help="slides; repeatable"),
    _attached(
        *("-r", "--docs-file"),
        parse=attachment(RELATED_DOCUMENT),
        metavar="FILE",
        help="a related document; repeatable",
    ),
    _attached(
        *("-b", "--subtitle-file"),
        parse=attachment_in_language(SUBTITLES),
        metavar="LANG:FILE:[0|1]",
        help="subtitles, made by people (1, the default) or not (0); repeatable",
    ),
    _attached(
        *("-K", "--audiotrack-file"),
        parse=attachment_in_language(AUDIOTRACK),
        metavar="LANG:FILE:[0|1]",
        help="an audio track, spoken by people (1, the default) or not (0); repeatable",
    ),
    _attached("-a", "--thumbnail-file", parse=attachment(THUMBNAIL), metavar="FILE", help="thumbnail (jpg)"),
    option(
        *("-p", "--requested-languages-subs"),
        type=language_request,
        action="append",
        metavar="LANG[:SYS]",
        help="ask for subtitles, by the system with this number; repeatable",
    ),
    option(
        *("-P", "--requested-languages-tts"),
        type=language_request,
        action="append",
        metavar="LANG[:SYS]",
        help="ask for an audio track, by the system with this number; repeatable",
    ),
    *_SHARED,
    _FORCE,
)
_REGENERATE_MEDIA = option(
    *("-R", "--re-generate-opt"),
    dest="regenerate",
    action="append",
    choices=("tx", "tl", "tts"),
    help="make the transcription, the translations or the audio tracks anew; repeatable",
)

_DOCUMENTS = (
    option("language", help="language of the documents, such as en"),
    option(
        *("-d", "--document-file"),
        action="append",
        metavar="FILE",
        help="a document: a file or an http(s) URL; repeatable, as are its ID and title, in the same order",
    ),
    option("-i", "--document-id", action="append", metavar="ID", help="your ID of the document"),
    option("-t", "--document-title", action="append", metavar="TITLE", help="title of the document"),
    option(
        *("-p", "--requested-translation-langs"),
        type=language_request,
        action="append",
        metavar="LANG[:SYS]",
        help="ask for a translation, by the system with this number; repeatable",
    ),
    *_SHARED,
)
_REGENERATE_DOCUMENTS = switch(
    *("-R", "--re-generate-opt"), dest="regenerate", value=True, help="translate the documents with these IDs anew"
)

_DELETE = (
    option("id", metavar="object_id", help="ID of the media or document"),
    option(
        *("-x", "--delete-mode"),
        dest="mode",
        choices=("soft", "hard"),
        help="soft: marked as deleted, files backed up; hard: everything goes",
    ),
    _WAIT,
)
_CANCEL = (option("id", metavar="upload_id", help="ID of the upload to cancel"), _WAIT)


def ingest_commands(family: Family) -> dict[str, tuple[str, tuple[Option, ...]]]:
    """operation: (what it does, its options)."""
    new = _MEDIA if family is SPEECH else _DOCUMENTS
    update = (*_MEDIA, _REGENERATE_MEDIA) if family is SPEECH else (*_DOCUMENTS, _REGENERATE_DOCUMENTS, _FORCE)
    return {
        "new": ("upload something new", new),
        "update": ("replace, complete or generate anew", update),
        "delete": ("delete it", _DELETE),
        "cancel": ("cancel an upload that is under way", _CANCEL),
    }
