"""MP3 files as the row of frames they are, so that a part of a track is replaced without encoding the rest anew.

Knows frames, not speech. Layer III only (ISO 11172-3 and 13818-3); the first frame may be a table of contents.
"""

from __future__ import annotations

from dataclasses import dataclass

from tlp.errors import FormatError

DELAY = 1105  # samples by which LAME and a decoder shift the sound: 576 + 529
_BITRATES = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLE_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # by version bits
_RESERVOIR = 511  # bytes that a frame may borrow from those before it


@dataclass(frozen=True)
class Frames:
    """A file's frames: frame `k` is `data[at[k]:at[k + 1]]`; `head` is what comes before the first one."""

    data: bytes
    head: int
    at: tuple[int, ...]
    kind: tuple[int, int, int]  # version bits, sample rate, channel mode
    samples: int  # of a frame

    @property
    def count(self) -> int:
        return len(self.at) - 1

    @property
    def seconds(self) -> float:
        """How long one frame sounds."""
        return self.samples / self.kind[1]

    @property
    def delay(self) -> float:
        """By how many seconds the sound of a frame comes before its place in the row."""
        return DELAY / self.kind[1]

    def cut(self, first: int, last: int) -> bytes:
        """The bytes of the frames from `first` up to, not including, `last`."""
        return self.data[self.at[first] : self.at[last]]

    def stands_alone(self, frame: int) -> bool:
        """Whether the sound from this frame on needs nothing of the frames before it."""
        start = self.at[frame]
        return all(
            _borrowed(self.data, self.at[k]) <= self.at[k] - start
            for k in range(frame, self.count)
            if self.at[k] - start <= _RESERVOIR
        )


def read(data: bytes) -> Frames:
    """The frames of a file; a tag before them and what follows them do not count. Raises FormatError."""
    position = _after_tag(data)
    found = _header(data, position)
    if found is None:
        raise FormatError("this is no MP3 file of layer III")
    kind, samples, size = found
    if any(name in data[position : position + size] for name in (b"Xing", b"Info")):
        position += size
    at = [position]
    while (found := _header(data, position)) is not None and found[0] == kind:
        if position + found[2] > len(data):
            break
        position += found[2]
        at.append(position)
    if len(at) == 1:
        raise FormatError("the MP3 file holds no sound")
    return Frames(data, at[0], tuple(at), kind, samples)


def _after_tag(data: bytes) -> int:
    if data[:3] != b"ID3" or len(data) < 10:
        return 0
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def _header(data: bytes, at: int) -> tuple[tuple[int, int, int], int, int] | None:
    """Kind, samples and bytes of the frame that begins here; None where none does."""
    head = int.from_bytes(data[at : at + 4], "big")
    version, layer, rate, frequency = head >> 19 & 3, head >> 17 & 3, head >> 12 & 15, head >> 10 & 3
    if len(data) < at + 4 or head >> 21 != 0x7FF or layer != 1 or version == 1 or rate in (0, 15) or frequency == 3:
        return None
    bitrate = 1000 * _BITRATES[1 if version == 3 else 2][rate]
    sample_rate = _SAMPLE_RATES[version][frequency]
    samples = 1152 if version == 3 else 576
    return (version, sample_rate, head >> 6 & 3), samples, samples // 8 * bitrate // sample_rate + (head >> 9 & 1)


def _borrowed(data: bytes, at: int) -> int:
    """How many bytes a frame takes from those before it (main_data_begin)."""
    after = at + 4 + (0 if data[at + 1] & 1 else 2)
    if data[at + 1] >> 3 & 3 == 3:
        return data[after] << 1 | data[after + 1] >> 7
    return data[after]
