"""Values of fields as people read them."""

from typing import Any

import pytest

from tests.domain.workflow.flows import PRODUCTION, STAGING, rich_workflow, thing
from tests.domain.workflow.pools import pool_of
from xsconsole.domain.board import EMPTY_BOARD, Board, Card, Standing
from xsconsole.domain.ids import ConfigurationId, GroupId, StageId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.workflow import DiskRule, DiskTreatment, EntryAction, Kind, Method, RestorePointRule, StageLease
from xsconsole.domain.workflow.afterwards import ArchiveIncumbent, DemoteIncumbent, Tell
from xsconsole.domain.workflow.findings import Ground
from xsconsole.domain.workflow.gates import (
    AddressesAnswer,
    Checklist,
    ExactReplica,
    Gate,
    HttpCall,
    MaintenanceWindow,
    Measure,
    NoDrift,
    NoDuplicateAddresses,
    PoolFit,
    RecentRestorePoint,
    Script,
    ShortChains,
)
from xsconsole.domain.workflow.names import field_name
from xsconsole.domain.workflow.values import FreezeCalendar, LeaseEnd, NetworkEntry, Place, VlanRange
from xsconsole.domain.workflow.wording import gate_words, span_words, value_words, window_words

FLOW = rich_workflow()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("limits.running", None, "any number"),
        ("binding.pool", None, "the workflow's pool"),
        ("binding.sr", None, "where each disk is"),
        ("binding.vlans", None, "those of the pool"),
        ("binding.vlans", VlanRange(first=3000, last=3031), "3000 to 3031"),
        ("lease", None, "none"),
        ("expiry_s", None, "never"),
        ("is_production", True, "yes"),
        ("replaces_data", False, "no"),
        ("limits.running", 3, "3"),
        ("soak_s", 5400, "1 h 30 min"),
        ("soak_s", 0, "0 s"),
        ("soak_s", 86400, "1 day"),
        ("source", PRODUCTION, "Production"),
        ("source", StageId("gone"), "gone"),
        ("description", "", "nothing"),
        ("description", "Two\nlines", "“Two lines”"),
        ("kind", Kind.DEMOTE, "way back"),
        ("entry", EntryAction.STOP, "shut the machines down"),
        ("entry", EntryAction.LEAVE, "leave their power as it is"),
        ("method", Method.MOVE, "move the machines"),
        ("method", Method.LINKED_CLONE, "linked clones"),
        ("disks", (DiskRule(role="data", treatment=DiskTreatment.EMPTY),), "data starts empty"),
        ("disks", (DiskRule(role="os", treatment=DiskTreatment.TRAVELS),), "os travels"),
        ("actors", (GroupId("leads"), GroupId("gone")), "Leads, gone"),
        ("people", ("ann", "zoe"), "Ann, zoe"),
        ("protection", tuple(f"op{at}" for at in range(14)), "op0, op1, op2, op3, op4, op5, op6, op7, op8, op9, op10, "
         "op11 and 2 more"),
        ("binding.hosts", (thing("h1", "alpha"), thing("h2")), "alpha, h2"),
        ("binding.networks", (NetworkEntry(logical="lan", network=thing("n1", "VLAN 7")),), "lan is VLAN 7"),
        ("restore_point", RestorePointRule(), "kept until removed"),
        ("restore_point", RestorePointRule(kept_s=86400), "kept for 1 day"),
        ("restore_point", RestorePointRule(most=1), "kept as the newest of a configuration"),
        ("restore_point", RestorePointRule(kept_s=86400, most=3), "kept for 1 day, the newest 3 of a configuration"),
        ("lease", StageLease(duration_s=3600, at_end=LeaseEnd.ARCHIVE), "1 h, then archive"),
        ("lease", StageLease(duration_s=3600, at_end=LeaseEnd.STOP), "1 h, then shut the machines down"),
        ("freezes", (FreezeCalendar(reason="Rest", is_total=True), FreezeCalendar(to_day=9)), "Friday 18:00 to "
         "Monday 06:00 (UTC), also ways back: Rest; Friday 18:00 to 9 06:00 (UTC)"),
        ("place", Place(x=1, y=2), "1, 2"),
        ("afterwards", (ArchiveIncumbent(), DemoteIncumbent(), Tell(url="")), "who had the slot goes into the archive, "
         "who had the slot goes back, tell nobody"),
        ("signature", FLOW.signature, "signed"),
        ("people", FLOW.people, "Ann, Ben"),
    ],
)  # fmt: skip
def test_a_value_is_said_in_words(field: str, value: Any, words: str) -> None:
    assert value_words(field, value, FLOW) == words


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        (AddressesAnswer(), "addresses answer to ping"),
        (AddressesAnswer(port=443, timeout_s=300), "addresses answer at port 443, within 5 min"),
        (NoDrift(against=Measure.PRODUCTION), "no drift from production"),
        (NoDrift(), "no drift from what was approved"),
        (ExactReplica(), "exact replica of production"),
        (NoDuplicateAddresses(), "no duplicate addresses"),
        (RecentRestorePoint(tag="nightly"), "recent restore point of the last 1 day with tag nightly"),
        (ShortChains(), "short chains of disks of at most 10"),
        (PoolFit(), "pool is fit"),
        (Checklist(items=("Backed up?",)), "checklist of 1 question"),
        (Script(), "script"),
        (HttpCall(url="https://a.example", method="POST"), "web request POST https://a.example"),
    ],
)
def test_a_gate_is_said_with_what_was_chosen_for_it(gate: Gate, words: str) -> None:
    assert gate_words(gate) == words


def test_windows_spans_and_fields_have_words() -> None:
    assert window_words(MaintenanceWindow(weekdays=(6, 0))) == "Monday, Sunday 00:00–24:00 (UTC)"
    assert span_words(3 * 86400) == "3 days"
    assert field_name("limits.per_service") == "limit per service"
    assert field_name("restore_point") == "restore point"


def test_the_ground_of_one_console_is_its_pool_and_its_cards() -> None:
    card = Card(
        id=ConfigurationId("c"), name="shop 1.0", service="shop", version="1.0", stage=STAGING, revision=1,
        workflow_version=1, members=(), standing=Standing.WHOLE,
    )  # fmt: skip
    board = Board(workflow=FLOW, cards={card.id: card})

    ground = Ground.live(pool_of("pool-a"), board, [pool_of("pool-b"), Inventory()])

    assert (ground.home, sorted(ground.pools)) == ("pool-a", ["pool-a", "pool-b"])
    assert [(each.name, each.stage, each.is_running) for each in ground.occupants] == [("shop 1.0", STAGING, False)]
    assert Ground.live(Inventory(), EMPTY_BOARD).home is None
