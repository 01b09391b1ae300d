"""Another host becomes the coordinator: what lives, what dies, and what is lost."""

import threading
from pathlib import Path

import pytest
import XenAPI
from embedded import EmbeddedHost, EmbeddedPool, embedded_pool
from fleet import until

from tests.simpool.reaching import PATIENCE_S, at, code_of, is_reached, refused_by, served, sooner_or_later

__all__ = ["served"]


def test_a_supporter_takes_over_from_a_coordinator_that_dies(served: EmbeddedPool) -> None:
    old, new, third = served.hosts
    with at(served, old) as session:
        vms, pool = session.xenapi.VM.get_all_records(), session.xenapi.pool.get_all()[0]

    assert served.control("fail_over") == {"coordinator": new.name}

    assert not is_reached(old)
    assert refused_by(served, third) == ["HOST_IS_SLAVE", new.address]
    with at(served, new) as session:
        master = session.xenapi.pool.get_master(pool)
        records = session.xenapi.host.get_all_records()
        assert records[master]["address"] == new.address
        assert set(session.xenapi.VM.get_all_records()) == set(vms)
        live = {
            record["name_label"]: session.xenapi.host_metrics.get_live(record["metrics"]) for record in records.values()
        }
        assert live == {old.name: False, new.name: True, third.name: True}


def test_sessions_die_with_the_coordinator(served: EmbeddedPool) -> None:
    old, new, _ = served.hosts
    with at(served, old) as session:
        handle = session._session
        served.control("fail_over", old="live")

        proxy = XenAPI.Session(new.url, ignore_ssl=True)
        answer = proxy.VM.get_all(handle)
        proxy("close")()

    assert answer["ErrorDescription"] == ["SESSION_INVALID", handle]


def test_a_coordinator_that_lives_on_is_a_supporter(served: EmbeddedPool) -> None:
    old, new, third = served.hosts

    served.control("fail_over", to=third.name, old="live")

    assert refused_by(served, old) == ["HOST_IS_SLAVE", third.address]
    assert refused_by(served, new) == ["HOST_IS_SLAVE", third.address]
    served.control("fail_over", to=old.name, old="live")
    with at(served, old) as session:
        assert session.xenapi.VM.get_all()


def test_who_waits_for_events_loses_the_connection(served: EmbeddedPool) -> None:
    failures: list[Exception] = []

    with at(served, served.hosts[0]) as session:
        token = getattr(session.xenapi.event, "from")(["network"], "", 5.0)["token"]

        def wait() -> None:
            try:
                getattr(session.xenapi.event, "from")(["network"], token, PATIENCE_S)
            except (OSError, XenAPI.Failure) as failure:
                failures.append(failure)

        waiting = threading.Thread(target=wait)
        waiting.start()
        served.control("fail_over")
        waiting.join(PATIENCE_S)

    assert len(failures) == 1


def test_what_was_under_way_stops_where_it_was(served: EmbeddedPool) -> None:
    old, new, _ = served.hosts
    with at(served, old) as session:
        vm = session.xenapi.VM.get_by_name_label("jumpbox")[0]
        session.xenapi.VM.set_shutdown_delay(vm, "86400")
        session.xenapi.Async.VM.clean_shutdown(vm)
        until(session, lambda: session.xenapi.VM.get_current_operations(vm))

        served.control("fail_over")

    with at(served, new) as session:
        assert session.xenapi.task.get_all() == []
        record = session.xenapi.VM.get_record(vm)
        assert (record["current_operations"], record["power_state"]) == ({}, "Running")
        assert "clean_shutdown" in record["allowed_operations"]


