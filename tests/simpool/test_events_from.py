"""`event.from` as the difference between what a client knows and what there is."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from embedded import EmbeddedPool

SOON_S = 0.3
PATIENCE_S = 30.0


class Watcher:
    """Follows `event.from` from the beginning."""

    def __init__(self, session: Any, *classes: str) -> None:
        self._session = session
        self._classes = list(classes)
        self.answer: dict[str, Any] = {"token": ""}

    def look(self, timeout: float = PATIENCE_S) -> list[dict[str, Any]]:
        token = self.answer["token"]
        self.answer = getattr(self._session.xenapi.event, "from")(self._classes, token, timeout)
        found: list[dict[str, Any]] = self.answer["events"]
        return found


@pytest.fixture
def network(session: Any) -> Iterator[str]:
    ref: str = session.xenapi.network.create({"name_label": "net-of-a-test", "other_config": {}})
    yield ref
    if ref in session.xenapi.network.get_all():
        session.xenapi.network.destroy(ref)


def ends(events: list[dict[str, Any]], ref: str) -> list[str]:
    return [event["operation"] for event in events if event["ref"] == ref]


def test_the_beginning_has_everything_once(session: Any) -> None:
    watcher = Watcher(session, "VM", "network")

    events = watcher.look()

    vms, networks = session.xenapi.VM.get_all_records(), session.xenapi.network.get_all_records()
    assert {event["ref"]: event["snapshot"] for event in events} == vms | networks
    assert len(events) == len(vms) + len(networks)
    assert {event["operation"] for event in events} == {"add"}
    assert {event["class"] for event in events} == {"vm", "network"}
    assert {event["timestamp"] for event in events} == {"0.0"}


def test_a_star_stands_for_all_classes_that_have_events(session: Any) -> None:
    events = Watcher(session, "*").look()

    classes = {event["class"] for event in events}
    assert {"pool", "host", "host_metrics", "vm", "vif", "vbd", "vdi", "sr", "pbd", "network", "pif"} <= classes
    assert "session" not in classes


def test_a_change_becomes_one_event_with_the_present_record(session: Any, network: str) -> None:
    watcher = Watcher(session, "network")
    watcher.look()
    session.xenapi.network.set_name_description(network, "first")
    session.xenapi.network.set_name_description(network, "second")

    events = watcher.look()

    assert ends(events, network) == ["mod"]
    assert events[0]["snapshot"]["name_description"] == "second"


def test_what_was_made_and_changed_is_one_addition(session: Any) -> None:
    watcher = Watcher(session, "network")
    watcher.look()
    made = session.xenapi.network.create({"name_label": "made", "other_config": {}})
    session.xenapi.network.set_name_label(made, "renamed")

    events = watcher.look()

    assert [(event["operation"], event["snapshot"]["name_label"]) for event in events] == [("add", "renamed")]
    session.xenapi.network.destroy(made)


def test_what_came_and_went_is_nothing(session: Any, network: str) -> None:
    watcher = Watcher(session, "network")
    watcher.look()
    made = session.xenapi.network.create({"name_label": "made", "other_config": {}})
    session.xenapi.network.destroy(made)
    session.xenapi.network.set_name_description(network, "something to see")

    assert [event["ref"] for event in watcher.look()] == [network]


def test_what_is_gone_has_no_snapshot(session: Any, network: str) -> None:
    watcher = Watcher(session, "network")
    watcher.look()
    session.xenapi.network.destroy(network)

    events = watcher.look()

    assert ends(events, network) == ["del"]
    assert "snapshot" not in events[0]


def test_additions_come_before_changes_and_losses_last(session: Any, network: str) -> None:
    lost = session.xenapi.network.create({"name_label": "lost", "other_config": {}})
    watcher = Watcher(session, "network")
    watcher.look()
    session.xenapi.network.destroy(lost)
    session.xenapi.network.set_name_description(network, "changed")
    added = session.xenapi.network.create({"name_label": "added", "other_config": {}})

    events = watcher.look()

    assert [(event["operation"], event["ref"]) for event in events] == [("add", added), ("mod", network), ("del", lost)]
    session.xenapi.network.destroy(added)


def test_one_object_can_be_watched(session: Any, network: str) -> None:
    other = session.xenapi.network.create({"name_label": "other", "other_config": {}})
    watcher = Watcher(session, f"network/{network}")
    watcher.look()
    session.xenapi.network.set_name_description(other, "unseen")
    session.xenapi.network.set_name_description(network, "seen")

    assert [event["ref"] for event in watcher.look()] == [network]
    session.xenapi.network.destroy(other)


def test_a_new_interface_shows_at_its_machine_and_its_network(session: Any, network: str) -> None:
    vm = session.xenapi.VM.get_by_name_label("old-wiki")[0]
    watcher = Watcher(session, "VM", "VIF", "network")
    watcher.look()

    vif = session.xenapi.VIF.create(
        {
            **{"device": session.xenapi.VM.get_allowed_VIF_devices(vm)[0], "network": network, "VM": vm, "MAC": ""},
            **{"MTU": "1500", "other_config": {}, "qos_algorithm_type": "", "qos_algorithm_params": {}},
        }
    )

    seen = {event["ref"]: event for event in watcher.look()}
    assert seen[vif]["operation"] == "add"
    assert vif in seen[vm]["snapshot"]["VIFs"]
    assert seen[network]["snapshot"]["VIFs"] == [vif]
    session.xenapi.VIF.destroy(vif)


def test_the_counts_cover_all_classes(session: Any) -> None:
    watcher = Watcher(session, "pool")
    watcher.look()

    counts = watcher.answer["valid_ref_counts"]

    assert counts["vm"] == len(session.xenapi.VM.get_all())
    assert {"task", "network", "session", "message", "vbd_metrics"} <= counts.keys()
    assert all(isinstance(count, int) for count in counts.values())


def test_watching_ends_with_nothing_when_the_time_is_over(session: Any) -> None:
    watcher = Watcher(session, "pool")
    watcher.look()
    token = watcher.answer["token"]
    before = time.monotonic()

    assert watcher.look(SOON_S) == []
    assert time.monotonic() - before >= SOON_S
    assert len(watcher.answer["token"]) == len(token) == 41


def test_watching_returns_as_soon_as_something_happens(pool: EmbeddedPool, session: Any, network: str) -> None:
    watcher = Watcher(session, f"network/{network}")
    watcher.look()
    seen: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: seen.extend(watcher.look()))
    thread.start()

    with pool.plain_session() as other:
        other.xenapi.network.set_name_description(network, "from elsewhere")
    thread.join(PATIENCE_S / 2)

    assert [event["snapshot"]["name_description"] for event in seen] == ["from elsewhere"]


def test_a_class_that_does_not_exist_never_has_events(session: Any) -> None:
    assert Watcher(session, "nosuchclass").look(SOON_S) == []


def test_no_classes_have_no_events(session: Any) -> None:
    assert Watcher(session).look(SOON_S) == []


def test_a_whole_number_does_as_a_timeout(session: Any) -> None:
    answer = getattr(session.xenapi.event, "from")(["pool"], "", 5)

    assert len(answer["events"]) == 1


def test_a_broken_token_is_refused(session: Any, refusal: Any) -> None:
    call = getattr(session.xenapi.event, "from")

    assert refusal(call, ["*"], "bogus", 1.0) == ["EVENT_FROM_TOKEN_PARSE_FAILURE", "bogus"]


def test_a_broken_subscription_is_refused(session: Any, refusal: Any) -> None:
    call = getattr(session.xenapi.event, "from")

    assert refusal(call, ["a/b/c"], "", 1.0) == ["EVENT_SUBSCRIPTION_PARSE_FAILURE", "a/b/c"]


def test_who_logs_out_stops_watching(pool: EmbeddedPool, session: Any, json_call: Any) -> None:
    handle = json_call("session.login_with_password", "root", pool.password)["result"]
    token = json_call("event.from", handle, ["pool"], "", 0.0)["result"]["token"]
    answers: list[Any] = []
    thread = threading.Thread(
        target=lambda: answers.append(json_call("event.from", handle, ["pool"], token, PATIENCE_S))
    )
    thread.start()

    json_call("session.logout", handle)
    thread.join(PATIENCE_S / 2)

    assert answers[0]["error"] == {"code": 1, "message": "SESSION_INVALID", "data": [handle]}


def test_an_injected_event_is_seen_by_who_starts_from_its_token(session: Any) -> None:
    pool = session.xenapi.pool.get_all()[0]

    token = session.xenapi.event.inject("pool", pool)
    answer = getattr(session.xenapi.event, "from")(["pool"], token, PATIENCE_S)

    assert token.endswith(",00000000000000000000")
    assert ends(answer["events"], pool) == ["mod"]


def test_messages_come_first_and_all_of_them_after_an_injection(session: Any) -> None:
    pool = session.xenapi.pool.get_all()[0]
    uuid = session.xenapi.pool.get_uuid(pool)
    message = session.xenapi.message.create("NOTE", "5", "Pool", uuid, "text")
    token = session.xenapi.event.inject("pool", pool)

    answer = getattr(session.xenapi.event, "from")(["*"], token, PATIENCE_S)

    assert message in [event["ref"] for event in answer["events"]]
    assert answer["events"][0]["class"] == "message"


def test_the_old_calls_need_a_registration(session: Any, refusal: Any) -> None:
    details = refusal(session.xenapi.event.next)

    assert (details[0], len(details)) == ("SESSION_NOT_REGISTERED", 2)


def test_the_old_calls_tell_of_changes(session: Any, network: str) -> None:
    session.xenapi.event.register(["network"])
    session.xenapi.network.set_name_description(network, "changed")

    events = session.xenapi.event.next()

    assert ends(events, network) == ["mod"]
    session.xenapi.event.unregister(["network"])
