"""What makes a configuration what it is, as one canonical value; and the difference of two such values."""

from xsconsole.domain.manifest.building import manifest_of, manifest_of_card, manifest_of_records
from xsconsole.domain.manifest.difference import FieldChange, PartChange, apply, difference
from xsconsole.domain.manifest.judging import LEFT_BEHIND, USUAL, Allowance, Judged, Verdict, judge
from xsconsole.domain.manifest.values import Disk, Drive, Manifest, MemberManifest, Nic, Part, fingerprint

__all__ = [
    "LEFT_BEHIND",
    "USUAL",
    "Allowance",
    "Disk",
    "Drive",
    "FieldChange",
    "Judged",
    "Manifest",
    "MemberManifest",
    "Nic",
    "Part",
    "PartChange",
    "Verdict",
    "apply",
    "difference",
    "fingerprint",
    "judge",
    "manifest_of",
    "manifest_of_card",
    "manifest_of_records",
]
