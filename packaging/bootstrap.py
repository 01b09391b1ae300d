#!/usr/bin/env python3
"""Make the project's own environment in `.venv` beside it, and start the demo or the tests there.

    python3 packaging/bootstrap.py demo [ARGS...]    the console on its embedded pool
    python3 packaging/bootstrap.py test [ARGS...]    the tests; ARGS go to pytest
    python3 packaging/bootstrap.py check             lint, types and import rules

Needs Python 3.11 or newer with its venv module, and a network the first time. `.venv` belongs to this program: it is
made anew when the lock or pyproject.toml changed, when it was left half made, and when the folder was moved.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterator, Mapping, NoReturn, Sequence  # noqa: UP035 - it must still load on an old Python

OLDEST = (3, 11)
MOST_PROCESSES = 5
VERBS = ("demo", "test", "check")
ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "packaging" / "requirements.lock"
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / "made-from"
IS_WINDOWS = os.name == "nt"
PROGRAMS = ENVIRONMENT / ("Scripts" if IS_WINDOWS else "bin")
PYTHON = PROGRAMS / ("python.exe" if IS_WINDOWS else "python")
CONSOLE = PROGRAMS / ("xsconsole.exe" if IS_WINDOWS else "xsconsole")
APT_INSTALL = ("apt-get", "install", "-y", "--no-install-recommends")

CHECKS: tuple[tuple[str, ...], ...] = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("mypy", "packaging/bootstrap.py"),
    ("lint-imports", "--no-logo"),
)

# What Qt's libraries ask the system for, and the package that has it on Debian and Ubuntu.
DEBIAN_PACKAGES: Mapping[str, str] = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libICE.so.6": "libice6",
    "libOpenGL.so.0": "libopengl0",
    "libSM.so.6": "libsm6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libbrotlidec.so.1": "libbrotli1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libdrm.so.2": "libdrm2",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libgcc_s.so.1": "libgcc-s1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libstdc++.so.6": "libstdc++6",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinput.so.0": "libxcb-xinput0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
}

NO_NETWORK_SIGNS = (
    "(from versions: none)",
    "Connection refused",
    "ConnectTimeoutError",
    "ConnectionResetError",
    "Failed to establish a new connection",
    "Max retries exceeded",
    "NameResolutionError",
    "Network is unreachable",
    "NewConnectionError",
    "ProxyError",
    "Read timed out",
    "RemoteDisconnected",
    "Temporary failure in name resolution",
)


class CannotStart(Exception):
    """Carries the sentence that says why, and what to do."""


def main(arguments: Sequence[str]) -> int:
    if sys.version_info < OLDEST:
        return _complain(_too_old_sentence())
    if arguments and arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    if not arguments or arguments[0] not in VERBS:
        _complain(f"Say what to start: python3 packaging/bootstrap.py {'|'.join(VERBS)} [ARGS...]")
        return 2
    verb, rest = arguments[0], list(arguments[1:])
    if verb == "check" and rest:
        _complain("`check` takes no arguments.")
        return 2
    try:
        if not is_made():
            with sole_maker() as held:
                if not is_made():
                    make(held)
        if verb != "check":
            provide_libraries(wanted_platform(verb, os.environ))
        return {"demo": demo, "test": test, "check": check}[verb](rest)
    except CannotStart as failure:
        return _complain(str(failure))
    except KeyboardInterrupt:
        _complain("Stopped. Start it again whenever you like; what is half made will be made anew.")
        return 130


def demo(arguments: Sequence[str]) -> int:
    return become([str(CONSOLE), "demo", *arguments], {})


def test(arguments: Sequence[str]) -> int:
    """Run pytest from the project's folder, on several processors unless the arguments say how.

    One process more than there are processors, because a test waits for other processes a quarter of its time.
    """
    spread = ["-n", str(min((os.cpu_count() or 1) + 1, MOST_PROCESSES)), "--dist", "worksteal"]
    if any(argument.startswith(("-n", "--numprocesses", "--pdb", "--trace")) for argument in arguments):
        spread = []
    os.chdir(ROOT)
    return become([str(PYTHON), "-m", "pytest", "-rs", *spread, *arguments], {"QT_QPA_PLATFORM": "offscreen"})


def check(arguments: Sequence[str]) -> int:
    assert not arguments
    failed = []
    for program, *rest in CHECKS:
        shown = " ".join([program, *rest])
        print(f"== {shown}", flush=True)
        if subprocess.run([str(PROGRAMS / program), *rest], cwd=ROOT, check=False).returncode:
            failed.append(shown)
    return _complain("Not clean: " + "; ".join(failed) + ".") if failed else 0


def become(command: Sequence[str], variables: Mapping[str, str]) -> int:
    """Replace this process by `command`, where the system can."""
    environment = {**os.environ, **variables}
    if IS_WINDOWS:
        return subprocess.run(list(command), env=environment, check=False).returncode
    sys.stdout.flush()
    os.execve(command[0], list(command), environment)


def is_made() -> bool:
    """Tell whether `.venv` was finished, from this lock and this pyproject.toml, in this folder."""
    try:
        return STAMP.read_text(encoding="ascii") == fingerprint() and PYTHON.exists() and CONSOLE.exists()
    except (OSError, UnicodeDecodeError):
        return False


def fingerprint() -> str:
    made_from = hashlib.sha256(os.fsencode(ROOT))
    for source in (LOCK, ROOT / "pyproject.toml"):
        made_from.update(hashlib.sha256(source.read_bytes()).digest())
    return made_from.hexdigest()


@contextlib.contextmanager
def sole_maker() -> Iterator[tuple[int, ...]]:
    """Let one start at a time make `.venv`; yields the descriptors that pip holds too.

    A pip whose bootstrap was killed goes on writing: it keeps the lock until it ends.
    """
    try:
        import fcntl  # noqa: PLC0415 - Windows has none
    except ImportError:
        yield ()
        return
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another start is making .venv: waiting for it.")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield (folder,)
    finally:
        os.close(folder)


def make(held: tuple[int, ...]) -> None:
    provide_ensurepip()
    import venv  # noqa: PLC0415 - a minimal Python has none, which provide_ensurepip() has said by now

    is_there = ENVIRONMENT.exists()
    _say("Making .venv anew." if is_there else "Making .venv. This is done once and takes a minute or two.")
    try:
        # The stamp goes first: what is cut short from here on is not taken for whole.
        STAMP.unlink(missing_ok=True)
        venv.EnvBuilder(clear=True, symlinks=not IS_WINDOWS).create(ENVIRONMENT)
    except (OSError, ValueError) as failure:
        raise CannotStart(f".venv cannot be made: {failure}.") from failure
    run_module("ensurepip", ["--default-pip"], held)
    install = ["install", "--disable-pip-version-check", "--no-input"]
    # The lock is whole: a pip that resolves it again finds what was published since, and refuses it for want of a hash.
    run_module("pip", [*install, "--no-deps", "--require-hashes", "-r", str(LOCK)], held)
    run_module("pip", [*install, "--no-deps", "--no-build-isolation", "-e", str(ROOT)], held)
    unfinished = STAMP.with_suffix(".new")
    unfinished.write_text(fingerprint(), encoding="ascii")
    unfinished.replace(STAMP)


def run_module(name: str, arguments: Sequence[str], held: tuple[int, ...]) -> None:
    """Run the module `name` of `.venv`'s Python, and explain its failure."""
    lines: list[str] = []
    with subprocess.Popen(
        [str(PYTHON), "-I", "-m", name, *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        pass_fds=held,
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                lines.append(line.rstrip())
                _show_progress(lines[-1])
        except BaseException:
            process.terminate()
            raise
    _show_progress("")
    if process.returncode:
        raise CannotStart(_why_pip_failed(lines))


def provide_ensurepip() -> None:
    """Debian and Ubuntu keep what makes environments in a package of its own."""
    if importlib.util.find_spec("ensurepip") is not None and importlib.util.find_spec("venv") is not None:
        return
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    provide_packages("This Python lacks what makes environments (venv and ensurepip).", [package])
    importlib.invalidate_caches()
    if importlib.util.find_spec("ensurepip") is None:
        raise CannotStart(f"{package} is installed, but {sys.executable} is another Python and lacks ensurepip.")


def provide_libraries(platform: str) -> None:
    """See to it that Qt can load its plugin for `platform`, by reading what is missing."""
    missing = missing_libraries(platform)
    if not missing:
        return
    unknown = [library for library in missing if library not in DEBIAN_PACKAGES]
    packages = sorted({DEBIAN_PACKAGES[library] for library in missing if library in DEBIAN_PACKAGES})
    why = f"Qt cannot show anything here: it lacks {_listed(missing)}."
    if unknown:
        why += f" Which package has {', '.join(unknown)} is not known here."
    if not packages:
        raise CannotStart(why)
    provide_packages(why, packages)
    left = missing_libraries(platform)
    if left:
        raise CannotStart(f"Qt still cannot show anything here: it lacks {_listed(left)}.")


def wanted_platform(verb: str, variables: Mapping[str, str]) -> str:
    """The name of the Qt platform plugin that `verb` will load; tests never need a screen."""
    if verb == "test":
        return "offscreen"
    chosen = variables.get("QT_QPA_PLATFORM")
    if chosen:
        return chosen.split(";")[0].split(":")[0]
    if variables.get("DISPLAY"):
        return "xcb"
    return "wayland" if variables.get("WAYLAND_DISPLAY") else "offscreen"


def missing_libraries(platform: str) -> list[str]:
    """Ask the dynamic linker which libraries the offscreen plugin, `platform`'s and our Qt modules do not find."""
    ldd = shutil.which("ldd")
    if ldd is None or not sys.platform.startswith("linux"):
        return []
    qt = next(iter(ENVIRONMENT.glob("lib/python3*/site-packages/PySide6")), None)
    if qt is None:
        raise CannotStart("PySide6 is missing from .venv. Remove the folder .venv and start again.")
    plugins = [qt / "Qt" / "plugins" / "platforms" / f"libq{name}.so" for name in ("offscreen", platform)]
    modules = [qt / f"{name}.abi3.so" for name in ("QtGui", "QtWidgets", "QtSvg")]
    files = sorted({str(file) for file in plugins + modules if file.exists()})
    answer = subprocess.run([ldd, *files], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return sorted({line.split()[0] for line in answer.stdout.splitlines() if line.endswith("=> not found")})


def provide_packages(why: str, packages: Sequence[str]) -> None:
    """Install Debian packages where that is ours to do; otherwise say the line that does it."""
    if not is_debian():
        raise CannotStart(f"{why} Install what has it (on Debian: {' '.join(packages)}).")
    line = shlex.join([*APT_INSTALL, *packages])
    if not is_root():
        raise CannotStart(f"{why} Run this once, then start again:\n  sudo {line}")
    _say(f"{why} Installing it: {line}")
    variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], [*APT_INSTALL, *packages]):
        done = subprocess.run(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            said = done.stdout.decode(errors="replace").strip().splitlines()[-8:]
            raise CannotStart("\n".join([f"`{shlex.join(command)}` failed. What is needed:\n  {line}", *said]))


def is_debian() -> bool:
    return Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _listed(libraries: Sequence[str]) -> str:
    shown = ", ".join(libraries[:3])
    return shown if len(libraries) <= 3 else f"{shown} and {len(libraries) - 3} more libraries of the system"


def _why_pip_failed(lines: Sequence[str]) -> str:
    said = "\n".join(lines)
    if "DO NOT MATCH THE HASHES" in said:
        return (
            "A downloaded package is not the one the lock names, and was not installed. Try another network or mirror."
        )
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return (
            "The package index shows a certificate that this machine does not trust. PIP_CERT names a file of your own."
        )
    if any(sign in said for sign in NO_NETWORK_SIGNS):
        return (
            "The packages cannot be fetched: the package index does not answer. Connect to a network and start again."
        )
    if "No space left on device" in said:
        return f"The disk is full: .venv needs about 600 MB in {ROOT}."
    return "\n".join(["The packages cannot be installed. The last that pip said:", *lines[-15:]])


def _too_old_sentence() -> str:
    newer = next((name for name in ("python3.13", "python3.12", "python3.11") if shutil.which(name)), None)
    what_to_do = f"Start it with {newer}, which is here." if newer else "Install a newer one first."
    return "xsconsole needs Python 3.11 or newer, and this is {}.{}. {}".format(*sys.version_info[:2], what_to_do)


def _show_progress(line: str) -> None:
    """Show what pip is at on one line of a terminal, and nothing in a log."""
    if sys.stderr.isatty():
        is_news = line.startswith(("Collecting", "Downloading", "Installing", "Building", "Obtaining"))
        if is_news or not line:
            width = shutil.get_terminal_size().columns - 3
            sys.stderr.write("\r\x1b[K" + (f"  {line[:width]}" if line else ""))
            sys.stderr.flush()


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _complain(sentence: str) -> int:
    _say(sentence)
    return 1


def start() -> NoReturn:
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    start()
