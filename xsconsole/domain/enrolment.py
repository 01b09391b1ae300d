"""Keys as files, signed by themselves, and as fingerprints that somebody typed: how they are pinned to a person."""

import re
from typing import Literal

import msgspec

from xsconsole.domain.canonical import canonical_bytes
from xsconsole.domain.folding import shortened
from xsconsole.domain.paper_kinds import KEY, unread
from xsconsole.domain.signing import SignatureCheck, Signer, key_fingerprint, raw_of, text_of
from xsconsole.domain.workflow import Person, Workflow
from xsconsole.domain.workflow.roll import add_person, change_person
from xsconsole.errors import Ambiguous, Refused

NAME_LIMIT = 120
FILE_LIMIT_BYTES = 16 * 1024
DIGITS = 64
_CALLED = re.compile(r"\s*sha-?256(?:\s+fingerprint)?\s*[:=]?", re.IGNORECASE)
_OTHER_KIND = re.compile(r"\s*(md5|sha-?1|sha-?384|sha-?512)\b", re.IGNORECASE)
_OF_SSH = re.compile(r"[A-Za-z0-9+/]{43}=?")  # what `ssh-keygen -l` prints: base64 of another text's SHA-256


class KeyFile(msgspec.Struct, frozen=True, kw_only=True, tag=KEY, tag_field="type"):
    """Whose key it is, they say; the signature proves only that they have it."""

    format: Literal[1] = 1
    name: str
    public_key: str
    signature: str

    @property
    def fingerprint(self) -> str:
        return key_fingerprint(raw_of(self.public_key) or b"")


def key_file(signer: Signer, name: str) -> KeyFile:
    name, public_key = shortened(name, NAME_LIMIT), text_of(signer.public_key)
    return KeyFile(name=name, public_key=public_key, signature=text_of(signer.sign(_covered(name, public_key))))


def to_bytes(file: KeyFile) -> bytes:
    return msgspec.json.format(msgspec.json.encode(file, order="sorted"), indent=1) + b"\n"


def from_bytes(content: bytes, check: SignatureCheck) -> KeyFile:
    """Read a key.

    Raises:
        Refused: it is damaged, or who made the file does not have the key.
    """
    try:
        file = msgspec.json.decode(content, type=KeyFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as failure:
        raise unread(content, KEY, "Name the file that `xsconsole key export` wrote.") from failure
    public_key, signature = raw_of(file.public_key), raw_of(file.signature)
    covered = _covered(file.name, file.public_key)
    if public_key is None or signature is None or not check(public_key, signature, covered):
        raise Refused(
            reason="The signature of the key does not match: the file was changed, or its maker does not have the key.",
            mend="Ask for the file again.",
        )
    return file


def enrolled(workflow: Workflow, file: KeyFile, person: str = "") -> tuple[Workflow, Person]:
    """Return the workflow with the key pinned to who is meant, by id or name; somebody new is added.

    Raises:
        Refused: it is somebody else's already, or the name fits several people.
    """
    wanted = (person or file.name).casefold()
    holders = [one for one in workflow.people if file.fingerprint in one.fingerprints]
    found = [one for one in workflow.people if wanted in (one.id.casefold(), one.name.casefold())]
    if len(found) > 1:
        raise Ambiguous(
            reason=f"{len(found)} people are called “{shortened(person or file.name)}”.",
            mend="Name one by their id.",
            choices=tuple(one.id for one in found),
        )
    if holders and holders != found:
        raise Refused(
            reason=f"The key is {holders[0].name}'s already; a key that is pinned to two people is nobody's.",
            mend="Take it from there first.",
        )
    if found:
        keys = tuple(dict.fromkeys((*found[0].fingerprints, file.fingerprint)))
        changed, id_ = change_person(workflow, found[0].id, fingerprints=keys), found[0].id
    else:
        changed, id_ = add_person(workflow, person or file.name, fingerprints=(file.fingerprint,))
    return changed, next(one for one in changed.people if one.id == id_)


def typed_fingerprint(text: str) -> str:
    """Return the fingerprint that somebody typed or pasted, as it is kept: 64 digits, lower case, nothing between them.

    Raises:
        Refused: it is none; with what it seems to be.
    """
    other = _OTHER_KIND.match(text)
    if other is not None:
        raise Refused(reason=f"A fingerprint by {other[1].upper()} is of another kind.", mend=_ASK)
    called = _CALLED.match(text)
    rest = text[called.end() :].strip() if called is not None else text.strip()
    if rest.startswith(("ssh-", "ecdsa-", "-----BEGIN", "{")):
        raise Refused(reason="That is a key itself, and not its fingerprint.", mend=_ASK)
    digits = re.sub(r"[\s:.\-]", "", rest)
    strange = re.search(r"[^0-9a-fA-F]", digits)
    if strange is not None and _OF_SSH.fullmatch(rest):
        raise Refused(reason="That is how ssh prints a fingerprint, which is of another text than ours.", mend=_ASK)
    if strange is not None:
        reason = f"“{shortened(text, 40)}” is no fingerprint: “{shortened(strange[0], 4)}” is no hexadecimal digit."
        mend = "Colons, blanks, capitals and SHA256: before it do not matter; all else is 0 to 9 and a to f."
        raise Refused(reason=reason, mend=mend)
    if len(digits) > DIGITS and len(digits) % DIGITS == 0:
        raise Refused(
            reason=f"Those are {len(digits) // DIGITS} fingerprints in one line.", mend="Give each a line of its own."
        )
    if len(digits) != DIGITS:
        raise Refused(reason=f"The fingerprint has {len(digits)} digits; {DIGITS} are needed.", mend=_ASK)
    return digits.lower()


_ASK = "Paste what their console shows under Pool > Your key, or `xsconsole key show` prints."


def _covered(name: str, public_key: str) -> bytes:
    return canonical_bytes({"type": "xsconsole key", "format": 1, "name": name, "public_key": public_key})