def test_what_was_not_saved_is_lost_when_that_is_asked_for(served: EmbeddedPool) -> None:
    old, new, _ = served.hosts
    with at(served, old) as session:
        vm, gone = (session.xenapi.VM.get_by_name_label(name)[0] for name in ("jumpbox", "build-2"))
        session.xenapi.VM.set_name_description(vm, "saved")
        served.control("stop_saving")
        session.xenapi.VM.set_name_description(vm, "lost")
        session.xenapi.VM.destroy(gone)
        made = session.xenapi.network.create({"name_label": "lost", "other_config": {}})
        token = getattr(session.xenapi.event, "from")(["network"], "", 5.0)["token"]

        served.control("fail_over", lossy=True)

    with at(served, new) as session:
        assert session.xenapi.VM.get_name_description(vm) == "saved"
        assert gone in session.xenapi.VM.get_all()
        assert made not in session.xenapi.network.get_all()
        # The generation went back too: a token of then is ahead of everything.
        session.xenapi.network.set_name_description(session.xenapi.network.get_all()[0], "later")
        assert getattr(session.xenapi.event, "from")(["network"], token, 0.0)["events"] == []
        assert getattr(session.xenapi.event, "from")(["network"], "", 0.0)["token"] < token


def test_what_was_not_saved_stays_where_nobody_asked_to_lose_it(served: EmbeddedPool) -> None:
    old, new, _ = served.hosts
    with at(served, old) as session:
        token = getattr(session.xenapi.event, "from")(["network"], "", 5.0)["token"]
        served.control("stop_saving")
        made = session.xenapi.network.create({"name_label": "kept", "other_config": {}})

        served.control("fail_over")

    with at(served, new) as session:
        events = getattr(session.xenapi.event, "from")(["network"], token, 5.0)["events"]
        assert [(event["ref"], event["operation"]) for event in events] == [(made, "add")]


def test_a_lossy_change_is_in_the_state_file_too(tmp_path: Path) -> None:
    arguments = ("--hosts", "2", "--state", str(tmp_path / "pool.db"))
    with embedded_pool(*arguments) as served:
        with at(served, served.hosts[0]) as session:
            served.control("stop_saving")
            session.xenapi.network.create({"name_label": "lost", "other_config": {}})
            served.control("save")
            served.control("fail_over", lossy=True)
        served.control("save")
        served.kill()

    with embedded_pool(*arguments) as again, again.plain_session() as session:
        assert again.url == again.hosts[1].url or again.hosts[0].name == "xen-2"
        assert session.xenapi.network.get_by_name_label("lost") == []


def test_a_restart_of_the_toolstack_ends_sessions_and_nothing_else(served: EmbeddedPool) -> None:
    with at(served, served.hosts[0]) as session:
        made = session.xenapi.network.create({"name_label": "kept", "other_config": {}})
        handle = session._session

        served.control("restart")

        proxy = XenAPI.Session(served.url, ignore_ssl=True)
        assert proxy.VM.get_all(handle)["ErrorDescription"][0] == "SESSION_INVALID"
        proxy("close")()
    with served.plain_session() as session:
        assert session.xenapi.network.get_name_label(made) == "kept"


def test_while_another_takes_over_hosts_say_that_they_are_still_starting(served: EmbeddedPool) -> None:
    _, new, third = served.hosts
    changing = threading.Thread(target=lambda: served.control("fail_over", takes_s=60))
    changing.start()
    try:
        sooner_or_later(lambda: not is_reached(served.hosts[0]) or refused_by(served, third) == ["HOST_STILL_BOOTING"])
    finally:
        changing.join(PATIENCE_S)

    with at(served, new) as session:
        assert session.xenapi.VM.get_all()


def test_a_client_names_another_coordinator(served: EmbeddedPool) -> None:
    old, new, _ = served.hosts
    with at(served, old) as session:
        host = session.xenapi.host.get_by_name_label(new.name)[0]
        session.xenapi.pool.designate_new_master(host)

    sooner_or_later(lambda: refused_by_or_none(served, old) == ["HOST_IS_SLAVE", new.address])
    with at(served, new) as session:
        assert session.xenapi.pool.get_master(session.xenapi.pool.get_all()[0]) == host


