"""Requests that stay on the version of the workflow under which they were made, after a newer one was published.

Whoever publishes signs which these are, with the key that signs the new version: nobody can ask under an old version
afterwards, or under one that never stood. The old version stays on the pool as long as one of them needs it. Whom the
newer version does not know any more, or not in that group, or not by that key, counts no more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from xsconsole.domain.canonical import Json, canonical_bytes
from xsconsole.domain.ids import Digest, GroupId, PersonId, RequestId, StageId, Uuid
from xsconsole.domain.poolstate import PREFIX, decode_workflow, numbers, workflow_stem
from xsconsole.domain.publication.values import (
    NAMED_BY,
    PUBLICATION_PREFIX,
    Continued,
    Publication,
    pool_of,
    publication_of,
    publication_stem,
)
from xsconsole.domain.requests.values import REQUEST_PREFIX, Request
from xsconsole.domain.signing import SignatureCheck, Signer, owner_of, raw_of, text_of
from xsconsole.domain.workflow import Group, Person, Workflow

VERSION_PREFIX = PREFIX + "version."
MOST_VERSIONS = 8  # earlier versions that are kept on a pool beside the one that stands


def version_stem(digest: Digest) -> str:
    return VERSION_PREFIX + digest[:NAMED_BY]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """By which version a request is judged: the one that stands, or the earlier one that it stays on.

    `counting` is the same version with only those people, keys and members of groups that the standing one knows too.
    """

    version: Workflow
    counting: Workflow
    is_earlier: bool


def with_continued(publication: Publication, continued: Iterable[Continued], signer: Signer) -> Publication:
    """Return what stands beside a version, with the requests that stay on theirs, signed."""
    found = tuple(sorted(continued, key=lambda one: one.request))
    signature = text_of(signer.sign(_covered(publication.digest, found))) if found else ""
    return msgspec.structs.replace(publication, continued=found, continued_signature=signature)


def continued_in(publication: Publication | None, standing: Workflow, check: SignatureCheck) -> tuple[Continued, ...]:
    """Return the requests that stay on an earlier version, as whoever published the standing one signed; else none."""
    if publication is None or publication.digest != standing.digest or standing.signature is None:
        return ()
    key, signature = raw_of(standing.signature.public_key), raw_of(publication.continued_signature)
    covered = _covered(standing.digest, publication.continued)
    return publication.continued if key and signature and check(key, signature, covered) else ()


def _covered(digest: Digest, continued: tuple[Continued, ...]) -> bytes:
    named: list[Json] = [[one.request, one.subject, one.version] for one in continued]
    return canonical_bytes({"type": "xsconsole continued requests", "format": 1, "workflow": digest, "requests": named})


def judging(
    keys: Mapping[str, str], standing: Workflow | None, request: Request, check: SignatureCheck
) -> Judging | None:
    """Return by which version a request is judged; None where neither the standing nor a kept one is its own."""
    intent = request.intent
    if standing is None or standing.id != intent.workflow:
        return None
    if standing.version == intent.workflow_version:
        return Judging(version=standing, counting=standing, is_earlier=False)
    found = continued_in(publication_of(keys, standing.digest), standing, check)
    entry = next((one for one in found if (one.request, one.subject) == (request.id, request.subject)), None)
    version = version_on(keys, entry.version) if entry is not None else None
    if version is None or (version.id, version.version) != (intent.workflow, intent.workflow_version):
        return None
    if lost_stage(request, version, standing, request.pool) is not None:
        return None
    return Judging(version=version, counting=still_counting(version, standing), is_earlier=True)


def is_outlived(keys: Mapping[str, str], standing: Workflow | None, request: Request) -> bool:
    """Whether a newer version stands that did not let a request go on, for good.

    A later version only carries forward what this one names. Where the newest one on the pool, or what stands beside
    it, is not for this console to read, nobody can tell.
    """
    if standing is None or standing.id != request.intent.workflow:
        return False
    newest = numbers(keys, workflow_stem(standing.id))
    read = decode_workflow(keys[f"{workflow_stem(standing.id)}.{newest[0]}"]) if newest else None
    if read is None or read.digest != standing.digest or standing.version <= request.intent.workflow_version:
        return False
    publication = publication_of(keys, standing.digest)
    is_unread = publication is None and bool(numbers(keys, publication_stem(standing.digest)))
    named = publication.continued if publication is not None else ()
    return not is_unread and all(one.request != request.id for one in named)


def version_on(keys: Mapping[str, str], digest: Digest) -> Workflow | None:
    """Return an earlier version that is kept on the pool."""
    stem = version_stem(digest)
    read = (decode_workflow(keys[f"{stem}.{number}"]) for number in numbers(keys, stem))
    return next((version for version in read if version is not None and version.digest == digest), None)


def lost_stage(request: Request, version: Workflow, after: Workflow, home: Uuid) -> StageId | None:
    """Return the stage that it leads from or to and that `after` has no more, or on another pool."""
    for stage_id in (request.intent.source, request.intent.target):
        stage, now = (workflow.stage(stage_id) if stage_id is not None else None for workflow in (version, after))
        if stage_id is not None and (stage is None or now is None or pool_of(stage, home) != pool_of(now, home)):
            return stage_id
    return None


def still_counting(version: Workflow, standing: Workflow) -> Workflow:
    """Return an earlier version with only whom the standing one knows too, by the same key and in the same group.

    A log-in is the one that the standing version says. Nobody is added: a key that is new in it counts for nothing.
    """
    now = {person.id: person for person in standing.people}
    members = {group.id: set(group.people) for group in standing.groups}
    people = tuple(_known_still(person, now[person.id], standing) for person in version.people if person.id in now)
    groups = tuple(_cut(group, members) for group in version.groups)
    return msgspec.structs.replace(version, people=people, groups=groups)


def _known_still(person: Person, now: Person, standing: Workflow) -> Person:
    keys = tuple(key for key in person.fingerprints if owner_of(key, standing.people) == now)
    return msgspec.structs.replace(person, fingerprints=keys, subject=now.subject)


def _cut(group: Group, members: Mapping[GroupId, set[PersonId]]) -> Group:
    still = members.get(group.id, set())
    return msgspec.structs.replace(group, people=tuple(person for person in group.people if person in still))


def unneeded_versions(keys: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys of earlier versions that no request on the pool needs any more."""
    standing = {
        RequestId(key.removeprefix(REQUEST_PREFIX).rpartition(".")[0]) for key in keys if key.startswith(REQUEST_PREFIX)
    }
    # Also what stands beside a version that is about to be published names what it needs.
    beside = (text for key, text in keys.items() if key.startswith(PUBLICATION_PREFIX))
    needed = {
        version_stem(one.version)
        for publication in map(_read, beside)
        for one in (publication.continued if publication is not None else ())
        if one.request in standing
    }
    return tuple(key for key in keys if key.startswith(VERSION_PREFIX) and key.rpartition(".")[0] not in needed)


def _read(text: str) -> Publication | None:
    try:
        return msgspec.json.decode(text, type=Publication)
    except msgspec.MsgspecError:
        return None
