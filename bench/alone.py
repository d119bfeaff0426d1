"""The peer of bench.asr: faster-whisper as its documentation shows it, in a process of its own, without the platform.

`python -m bench.alone MODEL WAV TEXT PROCESSORS` writes what it hears to the file TEXT.
"""

import sys
from pathlib import Path

from faster_whisper import WhisperModel


def main() -> None:
    model, wav, text, processors = sys.argv[1:]
    whisper = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=int(processors))
    segments, _ = whisper.transcribe(
        wav,
        language="en",
        beam_size=5,
        vad_filter=True,
        word_timestamps=True,
        condition_on_previous_text=False,
    )
    Path(text).write_text("\n".join(segment.text.strip() for segment in segments), encoding="utf-8")


if __name__ == "__main__":
    main()
