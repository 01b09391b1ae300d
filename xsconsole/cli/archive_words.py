"""Archives in files and in pools, in words and as documents."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from xsconsole.cli import documents
from xsconsole.domain import words
from xsconsole.domain.archive import Check, Finding, Form, Listed, Pooled, Shelved, kept_words
from xsconsole.domain.canonical import Json
from xsconsole.domain.points.sizes import cost_words, total_taken

ID_LENGTH = 8
HEADS = ("ID", "CONFIGURATION", "STOOD IN", "POOL", "FROZEN", "SIZE", "WHOLE", "RESTORABLE", "KEPT", "WHERE")


def row(one: Listed, now: datetime) -> tuple[str, ...]:
    archive = one.archive
    if archive is None:
        return (
            "",
            one.called,
            "",
            "",
            "",
            "",
            "UNFINISHED" if one.is_unfinished else "CANNOT BE READ",
            "",
            "",
            one.where,
        )
    return (
        archive.id[:ID_LENGTH],
        archive.name,
        archive.stage_name,
        archive.pool_name,
        words.instant(archive.frozen_at),
        words.size(archive.size_bytes),
        "DAMAGED"
        if one.damaged_at or (isinstance(one, Pooled) and not one.is_whole)
        else words.instant(one.proven_at)
        if one.proven_at
        else "never",
        _restorable(one),
        kept_words(one, now),
        one.where,
    )


def _restorable(one: Listed) -> str:
    if one.proofs.failed is not None:
        return "FAILED"
    return words.instant(one.proofs.proven.at) if one.proofs.proven is not None else "never tried"


def lines(one: Listed) -> list[str]:
    archive = one.archive
    if archive is None:
        return [one.problem]
    proven = f"proven whole here on {words.instant(one.proven_at)}" if one.proven_at else "never verified here"
    if one.damaged_at:
        proven = f"FOUND DAMAGED on {words.instant(one.damaged_at)} ({one.damage.rstrip('.')})"
    key = "by this console's key" if one.is_own else f"by key {archive.key}, which is not this console's"
    why = archive.reason or "no reason given"
    found = [
        f"{archive.name}, revision {archive.revision}, as it stood in {archive.stage_name} on pool {archive.pool_name}",
        f"Folder: {one.where}" if isinstance(one, Shelved) else f"Where: {one.where}",
        f"Id: {archive.id}",
        f"Frozen at {words.instant(archive.frozen_at)}, the last machine {archive.skew_s:.0f} s after the first",
        f"By {archive.actor} at {archive.console_name}, {words.instant(archive.at)}: {why}",
        f"{words.size(archive.size_bytes)}, {proven}; signed {key}",
        f"Workflow: {archive.workflow_name}, version {archive.workflow_version}",
        f"Manifest: {archive.fingerprint}",
    ]
    if isinstance(one, Pooled):
        found += _of_pool(one)
    proofs = one.proofs
    found.append(f"Last proven restorable: {proofs.proven.words}" if proofs.proven else "Never proven restorable")
    for name, addresses in sorted(proofs.proven.addresses.items() if proofs.proven else ()):
        found.append(f"  · {name} had {', '.join(addresses)}")
    if proofs.failed is not None:
        found.append(f"COULD NOT BE RESTORED: {proofs.failed.words}")
    if one.keep is not None:
        found.append(f"To be kept until {words.instant(one.keep.until)}, as {one.keep.by} said")
    if one.held is not None:
        found.append(f"Held since {words.instant(one.held.at)} by {one.held.words}")
    found += [f"Copied from {each.name} in {each.stage}, by {each.method}" for each in archive.lineage]
    found += [
        f"Approved: {each.request.intent.name}, {words.count(len(each.decisions), 'decision')}"
        for each in archive.approvals
    ]
    for member in archive.members:
        nics = ", ".join(f"{nic.device} on {nic.called}" for nic in member.interfaces) or "no network"
        disks = words.count(len(member.disks_bytes), "disk")
        found.append(f"  · {member.role}: {member.name}, {disks}, {words.size(sum(member.disks_bytes))}, {nics}")
    return found


def _of_pool(one: Pooled) -> list[str]:
    """Return what is told of an archive in a pool beside what its document shares with those in files."""
    archive = one.archive
    assert archive is not None, "what cannot be read is told otherwise"
    how = "It was retired: its own machines became the templates" if archive.form is Form.RETIRED else "Copied"
    rows = words.count(archive.record.rows, "row")
    found = [
        f"{how}, by {archive.method}; it {cost_words(one.costs)}",
        f"Record: {rows} up to {archive.record.through} at that console, SHA-256 {archive.record.sha256}",
        one.sentence,
    ]
    if archive.left_out:
        found.append(f"{words.count(archive.left_out, 'approval')} found no room in it")
    return found


def document(one: Listed) -> documents.Document:
    found: documents.Document = {
        "folder": str(one.folder) if isinstance(one, Shelved) else None,
        "where": one.where,
        "is_readable": one.archive is not None,
        "is_unfinished": one.is_unfinished,
        "problem": one.problem,
        "proven_at": one.proven_at.isoformat() if one.proven_at else None,
        "damaged_at": one.damaged_at.isoformat() if one.damaged_at else None,
        "proven_restorable": msgspec.to_builtins(one.proofs.proven),
        "failed_to_restore": msgspec.to_builtins(one.proofs.failed),
        "is_own_key": one.is_own,
        "keep": msgspec.to_builtins(one.keep),
        "held": msgspec.to_builtins(one.held),
    }
    if isinstance(one, Pooled):
        found |= {
            "pool": one.pool,
            "is_whole": one.is_whole,
            "sentence": one.sentence,
            "findings": findings_document(one.findings),
            "templates": list(one.templates),
            "freed_bytes": total_taken(one.costs),
        }
    if one.archive is not None:
        found["document"] = msgspec.to_builtins(one.archive)
        found["size_bytes"] = one.archive.size_bytes
        found["key"] = one.archive.key
    return found


def check_document(one: Shelved, check: Check) -> documents.Document:
    return {
        "folder": str(one.folder),
        "is_good": check.is_good,
        "is_vouched": check.is_vouched,
        "is_expected": check.is_expected,
        "key": check.archive.key if check.archive is not None else None,
        "sentence": check.sentence,
        "findings": findings_document(check.findings),
    }


def findings_document(findings: Iterable[Finding]) -> list[Json]:
    return [{"file": finding.file, "fault": finding.fault.value, "sentence": finding.sentence} for finding in findings]
