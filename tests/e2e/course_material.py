"""The material of a small course, made for the tests: a short video and a unit as Word, web page and plain text."""

from __future__ import annotations

import subprocess
from pathlib import Path

import docx

from installer import sample

VIDEO_SECONDS = 20  # the first five sentences of the sample
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>The weather in the city</title>
<style>p { color: navy }</style></head>
<body><h1>The weather in the city</h1>
<p class="lead">The house is <b>white</b>. We work at <a href="https://example.org/u">the university</a>.</p>
<ul><li>The river is long.</li><li>The house is new.</li></ul></body></html>
"""
NOTES = "The children read the book.\n\nThe train arrives tomorrow. The city is old.\n"


def video(folder: Path) -> Path:
    """A lecture with sound, MP4."""
    target = folder / "unit.mp4"
    picture = ["-f", "lavfi", "-i", "color=c=0x22303c:s=320x180:r=5"]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "96k"]
    command = ["ffmpeg", "-nostdin", "-v", "error", *picture, "-i", str(sample.RECORDING), "-t", str(VIDEO_SECONDS)]
    subprocess.run([*command, *codecs, "-movflags", "+faststart", str(target)], check=True)
    return target


def unit(folder: Path) -> Path:
    """A Word file with a heading, a bold word, a list, a table, a header and a footer."""
    made = docx.Document()
    made.add_heading("The house and the city", 1)
    paragraph = made.add_paragraph("The house is ")
    paragraph.add_run("big").bold = True
    paragraph.add_run(". The book is on the table.")
    made.add_paragraph("The first lesson", style="List Bullet")
    table = made.add_table(1, 2, style="Table Grid")
    table.cell(0, 0).text, table.cell(0, 1).text = "The city is old.", "42"
    made.sections[0].header.paragraphs[0].text = "University of Valencia"
    made.sections[0].footer.paragraphs[0].text = "Page of the course"
    target = folder / "unit.docx"
    made.save(str(target))
    return target


def page(folder: Path) -> Path:
    target = folder / "page.html"
    target.write_text(PAGE, encoding="utf-8")
    return target


def notes(folder: Path) -> Path:
    target = folder / "notes.txt"
    target.write_text(NOTES, encoding="utf-8")
    return target
