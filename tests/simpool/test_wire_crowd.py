"""Several clients do at once what comes to their minds; afterwards the pool is in order, and its feed told all."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from random import Random
from typing import Any

import XenAPI
from embedded import EmbeddedPool, embedded_pool
from fleet import vif_fields
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xsconsole.simpool import model

MODEL = model.load()
CLIENTS = 4
CALLS = 40
DEADLINE_S = 120
WATCHED = tuple(
    cls
    for cls in MODEL.classes.values()
    if cls.has_events and "get_all_records" in cls.messages and not cls.messages["get_all_records"].is_removed
)

Records = dict[str, dict[str, Any]]
Act = Callable[["Somebody"], object]


class Somebody:
    """One client and its whims."""

    def __init__(self, session: Any, seed: int) -> None:
        self.api = session.xenapi
        self.chance = Random(seed)

    def any(self, cls: str) -> str:
        refs = getattr(self.api, cls).get_all()
        return str(self.chance.choice(refs)) if refs else "OpaqueRef:NULL"

    def guest(self) -> str:
        """Return any VM that does not control a host."""
        found = self.api.VM.get_all_records_where('field "is_control_domain"="false"')
        return str(self.chance.choice(sorted(found)))


ACTS: tuple[Act, ...] = (
    lambda who: who.api.VM.start(who.guest(), who.chance.random() < 0.2, False),
    lambda who: who.api.VM.start_on(who.guest(), who.any("host"), False, False),
    lambda who: who.api.VM.hard_shutdown(who.guest()),
    lambda who: who.api.VM.clean_shutdown(who.guest()),
    lambda who: who.api.VM.hard_reboot(who.guest()),
    lambda who: who.api.VM.suspend(who.guest()),
    lambda who: who.api.VM.resume(who.guest(), False, False),
    lambda who: who.api.VM.pool_migrate(who.guest(), who.any("host"), {}),
    lambda who: who.api.VM.clone(who.guest(), "twin"),
    lambda who: who.api.VM.copy(who.guest(), "copy", who.any("SR")),
    lambda who: who.api.VM.snapshot(who.guest(), "moment"),
    lambda who: who.api.VM.checkpoint(who.guest(), "moment"),
    lambda who: who.api.VM.revert(who.any("VM")),
    lambda who: who.api.VM.destroy(who.guest()),
    lambda who: who.api.VM.set_is_a_template(who.guest(), who.chance.random() < 0.3),
    lambda who: who.api.VM.add_to_other_config(who.guest(), who.chance.choice("abc"), "1"),
    lambda who: who.api.VM.set_tags(who.guest(), [who.chance.choice("xyz")]),
    lambda who: who.api.Async.VM.snapshot(who.guest(), "later"),
    lambda who: who.api.task.cancel(who.any("task")),
    lambda who: who.api.task.destroy(who.any("task")),
    lambda who: who.api.VDI.snapshot(who.any("VDI"), {}),
    lambda who: who.api.VDI.clone(who.any("VDI"), {}),
    lambda who: who.api.VDI.copy(who.any("VDI"), who.any("SR")),
    lambda who: who.api.VDI.destroy(who.any("VDI")),
    lambda who: who.api.VDI.resize(who.any("VDI"), str(9 << 30)),
    lambda who: who.api.VDI.pool_migrate(who.any("VDI"), who.any("SR"), {}),
    lambda who: who.api.network.create({"name_label": "made", "other_config": {}}),
    lambda who: who.api.network.destroy(who.any("network")),
    lambda who: who.api.VIF.create(vif_fields(who.guest(), who.any("network"), str(who.chance.randrange(4)))),
    lambda who: who.api.VIF.move(who.any("VIF"), who.any("network")),
    lambda who: who.api.VIF.destroy(who.any("VIF")),
    lambda who: who.api.VBD.destroy(who.any("VBD")),
    lambda who: who.api.pool.create_VLAN("eth0", who.any("network"), str(who.chance.randrange(50))),
    lambda who: who.api.VLAN.destroy(who.any("VLAN")),
    lambda who: who.api.VM_appliance.create({"name_label": "app", "name_description": ""}),
    lambda who: who.api.VM.set_appliance(who.guest(), who.any("VM_appliance")),
    lambda who: who.api.VM_appliance.start(who.any("VM_appliance"), False),
    lambda who: who.api.VM_appliance.destroy(who.any("VM_appliance")),
    lambda who: who.api.host.disable(who.any("host")),
    lambda who: who.api.host.enable(who.any("host")),
    lambda who: who.api.host.evacuate(who.any("host")),
)


class Mirror:
    """What a client knows that only listens."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._token = ""
        self.records: dict[str, Records] = defaultdict(dict)

    def listen(self, timeout_s: float) -> None:
        answer = getattr(self._session.xenapi.event, "from")(["*"], self._token, timeout_s)
        self._token = answer["token"]
        for event in answer["events"]:
            known = self.records[event["class"]]
            if event["operation"] == "del":
                known.pop(event["ref"], None)
            else:
                known[event["ref"]] = event["snapshot"]

    def known(self) -> dict[str, Records]:
        """Return the records of the classes that can be asked for as a whole."""
        names = {cls.name.lower() for cls in WATCHED}
        return {name: records for name, records in self.records.items() if records and name in names}


