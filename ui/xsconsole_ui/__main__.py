"""The one command. Hands verbs that need no screen to `xsconsole.cli`, and imports Qt only for the window."""

import sys

WINDOW_VERBS = frozenset({"demo", "window"})


def main(arguments: list[str] | None = None) -> int:
    """Run `xsconsole ARGUMENTS` and return the exit status: 0 done, 1 refused or failed, 2 wrong usage."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["feed"]:
        from xsconsole.xapi.feed_child import main as feed  # noqa: PLC0415 - each verb loads only what it needs

        return feed()
    if given[:2] == ["pool", "serve"]:
        from xsconsole.simpool.program import main as serve  # noqa: PLC0415

        return serve(given[2:])
    if not _is_for_the_window(given):
        from xsconsole.cli import main as headless  # noqa: PLC0415

        return headless(given)
    from xsconsole_ui.start import main as window  # noqa: PLC0415

    return window(given)


def _is_for_the_window(given: list[str]) -> bool:
    """Whether the first word that is no option asks for the window: none does, and so do `demo` and `window`."""
    with_value = {"--home", "--pool", "--user", "--fingerprint"}
    words = iter(given)
    for word in words:
        if word in with_value:
            next(words, None)
        elif word in ("-h", "--help", "--version"):
            return False
        elif not word.startswith("-"):
            return word in WINDOW_VERBS
    return True


if __name__ == "__main__":
    sys.exit(main())
