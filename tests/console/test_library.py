"""The library over a real wire: published by one, signed as gold by another, drafts of this home, what is refused."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.approving import approved_by
from tests.console.desk import Desk, seated
from tests.workflows import put_on
from xsconsole.cli.blueprint_words import gold_words
from xsconsole.console import LibraryDesk, read_document, read_one, read_values, write_document
from xsconsole.domain.approval import Meaning
from xsconsole.domain.blueprint import Blueprint, Member
from xsconsole.domain.blueprint.standing import Shelved
from xsconsole.domain.ids import BlueprintId
from xsconsole.domain.inventory import VM
from xsconsole.domain.record import AuditEvent, AuditQuery
from xsconsole.errors import AlreadyThere, Refused

KIT = BlueprintId("kit")


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "500") as served:
        yield served


@pytest.fixture
async def desks(pool: EmbeddedPool, tmp_path: Path) -> AsyncIterator[tuple[Desk, Desk]]:
    async with AsyncExitStack() as stack:
        rita, ann = [await stack.enter_async_context(seated(pool, tmp_path / name)) for name in ("rita", "ann")]
        yield rita, ann


def kit(desk: Desk) -> Blueprint:
    template = next(vm for vm in desk.console.inventory.all(VM) if vm.is_a_template and vm.VBDs)
    member = Member(id="web", name_pattern="{{ service }}-web", role="web", template=template.uuid)
    return Blueprint(id=KIT, name="Kit", version=1, service="kit", members=(member,))


async def test_one_publishes_and_another_signs_and_drafts_stay_in_their_home(
    pool: EmbeddedPool, desks: tuple[Desk, Desk], tmp_path: Path
) -> None:
    rita, ann = desks
    at_ritas, at_anns = LibraryDesk(rita.console), LibraryDesk(ann.console)
    draft = await at_ritas.keep_draft(kit(rita), 0)
    assert await at_anns.drafts() == ()
    first = await at_ritas.publish_draft(draft, "")
    assert (first.version, await at_ritas.drafts()) == (1, ())

    def shown() -> Shelved | None:
        return at_anns.library.version(KIT, 1)

    await ann.until(lambda: shown() is not None)
    found = shown()
    assert found is not None
    assert (found.findings, found.gold, found.is_gold) == ((), None, False)
    with pytest.raises(Refused, match="names nobody who approves"):
        await at_anns.decide(found, Meaning.APPROVE, "tried")

    keys = {name: desk.console.home.key_fingerprint for name, desk in zip(("rita", "ann"), desks, strict=True)}
    workflow = approved_by(keys)
    rules = next(way.approvals for way in workflow.transitions if way.approvals)
    put_on(pool, msgspec.structs.replace(workflow, publishing=rules))
    for desk in desks:
        await desk.until(lambda: desk.console.board.workflow.version == 2)  # type: ignore[union-attr] # noqa: B023
    own = at_ritas.library.version(KIT, 1)
    found = shown()
    assert own is not None
    assert found is not None
    with pytest.raises(Refused, match="nobody signs their own"):
        await at_ritas.decide(own, Meaning.APPROVE, "tried")
    with pytest.raises(Refused, match="No reason was given"):
        await at_anns.decide(found, Meaning.APPROVE, " ")
    signed = await at_anns.decide(found, Meaning.APPROVE, "tried in the lab")
    assert signed.is_gold
    assert gold_words(signed) == "gold master, signed by Ann"
    await rita.until(lambda: at_ritas.library.versions[0].is_gold)

    # A version is another digest: it is not gold because the one before was.
    begun = await at_ritas.draft_of(at_ritas.library.versions[0])
    assert (await at_ritas.draft_of(at_ritas.library.versions[0])) == begun
    with pytest.raises(Refused, match="Nothing is other than in version 1"):
        await at_ritas.publish_draft(begun, "nothing")
    edited = msgspec.structs.replace(begun.blueprint, summary="for the lab")
    second = await at_ritas.publish_draft(await at_ritas.keep_draft(edited, begun.seen), "what it is for")
    assert second.version == 2
    assert [(one.version, one.is_gold) for one in at_ritas.library.versions] == [(2, False), (1, True)]

    file = tmp_path / "kit.json"
    await write_document(second, file)
    assert await read_document(file) == second
    with pytest.raises(AlreadyThere):
        await write_document(first, file)
    with pytest.raises(Refused, match="has no values"):
        await read_one(_written(tmp_path / "values.json", "[1]"))
    with pytest.raises(Refused, match="Configuration number 2: the key “a” stands there twice, in lines 1 and 2"):
        await read_values(str(_written(tmp_path / "values.json", '[{"a": 1}, {"a": 1,\n"a": 2}]')))
    assert await read_one(_written(tmp_path / "values.json", '{"a": 1}')) == {"a": 1}
    _written(rita.console.home.settings.home / "blueprint-drafts" / "damaged.json", "{")
    assert await at_ritas.drafts() == ()

    for version in (1, 2):
        assert await at_ritas.retire(KIT, version, "the lab is gone") == ()
    assert at_ritas.library.versions == ()
    assert await at_ritas.remove_left() == ()
    rows = await rita.console.audit_page(AuditQuery(event=AuditEvent.BLUEPRINT_RETIRED))
    assert {row.fact.reason for row in rows} == {"the lab is gone"}
    refused = await rita.console.audit_page(AuditQuery(event=AuditEvent.COMMAND_REFUSED))
    assert len(refused) == 2


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