def refused_by_or_none(pool: EmbeddedPool, host: EmbeddedHost) -> list[str] | None:
    session = XenAPI.Session(host.url, ignore_ssl=True)
    try:
        session.xenapi.login_with_password(pool.user, pool.password)
    except XenAPI.Failure as failure:
        details: list[str] = failure.details
        return details
    except OSError:
        return None
    finally:
        session("close")()
    return None


def test_a_dead_or_disabled_host_is_not_named_coordinator(served: EmbeddedPool) -> None:
    old, new, third = served.hosts
    served.control("host", host=new.name, mode="dead")
    with at(served, old) as session:
        dead, disabled = (session.xenapi.host.get_by_name_label(one.name)[0] for one in (new, third))
        session.xenapi.host.disable(disabled)

        assert code_of(session.xenapi.pool.designate_new_master, dead) == "HOST_OFFLINE"
        assert code_of(session.xenapi.pool.designate_new_master, disabled) == "HOST_DISABLED"


def test_an_administrator_makes_a_supporter_the_coordinator_in_an_emergency(served: EmbeddedPool) -> None:
    old, new, third = served.hosts
    served.control("host", host=old.name, mode="dead")
    assert not is_reached(old)
    assert refused_by(served, new) == ["HOST_IS_SLAVE", old.address]

    proxy = XenAPI.Session(new.url, ignore_ssl=True)
    session = proxy.session.slave_local_login_with_password("root", served.password)["Value"]
    assert proxy.pool.emergency_transition_to_master(session)["Status"] == "Success"
    proxy("close")()

    sooner_or_later(lambda: refused_by_or_none(served, third) == ["HOST_IS_SLAVE", new.address])
    assert not is_reached(old)
    with at(served, new) as session:
        recovered = session.xenapi.pool.recover_slaves()
        assert [session.xenapi.host.get_name_label(host) for host in recovered] == [third.name]


def test_a_supporter_follows_the_coordinator_there_is(served: EmbeddedPool) -> None:
    old, new, _ = served.hosts
    proxy = XenAPI.Session(new.url, ignore_ssl=True)
    session = proxy.session.slave_local_login_with_password("root", served.password)["Value"]

    assert proxy.pool.emergency_reset_master(session, old.address)["Status"] == "Success"
    assert proxy.pool.emergency_reset_master(session, "192.0.2.1")["ErrorDescription"][0] == "CANNOT_CONTACT_HOST"
    proxy("close")()


def test_machines_of_a_dead_host_start_elsewhere_once_it_is_given_up(served: EmbeddedPool) -> None:
    old, new, _ = served.hosts
    with at(served, old) as session:
        host = session.xenapi.host.get_by_name_label(new.name)[0]
        assert code_of(session.xenapi.host.declare_dead, host) == "HOST_IS_LIVE"
        served.control("host", host=new.name, mode="dead")
        residents = [
            vm for vm in session.xenapi.host.get_resident_VMs(host) if not session.xenapi.VM.get_is_control_domain(vm)
        ]
        assert residents
        assert {session.xenapi.VM.get_power_state(vm) for vm in residents} == {"Running"}

        session.xenapi.host.declare_dead(host)

        assert {session.xenapi.VM.get_power_state(vm) for vm in residents} == {"Halted"}
        session.xenapi.VM.start(residents[0], False, False)
        assert session.xenapi.VM.get_resident_on(residents[0]) != host


@pytest.mark.parametrize(
    "command",
    [
        {"do": "fail_over", "to": "nobody"},
        {"do": "fail_over", "old": "sleepy"},
        {"do": "host", "host": "xen-1", "mode": "sleepy"},
        {"do": "host", "host": "nobody", "mode": "dead"},
    ],
)
def test_a_command_about_nobody_is_refused(served: EmbeddedPool, command: dict[str, str]) -> None:
    with pytest.raises(Exception, match="400"):
        served.control(command.pop("do"), **command)


def test_a_pool_of_one_host_has_no_heir() -> None:
    with embedded_pool("--hosts", "1") as alone, pytest.raises(Exception, match="400"):
        alone.control("fail_over")
