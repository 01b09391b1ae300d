"""What can be edited in a draft: read as it was typed, refused with a mend, and always the model's own state."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.ui.draft_values import rich_draft, surroundings
from xsconsole.domain.workflow.bounds import LONGEST_S
from xsconsole.domain.workflow.edits import add_stage, change_stage, change_workflow
from xsconsole.domain.workflow.values import Binding, Limits, NetworkEntry, PoolObject
from xsconsole.errors import Refused
from xsconsole_ui.workflow.forms import spans
from xsconsole_ui.workflow.forms.draft_tree import DraftTree
from xsconsole_ui.workflow.forms.editors import Choice, Clock, Colour, Flag, Lines, Number, Option, Span, Words
from xsconsole_ui.workflow.forms.multiple import together
from xsconsole_ui.workflow.forms.node import DeedKind, Shape

AROUND = surroundings()


def tree_of(draft):
    return DraftTree().of(draft, AROUND)


def node_at(tree, *path):
    for key in path:
        tree = next(child for child in tree.children if key in (child.key, child.name))
    return tree


def edited(draft, value, *path):
    node = node_at(tree_of(draft), *path)
    return node.change(draft, node.editor.read(value))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("24 h", 86_400), ("3 d", 259_200), ("90 min", 5400), ("1h30m", 5400), ("2 weeks", 1_209_600), ("45 s", 45)],
)
def test_spans_are_typed_with_their_unit(text, seconds):
    assert spans.read(text) == seconds


@pytest.mark.parametrize("text", ["", "24", "h", "3 moons", "1 h 5", "-3 d"])
def test_a_span_without_its_unit_is_refused(text):
    with pytest.raises(Refused) as refusal:
        spans.read(text)

    assert "24 h" in refusal.value.mend


@given(seconds=some.integers(0, LONGEST_S))
def test_a_span_is_read_back_as_it_is_written(seconds):
    assert spans.read(spans.written(seconds)) == seconds


@given(minute=some.integers(0, 24 * 60))
def test_a_time_of_day_is_read_back_as_it_is_written(minute):
    assert spans.read_clock(spans.clock(minute)) == minute


def test_objects_of_the_pool_are_chosen_by_name_and_kept_by_uuid():
    draft = edited(rich_draft(), "acme-prod", "stages", "staging", "binding", "pool")
    draft = edited(draft, "SAN", "stages", "staging", "binding", "sr")
    draft = edited(draft, "away-dmz", "stages", "staging", "networks", "frontend")

    assert draft.stage("staging").binding == Binding(
        pool=PoolObject(uuid="away", name="acme-prod"),
        sr=PoolObject(uuid="away-s1", name="SAN"),
        networks=(NetworkEntry(logical="frontend", network=PoolObject(uuid="away-n1", name="away-dmz")),),
    )


def test_an_object_that_is_gone_is_named_with_its_uuid():
    sr = PoolObject(uuid="no-such", name="old SAN")
    draft = change_stage(rich_draft(), "staging", binding=Binding(sr=sr, hosts=(PoolObject(uuid="h9", name="xen-9"),)))
    tree = tree_of(draft)

    assert node_at(tree, "stages", "staging", "binding", "sr").words == "gone: old SAN (no-such)"
    hosts = node_at(tree, "stages", "staging", "binding", "hosts")
    assert [child.name for child in hosts.children if child.editor.value] == ["gone: xen-9 (h9)"]


def test_a_stage_bound_to_a_pool_that_is_away_still_names_its_objects():
    binding = Binding(pool=PoolObject(uuid="far", name="acme-far"), sr=PoolObject(uuid="s", name="SAN"))
    tree = tree_of(change_stage(rich_draft(), "staging", binding=binding))

    assert node_at(tree, "stages", "staging", "binding", "sr").words == "SAN (its pool is not connected)"


def test_the_network_map_shows_both_sides():
    draft = edited(rich_draft(), "home-dmz", "stages", "staging", "networks", "frontend")

    row = node_at(tree_of(draft), "stages", "staging", "out", "staging-to-production", "networks", "frontend")

    assert row.words == "home-dmz → not mapped"
    assert [side.name for side in row.children] == ["in Staging", "in Production"]
    assert [option.words for option in row.children[0].editor.options()] == ["not mapped", "home-data", "home-dmz"]


def test_what_did_not_change_is_the_very_same_node():
    keeper, draft = DraftTree(), rich_draft()
    before = keeper.of(draft, AROUND)

    after = keeper.of(change_stage(draft, "staging", description="Other words"), AROUND)

    assert node_at(after, "stages", "production") is node_at(before, "stages", "production")
    assert node_at(after, "stages", "staging") != node_at(before, "stages", "staging")


def test_one_part_is_made_without_the_others_and_is_the_same():
    draft = rich_draft()
    keeper = DraftTree()

    stage, way = keeper.stage(draft, AROUND, "staging"), keeper.way(draft, AROUND, "staging-to-production")

    whole = keeper.of(draft, AROUND)
    assert node_at(whole, "stages", "staging") is stage
    assert node_at(whole, "stages", "staging", "out", "staging-to-production") is way
    assert keeper.workflow(draft, AROUND) == tuple(child for child in whole.children if child.key != "stages")
    assert keeper.stage(draft, AROUND, "gone") is None


def test_lists_of_stages_are_read_from_the_draft_as_it_is_when_they_open():
    keeper, draft = DraftTree(), rich_draft()
    way = keeper.way(draft, AROUND, "staging-to-production")
    target = node_at(way, "method", "target")

    keeper.of(add_stage(draft, "Performance")[0], AROUND)

    assert "Performance" in [option.words for option in target.editor.options()]


def test_several_stages_are_edited_in_one_step():
    draft = rich_draft()
    stages = node_at(tree_of(draft), "stages").children[:3]
    sections = together(stages, "3 stages")
    entry = next(field for section in sections for field in section.children if field.key == "entry")

    changed = entry.change(draft, entry.editor.read("shut the machines down"))

    assert entry.words == "several values"
    label = entry.label(draft, entry.editor.read("shut the machines down"))
    assert label == "Change what happens on entry of 3 stages to shut the machines down"
    assert [stage.entry for stage in changed.stages] == ["stop", "stop", "stop", "start"]
    assert not any(field.key == "name" for section in sections for field in section.children)


def test_tags_for_fences_are_typed_as_a_range_and_refused_with_the_mend():
    path = ("stages", "Staging", "binding", "vlans")
    draft = edited(rich_draft(), "3000 - 3031", *path)

    assert node_at(tree_of(draft), *path).editor.text == "3000-3031"
    assert node_at(tree_of(edited(draft, " ", *path)), *path).editor.text == ""
    # What carries them is chosen beside, and stays when other tags are typed.
    by = (*path[:-1], "trunk")
    assert node_at(tree_of(draft), *by).words == "as the ground of fences says"
    trunk = next(one for one in node_at(tree_of(draft), *by).editor.options() if one.key)
    carried = edited(edited(draft, trunk.words, *by), "3000-3005", *path)
    assert node_at(tree_of(carried), *by).words == trunk.words
    assert not any(child.key == "trunk" for child in node_at(tree_of(edited(draft, " ", *path)), *by[:-1]).children)
    for text, mend in (("3000", "Write such as 3000-3099"), ("9-8", "Swap the two"), ("0-5000", "from 1 to 4094")):
        with pytest.raises(Refused) as refused:
            edited(draft, text, *path)
        assert mend in refused.value.mend


def test_limits_that_differ_are_said_to_differ():
    draft = rich_draft()
    draft = change_stage(draft, draft.stages[0].id, limits=Limits(per_service=7))
    sections = together(node_at(tree_of(draft), "stages").children[:2], "2 stages")

    limit = next(field for section in sections for field in section.children if field.key == "per_service")

    assert limit.editor.none == "several values"  # it once said “any number”


def test_a_person_who_goes_leaves_no_trace():
    draft = rich_draft()
    person = node_at(tree_of(draft), "people", "cleo")

    changed = person.deed(DeedKind.REMOVE).change(draft, "")

    assert [group.people for group in changed.groups] == [("anna", "ben"), ()]


def test_a_fingerprint_may_be_pasted_as_tools_print_it():
    colons = "SHA256:" + ":".join(["AE"] * 32)

    changed = edited(rich_draft(), f"{colons}\n{'ef' * 32}\n", "people", "ben", "fingerprints")

    assert changed.people[1].fingerprints == ("ae" * 32, "ef" * 32)


def test_a_known_key_that_nobody_has_is_pinned_without_typing_it():
    draft = rich_draft()
    keys = tuple(Option(key=key * 32, words=key) for key in ("ab", "ef"))
    tree = DraftTree().of(draft, replace(AROUND, keys=keys))
    assert node_at(tree, "people", "ben").deed(DeedKind.ADD) is None  # there, one more person is added
    deed = node_at(tree, "people", "ben", "fingerprints").deed(DeedKind.ADD)

    assert [option.words for option in deed.options()] == ["ef"]  # the other is Anna's
    changed = deed.change(draft, "ef" * 32)
    assert changed.people[1].fingerprints == ("ef" * 32,)
    assert deed.label(draft, "ef" * 32) == "Pin key efefefefefefefef to “Ben”"


@settings(max_examples=20)
@given(data=some.data())
def test_whatever_is_edited_the_tree_is_that_of_the_model(data):
    """Random edits through the nodes: what the keeper hands out equals a tree made anew from the same draft."""
    keeper, draft, refused = DraftTree(), rich_draft(), []
    for _ in range(data.draw(some.integers(1, 8))):
        tree = keeper.of(draft, AROUND)
        assert tree == tree_of(draft)
        nodes = [node for node in tree.walk() if node.change is not None or node.deeds]
        node = data.draw(some.sampled_from(nodes))
        try:
            draft = _random_edit(data, draft, node)
        except Refused as refusal:
            refused.append(refusal)
    assert all(refusal.reason.endswith(".") and refusal.mend for refusal in refused)
    assert keeper.of(draft, AROUND) == tree_of(draft)


def _random_edit(data, draft, node):
    deeds = list(node.deeds)
    if node.change is None or (deeds and data.draw(some.booleans())):
        deed = data.draw(some.sampled_from(deeds))
        options = deed.options() if deed.options is not None else None
        key = "" if options is None else data.draw(some.sampled_from(options)).key if options else None
        return draft if key is None else deed.change(draft, key)
    typed = {
        Words: some.text(max_size=8),
        Lines: some.text(alphabet="ab:\n", max_size=8),
        Number: some.sampled_from(["", "0", "3", "x"]),
        Span: some.sampled_from(["", "24 h", "0 s", "3"]),
        Clock: some.sampled_from(["22:30", "24:00", "25:00"]),
        Colour: some.sampled_from(["#112233", "red"]),
        Flag: some.sampled_from(["yes", "no"]),
    }
    if isinstance(node.editor, Choice):
        return node.change(draft, data.draw(some.sampled_from(node.editor.options())).key)
    return node.change(draft, node.editor.read(data.draw(typed[type(node.editor)])))


def test_keys_are_unlike_among_siblings_and_everything_has_a_name():
    tree = tree_of(change_workflow(rich_draft(3), description="What it is for"))

    for node in tree.walk():
        assert node.name
        keys = [child.key for child in node.children]
        assert len(set(keys)) == len(keys), keys
    assert {node.shape for node in tree.walk()} == set(Shape)


def test_every_step_of_the_tree_says_what_is_done_to_whom():
    """The name of the stage, the transition, the person … stands in the words of whatever can be done there."""
    draft = rich_draft(1)
    owners = {stage.id: f"“{stage.name}”" for stage in draft.stages}
    owners |= {way.id: f"{owners[way.source]} → {owners[way.target]}" for way in draft.transitions}
    said = []
    for node in tree_of(draft).walk():
        target = owners.get(node.transition or node.stage, "")
        if node.change is not None:
            value = True if isinstance(node.editor, Flag) else node.editor.value
            label = node.label(draft, value)
            # What a network is in a stage is the stage's, also where the transition shows it.
            assert target in label or any(owners[stage.id] in label for stage in draft.stages), (node.key, label)
            said.append((node, label))
        for deed in node.deeds:
            options = deed.options() if deed.options is not None else ()
            label = deed.label(draft, options[0].key if options else "")
            assert target in label, (node.key, label)
            assert label != deed.name
            if deed.kind in (DeedKind.UP, DeedKind.DOWN):
                assert deed.kind.value in label.split()
    labels = {label for _, label in said}
    assert {
        "Rename “Staging” to “Staging”",
        "Change soak of “Staging” → “Production” to none",
        "Change time-out of check “script” of “Staging” → “Production” to 2 min",
        "Tick “ops” of rule 1 of “Staging” → “Production”",
        "Tick “Delete the machine” of protection of “Production”",
        "Tick “Anna” of group “ops”",
        "Change keys of “Anna”",
        "Rename “frontend” to “frontend”",
        "Change network data of “Staging” to not mapped",
    } <= labels, sorted(labels)


def test_a_stage_is_frozen_every_week_as_it_is_typed():
    draft = rich_draft()
    stage = draft.stages[0]
    path = ("stages", stage.name, "freezes")
    listed = node_at(tree_of(draft), *path)
    draft = listed.deeds[0].change(draft, "week")

    draft = edited(draft, "17:30", *path, "0", "from_minute")
    draft = edited(draft, " Europe/Berlin ", *path, "0", "zone")
    draft = edited(draft, "Weekend", *path, "0", "reason")
    draft = edited(draft, "Sunday", *path, "0", "to_day")

    (calendar,) = draft.stage(stage.id).freezes
    assert (calendar.from_day, calendar.from_minute, calendar.to_day) == (4, 1050, 6)
    assert (calendar.zone, calendar.reason, calendar.is_total) == ("Europe/Berlin", "Weekend", False)
    with pytest.raises(Refused) as refusal:
        edited(draft, "../etc", *path, "0", "zone")
    assert "no name of a time zone" in refusal.value.reason
