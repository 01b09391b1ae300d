"""A statement says of every field of every member what it is, and of contents no more than is known."""

from dataclasses import replace

import msgspec

from tests.domain.test_comparison import DISK, WEB, version
from tests.domain.test_drift import AT, card, rule
from xsconsole.domain.comparison import compare, rule_label
from xsconsole.domain.fidelity import Finding, contents, document, likeness, stated, text
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.domain.poolstate import Origin
from xsconsole.domain.workflow import default_workflow
from xsconsole.reports.html import render_statement

COPY = ConfigurationId("copy")


def test_every_field_is_equal_allowed_by_a_named_rule_or_drift() -> None:
    first = version(msgspec.structs.replace(WEB, disks=(DISK,), platform={"acpi": "1"}))
    changed = msgspec.structs.replace(WEB, name="<b>web</b>\x1b[2J", vcpus_max=8, platform={"acpi": "0"})
    second = version(changed, configuration=COPY, service="shop")

    made = stated(compare(first, second, (rule(stage="staging"),)), card("copy", "staging"), AT, "ann")

    found = {(line.where, line.what): (line.finding, line.rule) for line in made.lines}
    assert found["web", "vCPUs at most"] == (Finding.ALLOWED, "small (ann, a1)")
    assert found["web", "name"] == (Finding.ALLOWED, "names")
    assert found["web", "platform setting acpi"] == (Finding.DRIFT, "")
    assert found["web, disk 0", "disk"] == (Finding.DRIFT, "")
    assert found["web", "vCPUs at start"] == (Finding.EQUAL, "")
    assert sum(made.counts.values()) == len(made.lines) > 30
    assert made.rules == (("names", 1), ("small (ann, a1)", 1))
    assert "Allowed by hand: small (ann, a1)." in made.verdict
    assert "\x1b" not in text(made)
    assert "  web: platform setting acpi: 1 | 0" in text(made).splitlines()
    assert "<b>" not in render_statement(made)
    fields = document(made, is_whole=False)["fields"]
    assert isinstance(fields, list)
    assert len(fields) == 4


def test_a_rule_is_told_in_the_words_of_differences() -> None:
    assert rule_label(rule(stage="staging", role="db")) == "db: vCPUs at most, of shop in staging"
    flow = default_workflow()
    assert rule_label(rule(stage="staging", role="db"), flow) == "db: vCPUs at most, of shop in Staging"
    assert rule_label(rule(part="nic", field="mtu")) == "every member, interface any: MTU, of shop"
    assert rule_label(rule(part="of a later version")) == "of a later version vcpus max, of shop"


def test_likeness_names_what_differs_first_and_contents_are_claimed_only_of_copies() -> None:
    first, second = version(WEB), version(WEB, configuration=COPY)
    assert likeness(compare(first, second), "X.") == "Equal to shop in every field. X."
    assert replace(first, stage=StageId("patch-testing")).place == "Patch testing"  # of which only the id is left
    named = replace(first, stage_name="Production")
    assert likeness(compare(named, second), "X.") == "Equal to shop in Production in every field. X."
    heads = text(
        stated(compare(named, replace(second, stage_name="Staging")), card("copy", "staging"), AT)
    ).splitlines()
    assert heads[1] == "shop (Staging) beside shop (Production)"
    many = msgspec.structs.replace(WEB, vcpus_max=2, start_order=1, start_delay_s=1, after_crash="destroy")
    said = likeness(compare(first, version(many, configuration=COPY)), "X.")
    assert said.startswith("4 differences from shop that no rule allows: web: ")
    assert said.endswith(" and 1 more. X.")

    copied = Origin(configuration=first.configuration, name="shop", stage=first.stage, revision=1, method="full-copy")
    off = msgspec.structs.replace(copied, frozen_at=AT, skew_s=1.8)
    one = replace(card("copy", "staging"), origin=copied)
    assert contents(first, one).startswith("Disk contents: copied while it was off;")
    one = replace(one, origin=off)
    assert "same snapshot set of 2026-11-27 14:02 UTC, skew at most 2 s, crash-consistent" in contents(first, one)
    assert contents(second, one) == "Disk contents: unknown."
