"""The job that makes one file of a media: for browsers, a thumbnail, the waveform, the sound. A thin command line.

`python -m ingest.jobs.media convert|thumbnail|stream|audio --input FILE --output FILE`, `… empty-video --output FILE`;
`… place --files LIST --media FOLDER` copies files to where they stay (see `ingest.placing`).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ingest.jobs import limit_memory
from ingest.modules.base import media, waveform
from ingest.modules.base.containers import CONTAINERS
from ingest.modules.base.probe import probe
from tlp.errors import MediaError
from tlp.storage import Storage
from tlp.systems import Progress, program


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """The command line: `make` and its files."""
    parser = argparse.ArgumentParser(prog="python -m ingest.jobs.media", description=__doc__)
    makes = parser.add_subparsers(dest="make", required=True)
    for name in ("convert", "thumbnail", "stream", "audio", "empty-video"):
        make = makes.add_parser(name)
        make.add_argument("--output", type=Path, required=True)
        if name != "empty-video":
            make.add_argument("--input", type=Path, required=True)
        if name in ("convert", "empty-video"):
            make.add_argument("--image", type=Path, help="picture to show where there is none")
        if name == "convert":
            make.add_argument("--to", choices=sorted(CONTAINERS), default="mp4", help="container")
        if name == "audio":
            make.add_argument("--longest", type=float, required=True, help="seconds")
    place = makes.add_parser("place")
    place.add_argument("--files", type=Path, required=True, help="JSON: path below the mount point → file")
    place.add_argument("--media", type=Path, required=True, help="the mount point")
    return parser.parse_args(words)


def place(files: Path, media_folder: Path) -> None:
    """Put files where they stay. Raises StorageError."""
    storage, progress = Storage({"media": media_folder}), Progress()
    wanted = json.loads(files.read_text(encoding="utf-8"))
    for done, (relative, source) in enumerate(wanted.items(), 1):
        storage.place(Path(source), "media", relative)
        progress.report(done, len(wanted), "storing files")


def main() -> None:
    """Make what is asked. Raises MediaError in one sentence that names the file."""
    asked = arguments()
    limit_memory()
    if asked.make == "place":
        place(asked.files, asked.media)
        return
    image = getattr(asked, "image", None)
    if image is not None and not image.is_file():
        raise MediaError(f"the picture {image} of the section [data] of the configuration does not exist")
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    if asked.make == "empty-video":
        media.empty_video(asked.output, image)
        return
    try:
        found = probe(asked.input)
        if asked.make == "convert":
            media.convert(asked.input, found, asked.output, image, asked.to)
        elif asked.make == "thumbnail":
            media.thumbnail(asked.input, found, asked.output)
        elif asked.make == "audio":
            media.extract_audio(asked.input, found, asked.output, asked.longest)
        else:
            waveform.write(asked.input, found, asked.output)
    except (MediaError, OSError) as error:
        raise MediaError(f"{asked.input.name} ({asked.make}): {error}") from error


if __name__ == "__main__":
    program(main)
