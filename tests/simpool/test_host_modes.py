"""Hosts that freeze, die and come back, by command or by a call."""

import contextlib
import http.client
import threading
from pathlib import Path
from typing import Any

from embedded import EmbeddedPool, embedded_pool

from tests.simpool.reaching import PATIENCE_S, at, is_reached, refused_by, served

__all__ = ["served"]


def test_a_host_that_was_shut_down_by_a_call_is_not_reached(served: EmbeddedPool) -> None:
    coordinator, supporter, _ = served.hosts
    with at(served, coordinator) as session:
        host = session.xenapi.host.get_by_name_label(supporter.name)[0]
        session.xenapi.host.evacuate(host)
        session.xenapi.host.shutdown(host)

        assert not is_reached(supporter)
        served.control("host", host=supporter.name, mode="live")
        assert refused_by(served, supporter) == ["HOST_IS_SLAVE", coordinator.address]


def test_hosts_that_died_stay_dead_in_the_file_but_for_the_coordinator(tmp_path: Path) -> None:
    arguments = ("--hosts", "3", "--state", str(tmp_path / "pool.db"))
    with embedded_pool(*arguments) as served:
        for host in served.hosts[:2]:
            served.control("host", host=host.name, mode="dead")
        served.stop()

    with embedded_pool(*arguments) as again, again.plain_session() as session:
        live = {
            record["name_label"]: session.xenapi.host_metrics.get_live(record["metrics"])
            for record in session.xenapi.host.get_all_records().values()
        }
        assert live == {"xen-1": True, "xen-2": False, "xen-3": True}
        assert [is_reached(host) for host in again.hosts] == [True, False, True]


def test_a_frozen_host_answers_when_it_thaws(served: EmbeddedPool) -> None:
    answers: list[bool] = []
    served.control("host", host=served.hosts[0].name, mode="frozen")
    asking = threading.Thread(target=lambda: answers.append(is_reached(served.hosts[0])))
    asking.start()

    asking.join(0.3)
    assert answers == []
    served.control("host", host=served.hosts[0].name, mode="live")
    asking.join(PATIENCE_S)

    assert answers == [True]


def test_a_frozen_host_keeps_the_answer_that_it_had_begun(served: EmbeddedPool) -> None:
    answers: list[Any] = []
    supporter = served.hosts[1]
    with at(served, served.hosts[0]) as session:
        token = getattr(session.xenapi.event, "from")(["network"], "", 5.0)["token"]
        wait = getattr(session.xenapi.event, "from")
        waiting = threading.Thread(target=lambda: answers.append(wait(["network"], token, PATIENCE_S)["events"]))
        waiting.start()
        with at(served, served.hosts[0]) as other:
            network = other.xenapi.network.get_all()[0]
            served.control("host", host=served.hosts[0].name, mode="frozen")
            served.control("set_field", cls="network", ref=network, field="name_description", value="meanwhile")
            waiting.join(0.5)
            assert answers == []
            assert refused_by(served, supporter) == ["HOST_IS_SLAVE", served.hosts[0].address]

        served.control("host", host=served.hosts[0].name, mode="live")
        waiting.join(PATIENCE_S)

    assert [[event["ref"] for event in events] for events in answers] == [[network]]


def test_what_a_frozen_host_was_asked_is_not_done_when_it_dies(served: EmbeddedPool) -> None:
    old, new, _ = served.hosts
    with at(served, old) as session:
        vm = session.xenapi.VM.get_by_name_label("jumpbox")[0]
        served.control("host", host=old.name, mode="frozen")

        def ask() -> None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                session.xenapi.VM.set_name_description(vm, "too late")

        asking = threading.Thread(target=ask)
        asking.start()
        asking.join(0.3)
        served.control("fail_over", to=new.name)
        asking.join(PATIENCE_S)

    with at(served, new) as session:
        assert session.xenapi.VM.get_name_description(vm) != "too late"


def test_a_dead_host_lives_again_at_its_address(served: EmbeddedPool) -> None:
    _, supporter, _ = served.hosts
    served.control("host", host=supporter.name, mode="dead")
    assert not is_reached(supporter)

    served.control("host", host=supporter.name, mode="live")

    assert refused_by(served, supporter) == ["HOST_IS_SLAVE", served.hosts[0].address]
