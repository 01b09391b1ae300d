"""The process of the embedded pool: how it starts, what it keeps, how it says that it cannot."""

import contextlib
import hashlib
import json
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from embedded import embedded_pool

DEADLINE_S = 30.0


def refused(*arguments: str) -> tuple[int, str]:
    """Start a pool that cannot be served; return its exit status and what it says."""
    command = [sys.executable, "-m", "xsconsole.simpool", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert ended.stdout == ""
    return ended.returncode, ended.stderr


def everything(session: Any) -> dict[str, Any]:
    """Return all records; of where consoles are shown not the port, which is another one each time."""
    events = getattr(session.xenapi.event, "from")(["*"], "", 5.0)["events"]
    records = {event["ref"]: event["snapshot"] for event in events if event["class"] != "task"}
    for record in records.values():
        if "protocol" in record and "location" in record:
            record["location"] = urlsplit(record["location"])._replace(netloc="").geturl()
    return records


def test_the_program_serves_until_it_is_told_to_stop() -> None:
    command = [sys.executable, "-m", "xsconsole.simpool"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        (pool, _) = json.loads(program.stdout.readline())["pools"]
        with contextlib.closing(socket.create_connection((urlsplit(pool["url"]).hostname, urlsplit(pool["url"]).port))):
            program.terminate()
            status = program.wait(DEADLINE_S)
        words = program.stdout.read()

    assert (status, words) == (0, "")


def test_a_pool_is_the_same_again_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "pool.json"
    with embedded_pool("--state", str(file), "--seed", "5") as first:
        with first.plain_session() as session:
            network = session.xenapi.network.create({"name_label": "kept", "other_config": {"a": "b"}})
            before, passwords = everything(session), first.passwords
        first.stop()

    with embedded_pool("--state", str(file)) as second, second.plain_session() as session:
        after = everything(session)
        fresh = session.xenapi.network.create({"name_label": "fresh", "other_config": {}})

    assert after == before
    assert after[network]["other_config"] == {"a": "b"}
    assert fresh not in before
    assert second.passwords == passwords


def test_a_token_goes_on_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "pool.json"
    with embedded_pool("--state", str(file)) as first, first.plain_session() as session:
        token = getattr(session.xenapi.event, "from")(["network"], "", 5.0)["token"]
    with embedded_pool("--state", str(file)) as second, second.plain_session() as session:
        network = session.xenapi.network.get_all()[0]
        session.xenapi.network.set_name_description(network, "later")

        events = getattr(session.xenapi.event, "from")(["network"], token, 5.0)["events"]

    assert [(event["ref"], event["operation"]) for event in events] == [(network, "mod")]


def test_a_state_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    status, words = refused("--state", str(tmp_path / "nowhere" / "pool.json"))

    assert status == 1
    assert "cannot write the pool's state" in words


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        status, words = refused("--port", str(port))

    assert status == 1
    assert str(port) in words


@pytest.mark.parametrize("arguments", [("--hosts", "100000"), ("--vms", "100000")])
def test_more_than_a_scenario_has_room_for_is_refused(arguments: tuple[str, str]) -> None:
    status, words = refused(*arguments)

    assert (status, words.count("\n")) == (1, 1)


def test_faults_that_are_none_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text(json.dumps([{"do": "dance"}]))

    status, words = refused("--faults", str(file))

    assert status == 1
    assert str(file) in words


@pytest.mark.parametrize("arguments", [("--speed", "0"), ("--scenario", "none"), ("--nonsense",)])
def test_a_wrong_command_line_is_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert refused(*arguments)[0] == 2


def test_a_pool_speaks_tls_with_the_certificate_it_announces() -> None:
    with embedded_pool("--tls") as served, served.plain_session() as session:
        address = urlsplit(served.url)
        assert address.hostname is not None
        certificate = ssl.get_server_certificate((address.hostname, address.port or 443))
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()

        assert served.url.startswith("https://127.0.0.1:")
        assert served.fingerprint == ":".join(digest[at : at + 2] for at in range(0, 64, 2)).upper()
        assert len(session.xenapi.pool.get_all()) == 1
        assert served.calls()


def test_a_pool_with_a_state_file_keeps_its_certificate(tmp_path: Path) -> None:
    arguments = ("--tls", "--state", str(tmp_path / "pool.json"))

    with embedded_pool(*arguments) as first, embedded_pool("--tls") as stranger:
        pass
    with embedded_pool(*arguments) as second:
        pass

    assert first.fingerprint == second.fingerprint != stranger.fingerprint


def test_an_empty_pool_is_served_too() -> None:
    with embedded_pool("--scenario", "empty", "--hosts", "1") as served, served.plain_session() as session:
        assert len(session.xenapi.host.get_all()) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--port", "99999"), "a port is 1 to 65535, or 0 for a free one, not 99999"),
        (("--port", "-1"), "a port is 1 to 65535, or 0 for a free one, not -1"),
        (("--hosts", "0"), "at least 1, not 0"),
        (("--vms", "-5"), "at least 0, not -5"),
        (("--vms", "many"), "a whole number, not many"),
        (("--seed", "x"), "a whole number, not x"),
        (("--speed", "nan"), "a number from 0.001 to 100,000, not nan"),
        (("--speed", "inf"), "a number from 0.001 to 100,000, not inf"),
        (("--speed", "0"), "a number from 0.001 to 100,000, not 0"),
        (("--churn", "-1"), "a number from 0 to 100,000, not -1"),
        (("--churn", "nan"), "a number from 0 to 100,000, not nan"),
        (("--speed", "fast"), "a number from 0.001 to 100,000, not fast"),
    ],
)
def test_a_wrong_number_is_one_sentence(arguments: tuple[str, str], sentence: str) -> None:
    status, words = refused(*arguments)

    assert status == 2
    assert words.splitlines()[-1] == f"xsconsole pool serve: error: argument {arguments[0]}: {sentence}"
    assert "Traceback" not in words
