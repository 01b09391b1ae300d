"""Which sessions of a pool consoles say are theirs: so one tells another console from every other program.

xapi's log names a session by a digest and says nothing of the program behind it. A console that may write to the pool
leaves there, under a key of its own and signed, which of those digests are its sessions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from xsconsole.domain.canonical import canonical_bytes
from xsconsole.domain.folding import one_line
from xsconsole.domain.naming import shortened
from xsconsole.domain.poolstate import PREFIX, numbers
from xsconsole.domain.signing import SignatureCheck, Signer, key_fingerprint, owner_of, raw_of, text_of
from xsconsole.domain.workflow import Person

STEM = PREFIX + "sessions."
DIGITS = 16  # of what the log calls a session
KEPT = 100  # sessions of a console, the newest


class Claim(msgspec.Struct, frozen=True, kw_only=True, tag="xsconsole sessions", tag_field="type"):
    """The sessions of one console at one pool, newest first."""

    format: Literal[1] = 1
    console: str
    name: str
    pool: str
    sessions: tuple[str, ...]
    public_key: str
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    """Who says that a session is theirs. `person`: to whom the workflow pins the key; empty: to nobody."""

    console: str
    name: str
    fingerprint: str
    person: str = ""
    is_own: bool = False  # by the very key of who asks: another home that has it

    @property
    def words(self) -> str:
        if self.is_own:
            return "a copy of this home, by this console's own key"
        name = shortened(one_line(self.name), 40)
        if self.person:
            return f"console “{name}” of {shortened(one_line(self.person), 40)}"
        return f"what calls itself console “{name}”, by a key that nobody enrolled"


def stem_of(console: str) -> str:
    """Return under which numbered key a console leaves its sessions."""
    return f"{STEM}{console}"


def shortened_session(trackid: str) -> str:
    return trackid[:DIGITS]


def claim(signer: Signer, console: str, name: str, pool: str, trackids: Iterable[str]) -> str:
    """Return what a console leaves on a pool; `trackids` are its sessions there, newest first."""
    sessions = tuple(dict.fromkeys(shortened_session(one) for one in trackids if one))[:KEPT]
    public_key = text_of(signer.public_key)
    covered = _covered(console, name, pool, sessions)
    made = Claim(
        console=console,
        name=name,
        pool=pool,
        sessions=sessions,
        public_key=public_key,
        signature=text_of(signer.sign(covered)),
    )
    return msgspec.json.encode(made, order="sorted").decode()


def own_claims(
    keys: Mapping[str, str], console: str, pool: str, fingerprint: str, check: SignatureCheck
) -> tuple[str, ...]:
    """Return which sessions of a pool a console claims there by its own key, newest first."""
    stem = stem_of(console)
    found: list[str] = []
    for number in numbers(keys, stem):
        made = _read(keys[f"{stem}.{number}"])
        claimant = _claimant(made, pool, (), check) if made is not None and made.console == console else None
        if made is not None and claimant is not None and claimant.fingerprint == fingerprint:
            found += made.sessions
    return tuple(dict.fromkeys(found))


def claims_in(
    keys: Mapping[str, str], pool: str, people: Sequence[Person], check: SignatureCheck, own: str = ""
) -> dict[str, Claimant]:
    """Return who claims which session of a pool. What is not signed is none; what two consoles claim is neither's.

    `own` is the fingerprint of who asks.
    """
    found: dict[str, Claimant] = {}
    disputed: set[str] = set()
    for key, text in keys.items():
        made = _read(text) if key.startswith(STEM) else None
        claimant = _claimant(made, pool, tuple(people), check) if made is not None else None
        if made is None or claimant is None:
            continue
        if claimant.fingerprint == own:
            claimant = replace(claimant, is_own=True)
        for session in made.sessions:
            known = found.setdefault(session, claimant)
            if known.fingerprint != claimant.fingerprint:
                disputed.add(session)
    return {session: claimant for session, claimant in found.items() if session not in disputed}


def _claimant(made: Claim, pool: str, people: tuple[Person, ...], check: SignatureCheck) -> Claimant | None:
    public_key, signature = raw_of(made.public_key), raw_of(made.signature)
    covered = _covered(made.console, made.name, made.pool, made.sessions)
    if made.pool != pool or public_key is None or signature is None or not check(public_key, signature, covered):
        return None
    fingerprint = key_fingerprint(public_key)
    owner = owner_of(fingerprint, people)
    return Claimant(
        console=made.console,
        name=made.name,
        fingerprint=fingerprint,
        person=owner.name if owner is not None else "",
    )


def _read(text: str) -> Claim | None:
    try:
        return msgspec.json.decode(text, type=Claim)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _covered(console: str, name: str, pool: str, sessions: tuple[str, ...]) -> bytes:
    told = {"console": console, "name": name, "pool": pool, "sessions": list(sessions)}
    return canonical_bytes({"type": "xsconsole sessions", "format": 1, **told})
