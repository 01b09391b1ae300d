"""The lock holds what pyproject.toml asks for, for every Python and system we name, and nothing of one machine."""

import re
import tomllib
from importlib.metadata import distribution, distributions
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent.parent
LOCK = ROOT / "packaging" / "requirements.lock"
SYSTEMS = {"linux": ("posix", "Linux"), "darwin": ("posix", "Darwin"), "win32": ("nt", "Windows")}


@pytest.fixture(scope="module")
def asked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wishes = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *project["build-system"]["requires"],
    ]
    return [Requirement(wish) for wish in wishes]


@pytest.fixture(scope="module")
def entries():
    """Each entry of the lock: its requirement and the hashes of its files."""
    text = LOCK.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    return [(Requirement(line.split(" --hash")[0]), re.findall(r"--hash=sha256:[0-9a-f]{64}", line)) for line in lines]


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_lock_satisfies_the_project(asked, entries, python, system):
    os_name, platform_system = SYSTEMS[system]
    environment = {
        **default_environment(),
        "python_version": python,
        "python_full_version": f"{python}.2",
        "sys_platform": system,
        "os_name": os_name,
        "platform_system": platform_system,
    }
    pinned = {}
    for entry, _hashes in entries:
        if entry.marker is None or entry.marker.evaluate(environment):
            assert canonicalize_name(entry.name) not in pinned, f"{entry.name} is pinned twice"
            pinned[canonicalize_name(entry.name)] = next(iter(entry.specifier)).version

    wanted = [wish for wish in asked if wish.marker is None or wish.marker.evaluate(environment)]
    unmet = [str(wish) for wish in wanted if not wish.specifier.contains(pinned.get(canonicalize_name(wish.name), "0"))]

    assert wanted
    assert not unmet, "run `.venv/bin/uv pip compile pyproject.toml`"


def test_every_entry_is_one_exact_version_with_hashes(entries):
    for entry, hashes in entries:
        assert [specifier.operator for specifier in entry.specifier] == ["=="]
        assert entry.url is None
        assert hashes


def test_the_lock_names_no_index_and_no_path():
    text = LOCK.read_text(encoding="utf-8")

    assert not re.search(r"--(index-url|extra-index-url|find-links|trusted-host)|://|file:|@ ", text)
    assert not re.search(r"(^|\s)(/|[A-Za-z]:\\)", text)


def test_no_entry_of_python_3_11_is_a_pyside_that_aborts_it(entries):
    versions = {
        next(iter(entry.specifier)).version
        for entry, _hashes in entries
        if canonicalize_name(entry.name) == "pyside6-essentials"
        and (entry.marker is None or entry.marker.evaluate({"python_full_version": "3.11.7", "python_version": "3.11"}))
    }

    assert len(versions) == 1
    assert versions.pop().startswith("6.11.")


def test_what_the_lock_installs_lacks_nothing():
    """It is installed without a resolver, so nothing else would notice a gap."""
    asked_for = [Requirement(line) for found in distributions() for line in found.requires or ()]
    wanted = [wish for wish in asked_for if wish.marker is None or wish.marker.evaluate({"extra": ""})]
    unmet = [str(wish) for wish in wanted if not wish.specifier.contains(distribution(wish.name).version)]

    assert len(wanted) > 20
    assert not unmet
