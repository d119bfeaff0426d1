"""The commands of a queue whose controller may be away: one that waits in vain for it spares the others the waiting.

Slurm's commands wait nine seconds for a controller before they say that it is away, and meanwhile no upload moves.
Nothing is kept in memory but for a moment; a command that fails quickly costs nothing and is not remembered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ingest.scheduler.transport import TIMEOUT_S, Answer, Transport
from tlp.errors import SchedulerError

_QUICK_S = 0.5
_TIMES = 3  # so much longer than it was waited in vain nobody waits again
_LONGEST_S = 30.0


class Reach:
    """See Transport. `away`: whether these words of a command that failed say that its controller does not answer.

    `patience_s`: an answer that came later is given, and then nobody asks for a while, as though none had come.
    """

    def __init__(self, transport: Transport, away: Callable[[str], bool], patience_s: float = TIMEOUT_S) -> None:
        self._transport = transport
        self._away = away
        self._patience_s = patience_s
        self._silent = (0.0, "")  # until when nothing is asked, and what was said the last time
        self._paused = 0.0  # until when what is asked in any case is not asked either

    @property
    def user(self) -> str:
        """See Transport."""
        return self._transport.user

    def run(self, argv: Sequence[str], in_any_case: bool = False) -> Answer:
        """See Transport. Refused in the words of the last try while the controller is silent.

        What is asked `in_any_case` pauses only for as long as it has waited itself, so that half of the time is for
        other work. The first answer ends that.
        """
        until, words = self._silent
        began = time.monotonic()
        if began < (min(self._paused, until) if in_any_case else until):
            raise SchedulerError(words)
        try:
            answer = self._transport.run(argv)
        except SchedulerError as error:
            self._note(began, str(error), in_any_case)
            raise
        late = time.monotonic() - began > self._patience_s
        if late or (answer.code and self._away(answer.stdout + answer.stderr)):
            self._note(began, f"{argv[0]}: {answer.words}", in_any_case)
        else:
            self._silent = (0.0, "")
        return answer

    def _note(self, began: float, words: str, in_any_case: bool) -> None:
        now = time.monotonic()
        if now - began > _QUICK_S:
            self._silent = (now + min(_LONGEST_S, _TIMES * (now - began)), words)
            self._paused = now + (now - began) if in_any_case else self._paused
