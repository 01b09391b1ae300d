"""The command line as a user has it: a process of its own, on a real embedded pool."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedded import EmbeddedPool

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

    def command(self, *words: str) -> list[str]:
        place = ("--home", str(self.home), "--pool", self.pool.url, "--user", self.user)
        return [sys.executable, "-m", "xsconsole_ui", *words, *place]

    def say(self, *words: str, stdin: str = "") -> Said:
        ended = subprocess.run(
            self.command(*words),
            env=self.environment(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        return Said(status=ended.returncode, out=ended.stdout, err=ended.stderr)
