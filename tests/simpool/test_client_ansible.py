"""Ansible's modules for XenServer, as community.general ships them, on the embedded pool."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from embedded import EmbeddedPool

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "packaging" / "clients.lock"
PLAYBOOK = Path(__file__).with_name("playbook.yml")
DEADLINE_S = 540
UNREACHABLE = ("error sending request", "dns error", "client error (Connect)", "operation timed out")


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with Ansible in it, apart from ours; skips where the packages cannot be reached."""
    folder = tmp_path_factory.mktemp("clients")
    tool = Path(sys.executable).with_name("uv")
    subprocess.run([tool, "venv", "-q", "--no-config", "--python", sys.executable, folder], check=True)
    command = [
        tool,
        "pip",
        "sync",
        "-q",
        "--no-config",
        "--require-hashes",
        "--python",
        folder / "bin" / "python",
        LOCK,
    ]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode and any(words in made.stderr for words in UNREACHABLE):
        pytest.skip(f"the packages of {LOCK.name} cannot be reached: {made.stderr.strip().splitlines()[-1]}")
    assert made.returncode == 0, made.stderr
    return folder


def play(environment: Path, pool: EmbeddedPool, home: Path) -> dict[str, Any]:
    """Return what each step of the playbook answered, by its name."""
    known = {"url": pool.url, "password": pool.password, "ansible_python_interpreter": str(environment / "bin/python")}
    command = [environment / "bin" / "ansible-playbook", "-i", "localhost,", "-e", json.dumps(known), PLAYBOOK]
    surroundings = {
        **os.environ,
        "ANSIBLE_HOME": str(home),
        "ANSIBLE_LOCAL_TEMP": str(home / "tmp"),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
    }
    played = subprocess.run(
        command, capture_output=True, text=True, check=False, env=surroundings, timeout=DEADLINE_S, cwd=home
    )
    tasks = json.loads(played.stdout)["plays"][0]["tasks"]
    answers = {task["task"]["name"]: task["hosts"]["localhost"] for task in tasks}
    assert {name: answer["msg"] for name, answer in answers.items() if answer.get("failed")} == {}
    return answers


@pytest.mark.timeout(2 * DEADLINE_S)
def test_a_playbook_lets_guests_live_from_their_making_to_their_end(
    environment: Path, pool: EmbeddedPool, session: Any, tmp_path: Path
) -> None:
    steps = play(environment, pool, tmp_path)

    assert_cloned(steps)
    assert_reconfigured(steps)
    states = [steps[name]["instance"]["state"] for name in ("start", "suspend", "resume", "shut down", "install")]
    assert states == ["poweredon", "suspended", "poweredon", "poweredoff", "poweredon"]
    assert steps["start"]["instance"]["networks"][0]["ip"].startswith("10.110.")
    installed = steps["install"]["instance"]
    assert (installed["disks"][0]["size"] >> 30, installed["disks"][0]["sr"]) == (20, "SAN-gold")
    assert installed["xenstore_data"]["vm-data/networks/0/ip"] == "10.110.0.7"
    for name in ("web-01", "db-01"):
        assert session.xenapi.VM.get_by_name_label(name) == []
    labels = {record["name_label"] for record in session.xenapi.VDI.get_all_records().values()}
    assert not labels & {"system", "data"}


def assert_cloned(steps: dict[str, Any]) -> None:
    made = steps["clone"]["instance"]
    assert steps["clone"]["changed"]
    assert (made["name"], made["folder"], made["state"]) == ("web-01", "/web", "poweredoff")
    assert made["hardware"] == {"memory_mb": 2048, "num_cpus": 2, "num_cpu_cores_per_socket": 1}
    assert [(disk["name"], disk["size"] >> 30, disk["sr"]) for disk in made["disks"]] == [
        ("system", 10, "NFS-silver"),
        ("data", 2, "NFS-silver"),
    ]
    assert [(one["name"], one["mac"]) for one in made["networks"]] == [("int-net", "aa:bb:cc:00:11:22")]
    assert not steps["clone again"]["changed"]


def assert_reconfigured(steps: dict[str, Any]) -> None:
    told = steps["tell"]["instance"]
    assert steps["reconfigure"]["changed"]
    assert told["hardware"] == {"memory_mb": 4096, "num_cpus": 4, "num_cpu_cores_per_socket": 2}
    assert [disk["size"] >> 30 for disk in told["disks"]] == [10, 3]
    assert [one["name"] for one in told["networks"]] == ["int-net", "test-net"]
    assert told["cdrom"] == {"type": "iso", "iso_name": "debian-12.8.0-amd64-netinst.iso"}
