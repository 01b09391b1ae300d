"""The command line as a user has it: a process of its own, on a real embedded pool."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from embedded import EmbeddedPool
from nursery import Program, split_off

DEADLINE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command left: its exit status and its words."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """Somebody at a terminal, with a home folder and a pool."""

    home: Path
    pool: EmbeddedPool
    user: str = "root"
    passphrase: str | None = "a passphrase"
    password: str | None = None

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("XSCONSOLE_")}
        kept["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
        kept["XSCONSOLE_PASSWORD"] = self.pool.passwords[self.user] if self.password is None else self.password
        if self.passphrase is not None:
            kept["XSCONSOLE_PASSPHRASE"] = self.passphrase
        return kept

    @property
    def place(self) -> tuple[str, ...]:
        return ("--home", str(self.home), "--pool", self.pool.url, "--user", self.user)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "xsconsole_ui", *words, *self.place]

    def alone(self, *words: str) -> Said:
        """Say it where no pool is named."""
        return self._said((*words, "--home", str(self.home)))

    def say(self, *words: str, stdin: str = "") -> Said:
        return self._said((*words, *self.place), stdin)

    def _said(self, words: tuple[str, ...], stdin: str = "") -> Said:
        with TemporaryFile("w+") as asked, TemporaryFile("w+") as out, TemporaryFile("w+") as err:
            asked.write(stdin)
            asked.seek(0)
            ended = split_off(
                Program.CONSOLE,
                words,
                (asked.fileno(), out.fileno(), err.fileno()),
                self.environment(),
            )
            try:
                status = ended.wait(DEADLINE_S)
            finally:
                ended.end(DEADLINE_S)
            out.seek(0)
            err.seek(0)
            return Said(status=status, out=out.read(), err=err.read())
