"""Keys as files: a public key with the name of whose it is, signed by itself, and pinned to a person of a workflow."""

from typing import Literal

import msgspec

from xsconsole.domain.canonical import canonical_bytes
from xsconsole.domain.folding import shortened
from xsconsole.domain.signing import SignatureCheck, Signer, key_fingerprint, raw_of, text_of
from xsconsole.domain.workflow import Person, Workflow
from xsconsole.domain.workflow.roll import add_person, change_person
from xsconsole.errors import Ambiguous, Refused

NAME_LIMIT = 120
FILE_LIMIT_BYTES = 16 * 1024


class KeyFile(msgspec.Struct, frozen=True, kw_only=True, tag="xsconsole key", tag_field="type"):
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
        raise Refused(
            reason="The file holds no key.", mend="Name the file that `xsconsole key export` wrote."
        ) from failure
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


def _covered(name: str, public_key: str) -> bytes:
    return canonical_bytes({"type": "xsconsole key", "format": 1, "name": name, "public_key": public_key})
