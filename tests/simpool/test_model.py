"""The model answers for itself: every type parses, every relation has two ends, the file stays small."""

from importlib.resources import files

import pytest

from xsconsole.simpool import model as models
from xsconsole.simpool.model import MANDATORY, Model
from xsconsole.simpool.types import Enum, Map, Record, Ref, Set, Str, parse_type


@pytest.fixture(scope="module")
def model() -> Model:
    return models.load()


def test_every_field_has_a_value_to_start_with(model: Model) -> None:
    for cls in model.classes.values():
        for field in cls.fields.values():
            assert field.initial() is not MANDATORY


def test_both_ends_of_a_relation_refer_to_each_other(model: Model) -> None:
    for relation in model.relations:
        one = model.classes[relation.one[0]].fields[relation.one[1]].type
        many = model.classes[relation.many[0]].fields[relation.many[1]].type

        assert many == Set(Ref(relation.one[0]))
        assert one == (Set(Ref(relation.many[0])) if relation.is_many_to_many else Ref(relation.many[0]))


def test_a_field_knows_the_field_at_its_other_end(model: Model) -> None:
    assert model.ends["VIF", "VM"] == ("VM", "VIFs")
    assert model.ends["VM", "VIFs"] == ("VIF", "VM")
    assert model.ends["VM", "resident_on"] == ("host", "resident_VMs")


def test_a_map_of_sets_is_read_with_its_parts() -> None:
    kind = parse_type("(VM ref -> (string -> enum colour set) map) map", {"colour": ("red", "blue")})

    assert kind == Map(Ref("VM"), Map(Str(), Set(Enum("colour", ("red", "blue")))))


def test_messages_know_their_arguments_without_the_session(model: Model) -> None:
    snapshot = model.classes["VM"].messages["snapshot"]
    add = model.classes["pool"].messages["add_to_other_config"]

    assert [param.name for param in snapshot.params] == ["vm", "new_name", "ignore_vdis"]
    assert snapshot.mandatory_count == 2
    assert snapshot.is_async
    assert snapshot.min_role == "vm-power-admin"
    assert [param.type for param in add.params] == [Ref("pool"), Str(), Str()]
    assert model.classes["VM"].messages["add_to_other_config"].is_generated
    assert not snapshot.is_generated
    assert model.classes["VM"].messages["get_all_records"].result == Map(Ref("VM"), Record("VM"))


def test_the_data_file_stays_under_its_limit() -> None:
    assert len(files("xsconsole.simpool").joinpath("xapi_model.json").read_bytes()) < 400 * 1024
