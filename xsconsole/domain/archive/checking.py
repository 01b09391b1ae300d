"""Whether what lies in a folder is what an archive's document says: each file that is not is named."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from xsconsole.domain.archive.reading import read
from xsconsole.domain.archive.values import DOCUMENT, Archive
from xsconsole.domain.naming import shortened
from xsconsole.domain.signing import SignatureCheck
from xsconsole.domain.words import count, size
from xsconsole.errors import Refused


class Fault(StrEnum):
    """What is wrong with a file of an archive."""

    MISSING = "missing"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    FOREIGN = "foreign"  # it is none of the archive's
    CHANGED = "changed"  # a template in a pool, by somebody else
    EXPOSED = "exposed"  # a template that could be changed, and was not
    UNREADABLE = "unreadable"  # the document is cut off, changed, of another format or none of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A file as it lies there."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`file` is the one that it is about, or the role of a template."""

    file: str
    fault: Fault
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What verifying found. `archive` is None where the document cannot be believed.

    `is_vouched` says that the key which signed it is one that the asker knows. Whoever can write the folder can make a
    key and sign another history with it: a good check by an unknown key proves only that nothing was changed since.
    """

    archive: Archive | None
    findings: tuple[Finding, ...] = ()
    is_vouched: bool = False
    expected: str = ""  # the key that the asker says must have signed it

    @property
    def is_expected(self) -> bool:
        """Whether the key that must have signed it did; so where nobody said which must have."""
        return self.archive is None or self.expected in ("", self.archive.key)

    @property
    def is_good(self) -> bool:
        return self.archive is not None and not self.findings

    @property
    def sentence(self) -> str:
        """Return the whole in a line."""
        if self.archive is None:
            return self.findings[0].sentence
        if self.findings:
            files = count(len(self.findings), "file of it is", "files of it are")
            return f"{files} not as archived. {self.findings[0].sentence}"
        by = "" if self.is_vouched else f" by key {self.archive.key[:16]}, which nobody here vouches for"
        if not self.is_expected:
            by = f" by key {self.archive.key}, which is not the expected one"
        files = count(len(self.archive.files), "file")
        return f"Whole: {files}, {size(self.archive.size_bytes)}, as they were signed{by}."


def judge(
    document: bytes,
    found: Mapping[str, Measured],
    check: SignatureCheck,
    known_keys: Collection[str] = (),
    expected: str = "",
) -> Check:
    """Compare the files that lie beside a document, by their paths, with what it says.

    Where a key is `expected`, no other vouches for it, whoever knows that.
    """
    try:
        archive = read(document, check)
    except Refused as refusal:
        told = Finding(file=DOCUMENT, fault=Fault.UNREADABLE, sentence=f"{refusal.reason} {refusal.mend}".strip())
        return Check(archive=None, findings=(told,))
    findings = []
    for file in archive.files:
        there = found.get(file.path)
        if there is None:
            findings.append(_finding(file.path, Fault.MISSING, "is missing"))
        elif there.size_bytes < file.size_bytes:
            lacking = f"is cut off: the last {size(file.size_bytes - there.size_bytes)} of it are missing"
            findings.append(_finding(file.path, Fault.TRUNCATED, lacking))
        elif there.sha256 != file.sha256:
            findings.append(_finding(file.path, Fault.DAMAGED, "is damaged: it has another SHA-256 than was signed"))
    strange = sorted(set(found) - {file.path for file in archive.files})
    findings += [_finding(path, Fault.FOREIGN, "is foreign: the archive has no such file") for path in strange]
    is_vouched = archive.key == expected if expected else archive.key in known_keys
    return Check(archive=archive, findings=tuple(findings), is_vouched=is_vouched, expected=expected)


def _finding(path: str, fault: Fault, what: str) -> Finding:
    return Finding(file=path, fault=fault, sentence=f"{shortened(path, 120)} {what}.")
