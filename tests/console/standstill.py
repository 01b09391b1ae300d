"""For programs that are killed: they stand still at one point of their work and say so."""

import sys
import threading


class Standstill:
    """Stands still at the `at`-th passing from `arm` on, and says `here`; others of the process go on."""

    def __init__(self, at: int) -> None:
        self._left = at
        self._is_armed = False

    def arm(self) -> None:
        self._is_armed = True

    def passing(self) -> None:
        if not self._is_armed:
            return
        self._left -= 1
        if self._left == 0:
            say("here")
            threading.Event().wait()


def say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()
