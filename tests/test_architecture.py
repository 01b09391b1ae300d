"""The house stands as design section 3 draws it: who imports whom, what needs no Qt, how long a file is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = ("xsconsole", "ui", "resources", "tests", "packaging", "benchmarks")
LONGEST_FILE = 400

PLANTS = [
    ("no-qt", "xsconsole/engine/planted.py", "import PySide6.QtCore"),
    ("no-qt", "xsconsole/reports/planted.py", "import xsconsole_ui"),
    ("layers", "xsconsole/domain/planted.py", "import xsconsole.engine"),
    ("layers", "xsconsole/engine/planted.py", "import xsconsole.store"),
    ("layers", "xsconsole/store/planted.py", "import xsconsole.xapi"),
    ("layers", "xsconsole/planted.py", "import xsconsole.errors"),
    ("pool-shares-nothing", "xsconsole/simpool/planted.py", "import xsconsole.errors"),
    ("nothing-shares-the-pool", "xsconsole/xapi/planted.py", "import xsconsole.simpool.planted"),
    ("plain-domain", "xsconsole/domain/planted.py", "import sqlalchemy"),
    ("plain-domain", "xsconsole/domain/planted.py", "import asyncio"),
    ("only-through-the-console", "ui/xsconsole_ui/planted.py", "import xsconsole.store"),
    ("only-through-the-console", "ui/xsconsole_ui/planted.py", "import xsconsole.engine.ports"),
    ("only-through-the-console", "ui/xsconsole_ui/planted.py", "import XenAPI"),
]

LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"

IMPORT_ALL_WITHOUT_QT = """
import importlib, pkgutil, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"PySide6", "shiboken6", "qasync", "xsconsole_ui"}:
            raise ImportError(f"the core asked for {name}")

sys.meta_path.insert(0, Refuse())
import xsconsole, xsconsole_resources
for module in pkgutil.walk_packages(xsconsole.__path__, "xsconsole."):
    if not module.name.endswith(".__main__"):
        importlib.import_module(module.name)
        print(module.name)
"""

EMIT_100_000_SIGNALS = """
from PySide6.QtCore import QObject, Signal, Slot

class Bell(QObject):
    rang = Signal(bool, int, object)

class Ear(QObject):
    def __init__(self):
        super().__init__()
        self.heard = 0

    @Slot(bool, int, object)
    def hear(self, is_loud, number, what):
        self.heard += 1

bell, ear = Bell(), Ear()
bell.rang.connect(ear.hear)
for number in range(100_000):
    bell.rang.emit(number % 2 == 0, number, None)
print(ear.heard)
"""


def test_every_import_goes_the_way_the_design_draws(lint_imports):
    verdict = lint_imports(ROOT)

    assert verdict.returncode == 0, verdict.stdout


@pytest.mark.parametrize(("contract", "file", "statement"), PLANTS)
def test_a_planted_import_is_caught(lint_imports, house_copy, contract, file, statement):
    planted = house_copy / file
    planted.write_text(f"{statement}\n", encoding="utf-8")
    (house_copy / "xsconsole/simpool/planted.py").touch()

    verdict = lint_imports(house_copy, "--contract", contract)

    assert verdict.returncode == 1
    assert "1 broken" in verdict.stdout
    assert planted.stem in verdict.stdout


def test_the_core_loads_where_qt_is_refused():
    loaded = _run(IMPORT_ALL_WITHOUT_QT)

    assert loaded.returncode == 0, loaded.stderr
    assert {"xsconsole.domain", "xsconsole.engine", "xsconsole.errors"} <= set(loaded.stdout.split())


def test_a_hundred_thousand_signals_leave_the_interpreter_alive():
    emitted = _run(EMIT_100_000_SIGNALS)

    assert emitted.returncode == 0, emitted.stderr
    assert emitted.stdout.strip() == "100000"


def test_no_file_is_longer_than_a_reader_can_hold():
    files = [file for source in SOURCES for file in sorted((ROOT / source).rglob("*.py"))]

    too_long = {
        str(file.relative_to(ROOT)): lines
        for file in files
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }

    assert files
    assert not too_long


def test_the_folder_packaging_is_no_package():
    """It would stand before the library of that name wherever the project's folder is on the path."""
    assert not (ROOT / "packaging" / "__init__.py").exists()


@pytest.fixture
def lint_imports():
    def lint(folder, *options):
        roots = (folder, folder / "ui", folder / "resources")
        return subprocess.run(
            [
                sys.executable,
                "-c",
                "from importlinter.cli import lint_imports_command as c; c()",
                "--no-cache",
                *options,
            ],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, roots)), "NO_COLOR": "1", "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
        )

    return lint


@pytest.fixture
def house_copy(tmp_path):
    leave_out = shutil.ignore_patterns("__pycache__", "fonts", "icons", "*.json")
    for source in ("xsconsole", "ui", "resources"):
        shutil.copytree(ROOT / source, tmp_path / source, ignore=leave_out)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _run(script):
    return subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