def present(session: Any) -> dict[str, Records]:
    """Return all records of the classes that have events, by the name of the class in small letters."""
    found = {cls.name.lower(): getattr(session.xenapi, cls.name).get_all_records() for cls in WATCHED}
    return {name: records for name, records in found.items() if records}


def crowd(pool: EmbeddedPool, seed: int) -> Iterator[threading.Thread]:
    def live(number: int) -> None:
        with pool.plain_session() as session:
            who = Somebody(session, seed * CLIENTS + number)
            for _ in range(CALLS):
                with suppress(XenAPI.Failure):
                    who.chance.choice(ACTS)(who)

    for number in range(CLIENTS):
        yield threading.Thread(target=live, args=(number,))


def assert_both_ends_agree(records: Mapping[str, Records]) -> None:
    for relation in MODEL.relations:
        if relation.is_many_to_many:
            continue
        expected = defaultdict(set)
        for ref, record in records.get(relation.one[0].lower(), {}).items():
            expected[record[relation.one[1]]].add(ref)
        for ref, record in records.get(relation.many[0].lower(), {}).items():
            assert set(record[relation.many[1]]) == expected[ref], (relation, ref)


def assert_space_adds_up(records: Mapping[str, Records]) -> None:
    for record in records["sr"].values():
        disks = [records["vdi"][vdi] for vdi in record["VDIs"]]
        assert int(record["physical_utilisation"]) == sum(int(disk["physical_utilisation"]) for disk in disks)
        assert int(record["virtual_allocation"]) == sum(int(disk["virtual_size"]) for disk in disks)
        assert int(record["physical_utilisation"]) <= int(record["physical_size"])


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 1 << 30))
def test_a_crowd_leaves_a_pool_in_order_and_a_feed_that_told_all(seed: int) -> None:
    with (
        embedded_pool("--speed", "2000", "--scenario", "empty", "--hosts", "3", "--vms", "6") as pool,
        pool.plain_session() as session,
    ):
        mirror, threads = Mirror(session), list(crowd(pool, seed))
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            mirror.listen(0.2)
        for thread in threads:
            thread.join()
        deadline = time.monotonic() + DEADLINE_S
        # What was begun and not waited for goes on for a while: tasks, guests that boot, disks that are merged.
        while (found := present(session)) != (known := mirror.known()):
            assert time.monotonic() < deadline, _difference(found, known)
            mirror.listen(1.0)

    assert_both_ends_agree(found)
    assert_space_adds_up(found)
    for record in found["vm"].values():
        assert record["current_operations"] == {}


def _difference(found: Mapping[str, Records], known: Mapping[str, Records]) -> dict[str, set[str]]:
    names = found.keys() | known.keys()
    pairs = {name: (found.get(name, {}), known.get(name, {})) for name in names}
    return {
        name: {ref for ref in one.keys() | other.keys() if one.get(ref) != other.get(ref)}
        for name, (one, other) in pairs.items()
        if one != other
    }
