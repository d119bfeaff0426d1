"""How a step says that an upload must wait for something other than a job."""

from __future__ import annotations


class Wait(Exception):
    """Not an error: look again `seconds` later. The message, a sentence, is added to the words of the state."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds
