"""The one program a newcomer starts: it makes `.venv` whole or says in a sentence why not.

The project it is tried on is small and needs no network: an empty lock, and a build backend of its own.
"""

import ast
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
BOOTSTRAP = ROOT / "packaging" / "bootstrap.py"
DEADLINE_S = 120.0

PROJECT = """
[build-system]
requires = []
build-backend = "small_backend"
backend-path = ["."]

[project]
name = "xsconsole"
version = "0"
"""

# Builds an editable wheel with a command that shows its arguments, and what stands for Qt's libraries.
BACKEND = """
import zipfile

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "xsconsole-0-py3-none-any.whl"
    files = {
        "shown.py": "import sys\\ndef main():\\n    print('started with', sys.argv[1:])\\n",
        "PySide6/QtGui.abi3.so": "",
        "PySide6/Qt/plugins/platforms/libqoffscreen.so": "",
        "PySide6/Qt/plugins/platforms/libqxcb.so": "",
        "xsconsole-0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: xsconsole\\nVersion: 0\\n",
        "xsconsole-0.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        "xsconsole-0.dist-info/entry_points.txt": "[console_scripts]\\nxsconsole = shown:main\\n",
    }
    files["xsconsole-0.dist-info/RECORD"] = "".join(f"{file},,\\n" for file in files)
    with zipfile.ZipFile(f"{wheel_directory}/{name}", "w") as wheel:
        for file, text in files.items():
            wheel.writestr(file, text)
    return name
"""


@pytest.fixture
def bootstrap():
    specification = importlib.util.spec_from_file_location("bootstrap", BOOTSTRAP)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path):
    """A folder that bootstrap takes for the project, and a `ldd` that finds every library."""
    folder = tmp_path / "project"
    (folder / "packaging").mkdir(parents=True)
    shutil.copy(BOOTSTRAP, folder / "packaging")
    (folder / "packaging" / "requirements.lock").write_text("# nothing\n", encoding="utf-8")
    (folder / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (folder / "small_backend.py").write_text(BACKEND, encoding="utf-8")
    programs = tmp_path / "programs"
    programs.mkdir()
    put_program(programs / "ldd", "echo 'libEGL.so.1 => /lib/libEGL.so.1 (0x0)'")
    return folder


def test_it_loads_on_a_python_too_old_for_us():
    ast.parse(BOOTSTRAP.read_text(encoding="utf-8"), feature_version=(3, 7))


def test_a_wrong_word_is_refused_before_anything_is_made(tmp_path):
    started = subprocess.run(
        [sys.executable, str(BOOTSTRAP), "check", "x"], capture_output=True, text=True, check=False, cwd=tmp_path
    )

    assert (started.returncode, started.stdout) == (2, "")
    assert "takes no arguments" in started.stderr


def test_a_pip_that_tries_only_once_is_understood_without_a_network(bootstrap):
    lines = ["ERROR: Could not find a version that satisfies the requirement six (from versions: none)"]

    assert "does not answer" in bootstrap._why_pip_failed(lines)


def test_an_old_python_is_told_what_is_needed(bootstrap, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 2))

    status = bootstrap.main(["demo"])

    assert status == 1
    assert "needs Python 3.11 or newer, and this is 3.9" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["dance"], ["--now"]])
def test_what_it_cannot_start_is_wrong_usage(bootstrap, capsys, arguments):
    assert bootstrap.main(arguments) == 2
    assert "demo|test|check" in capsys.readouterr().err


def test_the_environment_is_made_once_then_only_used_and_made_anew_from_a_changed_lock(project):
    first = start(project, "demo", "--out", "here")
    second = start(project, "demo", "again")

    assert "Making .venv." in first.stderr
    assert first.stdout == "started with ['demo', '--out', 'here']\n"
    assert (second.returncode, second.stdout, second.stderr) == (0, "started with ['demo', 'again']\n", "")

    (project / "packaging" / "requirements.lock").write_text("# nothing either\n", encoding="utf-8")

    again = start(project, "demo")

    assert "Making .venv anew." in again.stderr
    assert again.returncode == 0


def test_an_environment_whose_making_was_killed_is_made_anew(project):
    killed = subprocess.Popen(command(project, "demo"), env=variables(project), stderr=subprocess.PIPE, text=True)
    wait_for((project / ".venv" / "pyvenv.cfg").exists)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()

    again = start(project, "demo")

    assert "Making .venv anew." in again.stderr
    assert again.returncode == 0
    assert again.stdout == "started with ['demo']\n"


def test_a_start_that_is_interrupted_says_so_and_leaves_no_pip(project):
    (project / "small_backend.py").write_text("import time\ntime.sleep(600)\n", encoding="utf-8")
    running = subprocess.Popen(
        command(project, "demo"),
        env=variables(project),
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background job ignores the signal, and so would what is started here.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no thread is in the way
    )
    pip = wait_for(lambda: children_of(running.pid, "pip"))
    running.send_signal(signal.SIGINT)
    said = running.communicate(timeout=DEADLINE_S)[1]

    assert running.returncode == 130
    assert "Stopped." in said
    wait_for(lambda: not any(Path(f"/proc/{pid}/cmdline").exists() for pid in pip))


def test_what_pip_cannot_install_is_said_with_its_reason(project):
    lock = project / "packaging" / "requirements.lock"
    lock.write_text("no-such-thing==1 --hash=sha256:" + "0" * 64 + "\n", encoding="utf-8")

    refused = start(project, "demo", PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="1")

    assert refused.returncode == 1
    assert "the package index does not answer" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_libraries_that_qt_lacks_are_named_with_one_line_that_brings_them(bootstrap, project, monkeypatch, capsys):
    settle_in(bootstrap, project, monkeypatch)
    answer = ("libxcb-cursor.so.0 => not found", "libEGL.so.1 => not found", "libc.so.6 => /lib/libc.so.6 (0x0)")
    put_program(project.parent / "programs" / "ldd", "".join(f"echo '  {line}'\n" for line in answer))
    monkeypatch.setattr(bootstrap, "is_made", lambda: True)
    monkeypatch.setattr(bootstrap, "is_root", lambda: False)
    monkeypatch.setattr(bootstrap, "is_debian", lambda: True)

    status = bootstrap.main(["demo"])

    assert status == 1
    why, what_to_do = capsys.readouterr().err.splitlines()
    assert why.startswith("Qt cannot show anything here: it lacks libEGL.so.1, libxcb-cursor.so.0.")
    assert what_to_do == "  sudo apt-get install -y --no-install-recommends libegl1 libxcb-cursor0"


def test_root_on_debian_brings_the_libraries_and_goes_on(bootstrap, project, monkeypatch):
    settle_in(bootstrap, project, monkeypatch)
    installed = project / "installed"
    put_program(project.parent / "programs" / "ldd", f"test -e {installed} || echo 'libEGL.so.1 => not found'")
    put_program(project.parent / "programs" / "apt-get", f"if [ $1 = install ]; then echo $@ > {installed}; fi")
    monkeypatch.setattr(bootstrap, "is_root", lambda: True)
    monkeypatch.setattr(bootstrap, "is_debian", lambda: True)

    bootstrap.provide_libraries("offscreen")

    assert installed.read_text(encoding="utf-8") == "install -y --no-install-recommends libegl1\n"


def test_a_python_without_ensurepip_is_told_the_package_that_has_it(bootstrap, project, monkeypatch, capsys):
    settle_in(bootstrap, project, monkeypatch)
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(bootstrap, "is_root", lambda: False)
    monkeypatch.setattr(bootstrap, "is_debian", lambda: True)

    status = bootstrap.main(["test"])

    assert status == 1
    package = f"python3.{sys.version_info.minor}-venv"
    assert f"sudo apt-get install -y --no-install-recommends {package}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("verb", "screen", "platform"),
    [
        ("demo", {}, "offscreen"),
        ("demo", {"DISPLAY": ":0"}, "xcb"),
        ("demo", {"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "xcb"),
        ("demo", {"WAYLAND_DISPLAY": "wayland-0"}, "wayland"),
        ("demo", {"DISPLAY": ":0", "QT_QPA_PLATFORM": "offscreen"}, "offscreen"),
        ("test", {"DISPLAY": ":0"}, "offscreen"),
    ],
)
def test_only_the_plugin_that_will_be_loaded_is_looked_at(bootstrap, verb, screen, platform):
    assert bootstrap.wanted_platform(verb, screen) == platform


def settle_in(bootstrap, project, monkeypatch):
    """Let `bootstrap` take `project` for its own, with an environment that has only Qt's files."""
    qt = project / ".venv" / "lib" / "python3.11" / "site-packages" / "PySide6"
    plugins = qt / "Qt" / "plugins" / "platforms"
    plugins.mkdir(parents=True)
    for file in (qt / "QtGui.abi3.so", plugins / "libqoffscreen.so", plugins / "libqxcb.so"):
        file.touch()
    for name in ("ROOT", "LOCK", "ENVIRONMENT", "STAMP", "PROGRAMS", "PYTHON", "CONSOLE"):
        inside = getattr(bootstrap, name).relative_to(ROOT)
        monkeypatch.setattr(bootstrap, name, project / inside)
    monkeypatch.setenv("PATH", variables(project)["PATH"])


def start(project, *arguments, **more):
    return subprocess.run(
        command(project, *arguments),
        env=variables(project, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )


def command(project, *arguments):
    return [sys.executable, str(project / "packaging" / "bootstrap.py"), *arguments]


def variables(project, **more):
    path = os.pathsep.join([str(project.parent / "programs"), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PIP_NO_INDEX": "" if more else "1", **more}


def put_program(file, script):
    file.write_text(f"#!/bin/sh\n{textwrap.dedent(script)}\n", encoding="utf-8")
    file.chmod(0o755)


def children_of(pid, name):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [
        child for child in children if name in Path(f"/proc/{child}/cmdline").read_text(encoding="utf-8").split("\0")
    ]


def wait_for(condition):
    deadline = time.monotonic() + DEADLINE_S
    while not (met := condition()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
    return met
