"""What makes a configuration what it is, as one canonical value; and the difference of two such values."""

from xsconsole.domain.manifest.building import (
    in_roles,
    logical_names,
    manifest_of,
    manifest_of_card,
    manifest_of_records,
    member_manifest,
    records_behind,
)
from xsconsole.domain.manifest.difference import (
    Change,
    FieldChange,
    PartChange,
    Topic,
    apply,
    difference,
    every_field,
    topic_of,
)
from xsconsole.domain.manifest.judging import LEFT_BEHIND, USUAL, Allowance, Judged, Verdict, judge, left_behind
from xsconsole.domain.manifest.values import Disk, Drive, Manifest, MemberManifest, Nic, Part, fingerprint

__all__ = [
    "LEFT_BEHIND",
    "USUAL",
    "Allowance",
    "Change",
    "Disk",
    "Drive",
    "FieldChange",
    "Judged",
    "Manifest",
    "MemberManifest",
    "Nic",
    "Part",
    "PartChange",
    "Topic",
    "Verdict",
    "apply",
    "difference",
    "every_field",
    "fingerprint",
    "in_roles",
    "judge",
    "left_behind",
    "logical_names",
    "manifest_of",
    "manifest_of_card",
    "manifest_of_records",
    "member_manifest",
    "records_behind",
    "topic_of",
]
