"""What is built to be installed elsewhere is whole, and holds nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

USE_THE_WHEEL = """
import sys
sys.path.insert(0, sys.argv[1])
import xsconsole, xsconsole.simpool, xsconsole_resources, xsconsole_ui
for package in (xsconsole, xsconsole_resources, xsconsole_ui):
    assert package.__file__.startswith(sys.argv[1]), package.__file__
print(len(xsconsole_resources.read_bytes(xsconsole_resources.PROGRAM_ICON)))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_three_packages_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    top_level = {name.split("/")[0] for name in names}
    assert {name for name in top_level if not name.endswith(".dist-info")} == {
        "xsconsole",
        "xsconsole_ui",
        "xsconsole_resources",
    }
    assert len(top_level) == 4


def test_the_wheel_carries_what_is_not_python(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entry_points = next(archive.read(name).decode() for name in names if name.endswith("entry_points.txt"))

    assert {
        "xsconsole/py.typed",
        "xsconsole/simpool/xapi_model.json",
        "xsconsole_resources/fonts/Inter-Regular.otf",
        "xsconsole_resources/fonts/Inter-LICENSE.txt",
        "xsconsole_resources/icons/board.svg",
    } <= names
    assert "xsconsole = xsconsole_ui.__main__:main" in entry_points


def test_the_wheel_works_without_the_source_tree(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)

    used = subprocess.run(
        [sys.executable, "-c", USE_THE_WHEEL, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert used.returncode == 0, used.stderr
    assert int(used.stdout) > 0
