"""The words and options of the command line."""

import argparse
from importlib.metadata import version


def parser() -> argparse.ArgumentParser:
    """Return the parser of `xsconsole`. The verb is in `verb`, two words joined by a blank where there are two."""
    top = argparse.ArgumentParser(
        prog="xsconsole",
        description="Stage management for XenServer and XCP-ng pools. Without a verb, the window opens.",
        epilog="Exit status: 0 done, 1 refused or failed, 2 wrong usage.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"xsconsole {version('xsconsole')}")
    top.set_defaults(verb="window")
    _add_place(top, is_top=True)
    _add_watch(top, default=False)
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=False, parser_class=_Verb)

    demo = _verb(verbs, "demo", "the embedded pool and the window on it")
    _add_watch(demo, default=argparse.SUPPRESS)
    demo.add_argument("--speed", type=float, metavar="X", help="how fast the embedded pool works (1)")
    demo.add_argument("--out", metavar="DIR", help="do the main job by itself; leave screenshots and a report in DIR")
    pool = _family(verbs, "pool", "the embedded pool")
    serve = pool.add_parser("serve", help="serve an embedded pool on loopback; `pool serve --help` shows its options")
    serve.add_argument("--scenario", choices=["acme", "empty"], help="what stands in it")

    _verb(verbs, "status", "the pool, and what is unsettled on it", has_json=True)
    _add_configurations(_family(verbs, "config", "configurations: groups of VMs as one thing"))
    _add_move(_verb(verbs, "plan", "what a promotion or demotion would do; nothing is changed", has_json=True))
    for name, what in (("promote", "move a configuration forward"), ("demote", "move a configuration back")):
        verb = _verb(verbs, name, what, has_json=True)
        _add_move(verb)
        verb.add_argument("--plan", metavar="DIGEST", help="refuse unless the plan is this one (8 digits or more)")
        _add_wait(verb)
    verb = _verb(verbs, "settle", "finish an interrupted run, forward or back", has_json=True)
    verb.add_argument("name", metavar="NAME")
    verb.add_argument("direction", choices=["resume", "undo"])
    verb.add_argument("--reason", default="", metavar="TEXT")
    _add_wait(verb)

    workflow = _family(verbs, "workflow", "the release process")
    _verb(workflow, "workflow list", "the workflows published on the pool", has_json=True)
    _verb(workflow, "workflow show", "stages and transitions", has_json=True)
    verb = _verb(workflow, "workflow export", "the workflow's text form")
    verb.add_argument("--out", metavar="FILE", help="write it there instead of to standard output")

    audit = _family(verbs, "audit", "what this console did and saw")
    verb = _verb(audit, "audit list", "rows, newest first", has_json=True)
    verb.add_argument("--text", default="", help="only rows that contain this")
    verb.add_argument("--limit", type=_count, default=100, metavar="N", help="at most so many rows (100)")
    verb = _verb(audit, "audit verify", "check the chain, its values and signatures", has_json=True)
    verb.add_argument("--key", metavar="FINGERPRINT", help="the key that must have signed it")
    return top


class _Verb(argparse.ArgumentParser):
    """A parser of one verb: options may not be abbreviated, so that scripts keep their meaning."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]


_Verbs = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it


def _family(verbs: "_Verbs[_Verb]", name: str, what: str) -> "_Verbs[_Verb]":
    return verbs.add_parser(name, help=what).add_subparsers(metavar="VERB", required=True, parser_class=_Verb)


def _verb(verbs: "_Verbs[_Verb]", name: str, what: str, *, has_json: bool = False) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name.rpartition(" ")[2], help=what, description=what)
    verb.set_defaults(verb=name)
    _add_place(verb, is_top=False)
    if has_json:
        verb.add_argument("--json", action="store_true", help="one JSON document on standard output, nothing else")
    return verb


def _add_place(verb: argparse.ArgumentParser, *, is_top: bool) -> None:
    """Add the options that may stand before or behind the verb; only the top has their defaults."""

    def default(value: object) -> object:
        return value if is_top else argparse.SUPPRESS

    place = verb.add_argument_group("where and who")
    place.add_argument("--home", metavar="DIR", default=default(None), help="where this console keeps everything")
    place.add_argument("--pool", metavar="URL", default=default(None), help="address of the pool")
    place.add_argument("--user", metavar="U", default=default(None), help="who logs in")
    place.add_argument("--fingerprint", metavar="SHA256", default=default(None), help="accept this certificate")
    place.add_argument("--password-stdin", action="store_true", default=default(False), help="first line of input")
    place.add_argument("--passphrase-stdin", action="store_true", default=default(False), help="next line of input")


def _add_watch(verb: argparse.ArgumentParser, *, default: object) -> None:
    verb.add_argument(
        "--watch-stalls", action="store_true", default=default, help="log what blocks the window, with file and line"
    )


def _add_move(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("name", metavar="NAME", help="id, service, service@version or service@stage")
    verb.add_argument("--to", required=True, metavar="STAGE")
    verb.add_argument("--reason", default="", metavar="TEXT")
    verb.add_argument(
        "--disks",
        choices=["keep", "restore"],
        default="keep",
        help="a demotion keeps the disks, or returns them to the restore point taken in STAGE",
    )


def _add_wait(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--wait", action="store_true", help="wait while another console works on it, instead of being refused"
    )


def _add_configurations(config: "_Verbs[_Verb]") -> None:
    _verb(config, "config list", "all configurations", has_json=True)
    _verb(config, "config show", "one configuration", has_json=True).add_argument("name", metavar="NAME")
    create = _changing(config, "config create", "make a configuration of VMs that belong to none")
    create.add_argument("service", metavar="SERVICE")
    create.add_argument("version", metavar="VERSION")
    create.add_argument("--stage", required=True, metavar="STAGE")
    create.add_argument("--name", metavar="NAME", help="default: service and version")
    create.add_argument("--vm", action="append", required=True, metavar="[ROLE=]VM", help="by name or uuid; repeat it")
    for name, what in (("config add", "take VMs in"), ("config remove", "let VMs go"), ("config adopt", "mend it")):
        verb = _changing(config, name, what)
        verb.add_argument("name", metavar="NAME")
        verb.add_argument("--vm", action="append", required=name != "config adopt", default=None, metavar="[ROLE=]VM")
        if name == "config adopt":
            verb.description = "take strays in, and make a configuration whole whose members disagree or are gone"
            verb.set_defaults(vm=[])
            verb.add_argument("--stage", metavar="STAGE", help="where it then stands; default: where it is shown")
    _changing(config, "config dissolve", "forget a configuration; its VMs stay").add_argument("name", metavar="NAME")


def _changing(config: "_Verbs[_Verb]", name: str, what: str) -> argparse.ArgumentParser:
    verb = _verb(config, name, what, has_json=True)
    verb.add_argument("--reason", default="", metavar="TEXT")
    _add_wait(verb)
    return verb


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number
