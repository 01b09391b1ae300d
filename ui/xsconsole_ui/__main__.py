"""The one command. Hands verbs that need no screen to `xsconsole.cli`, and imports Qt only for the window."""

import gc
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def main(arguments: list[str] | None = None) -> int:
    """Run `xsconsole ARGUMENTS` and return the exit status: 0 done, 1 refused or failed, 2 wrong usage."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["feed"]:
        from xsconsole.xapi.feed_child import main as feed  # noqa: PLC0415 - each verb loads only what it needs

        return feed()
    if given[:2] == ["pool", "serve"]:
        from xsconsole.simpool.program import main as serve  # noqa: PLC0415

        return serve(given[2:])
    from xsconsole.cli import main as headless  # noqa: PLC0415
    from xsconsole.cli.parser import parser  # noqa: PLC0415

    words = parser()
    options = words.parse_args(given)
    if options.verb == "pool serve":
        words.error("`pool serve` comes first, and then its own options")
    if options.verb not in ("window", "demo", "review"):
        return headless(options)
    gc.disable()  # until the window's own `Collector` begins: what is loaded now is there to stay
    try:
        return _windowed(options)
    finally:
        gc.enable()


def _windowed(options: "argparse.Namespace") -> int:
    """Show the window, or have the demo show it."""
    from xsconsole.cli.session import Given  # noqa: PLC0415
    from xsconsole.errors import ConsoleError  # noqa: PLC0415
    from xsconsole_ui.start import open_review_window, open_window, run_demo, tell  # noqa: PLC0415

    try:
        if options.verb == "review":
            return open_review_window(options)
        return run_demo(options) if options.verb == "demo" else open_window(options, Given(options).password)
    except ConsoleError as error:
        return tell(error)


if __name__ == "__main__":
    sys.exit(main())
