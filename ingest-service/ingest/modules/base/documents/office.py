"""Documents that only an office program can read, through one without a screen: to docx or pptx, and back.

A program of its own for each file, in a folder of its own: no macros, no links followed, no network, a time limit; all
its processes end with it. Without such a program these formats are refused, in words.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ingest.modules.base.documents import pdf
from tlp.errors import PackageError

# Format → what it is converted to, and the format in which it is given back.
CONVERTED = {
    "doc": ("docx", "doc"),
    "odt": ("docx", "odt"),
    "rtf": ("docx", "rtf"),
    "pdf": ("docx", "docx"),  # nobody writes into a PDF: it comes back as a Word file
    "ppt": ("pptx", "ppt"),
}
_READ = {"pdf": "writer_pdf_import"}
_WRITE = {
    "docx": "docx:MS Word 2007 XML", "doc": "doc:MS Word 97", "odt": "odt:writer8", "rtf": "rtf:Rich Text Format",
    "pptx": "pptx:Impress MS PowerPoint 2007 XML", "ppt": "ppt:MS PowerPoint 97",
}  # fmt: skip
_MOST = 1 << 30  # bytes of a converted file
_SETTINGS = {
    "/org.openoffice.Office.Common/Security/Scripting": {
        "MacroSecurityLevel": "3",
        "DisableMacrosExecution": "true",
        "DisableActiveContent": "true",
        "BlockUntrustedRefererLinks": "true",
    },
    "/org.openoffice.Office.Writer/Content/Update": {"Link": "0"},
    "/org.openoffice.Office.Calc/Content/Update": {"Link": "1"},
    # A proxy that nobody listens on, should anything want to go out all the same.
    "/org.openoffice.Inet/Settings": {
        "ooInetProxyType": "1",
        "ooInetHTTPProxyName": "127.0.0.1",
        "ooInetHTTPProxyPort": "9",
        "ooInetHTTPSProxyName": "127.0.0.1",
        "ooInetHTTPSProxyPort": "9",
        "ooInetNoProxy": "",
    },
}


@dataclass(frozen=True)
class Converter:
    """`program`: a name on PATH or a path; `timeout`: seconds for one file."""

    program: str = "soffice"
    timeout: float = 300

    def convert(self, source: Path, target: Path) -> None:
        """Make `target` of `source`; their extensions are their formats. Raises PackageError in words."""
        if source.suffix == ".pdf" and target.suffix == ".docx" and pdf.can_be_read():
            pdf.convert(source, target, self.timeout)
            return
        program = shutil.which(self.program)
        if program is None:
            raise PackageError(
                f"the office converter is not installed: '{self.program}' is not on PATH; "
                f"without it {source.suffix[1:]} files cannot be read: send docx, pptx, html or txt"
            )
        with tempfile.TemporaryDirectory(prefix="office-") as folder:
            made = self._made(program, Path(folder), source, target.suffix[1:])
            shutil.move(made, target)

    def _made(self, program: str, folder: Path, source: Path, form: str) -> Path:
        """The converted file, in the folder."""
        given = folder / f"in.{source.suffix[1:]}"
        shutil.copyfile(source, given)
        _write_profile(folder / "profile")
        (folder / "out").mkdir()
        said = self._run(_command(program, folder, given, form), folder)
        made = folder / "out" / f"in.{form}"
        if not made.is_file() or not made.stat().st_size:
            cause = said or "the converter made nothing of it"
            raise PackageError(f"it cannot be opened; it may be damaged or need a password ({cause})")
        if made.stat().st_size > _MOST:
            raise PackageError(f"converted it has more than {_MOST >> 20} MiB")
        return made

    def _run(self, command: list[str], folder: Path) -> str:
        """Run it to its end; returns the last line it said. None of its processes outlives this."""
        environment = {
            "HOME": str(folder), "TMPDIR": str(folder), "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C.UTF-8", "SAL_USE_VCLPLUGIN": "svp",
        }  # fmt: skip
        log = folder / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                command, cwd=folder, env=environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
            try:
                process.wait(self.timeout)
            except subprocess.TimeoutExpired as error:
                raise PackageError(f"its conversion took longer than {self.timeout:g} s") from error
            finally:
                _end(process)
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "").replace(str(folder), "")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and everything it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        process.wait()


def _command(program: str, folder: Path, given: Path, form: str) -> list[str]:
    reading = _READ.get(given.suffix[1:])
    return [
        program, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--norestore",
        "--nologo", "--nodefault", "--nolockcheck", "--nofirststartwizard",
        *([f"--infilter={reading}"] if reading else []),
        "--convert-to", _WRITE[form], "--outdir", str(folder / "out"), str(given),
    ]  # fmt: skip


def _write_profile(folder: Path) -> None:
    """The settings that the program starts with."""
    (folder / "user").mkdir(parents=True)
    items = "\n".join(
        f'<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for path, values in _SETTINGS.items()
        for name, value in values.items()
    )
    (folder / "user" / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<oor:items xmlns:oor="http://openoffice.org/2001/registry">\n'
        f"{items}\n</oor:items>\n",
        encoding="utf-8",
    )
