"""The words and options of the command line."""

import argparse
from collections.abc import Iterator
from functools import partial

from xsconsole.cli.archive_parser import add_archives, add_export
from xsconsole.cli.blueprint_parser import add_blueprints
from xsconsole.cli.closing_parser import add_closings
from xsconsole.cli.config_parser import NAME_HELP, Names, add_configurations, add_dry_run, add_yes_to
from xsconsole.cli.drift_parser import add_drift, add_refresh, add_replicate
from xsconsole.cli.fence_parser import add_fences
from xsconsole.cli.points_parser import add_points
from xsconsole.cli.provision_parser import add_provision
from xsconsole.cli.record_parser import add_audit, add_review
from xsconsole.cli.request_parser import (
    VerbMaker,
    add_asking,
    add_beside,
    add_emergency,
    add_keys,
    add_meaning,
    add_out,
    add_requests,
    add_reviews,
    add_webhook,
)
from xsconsole.cli.typed_values import count, digest, instant, pair, speed

WORKFLOW_HELP = "a file, a draft, `published`, or a version such as `v7`"


def parser() -> argparse.ArgumentParser:
    """Return the parser of `xsconsole`. The verb is in `verb`, two words joined by a blank where there are two."""
    top = argparse.ArgumentParser(
        prog="xsconsole",
        description="Stage management for XenServer and XCP-ng pools. Without a verb, the window opens.",
        epilog="`xsconsole VERB --help` says more. Exit status: 0 done, 1 refused or failed, 2 wrong usage, "
        "3 asked for where others have to approve.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    top.set_defaults(verb="window", takes_pools=True, pools=())
    _add_watch(top, default=False)
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=False, parser_class=_Verb)

    demo = _verb(verbs, "demo", "the embedded pool and the window on it; in a home of its own unless --home names one")
    demo.add_argument("--out", metavar="DIR", help="do the main job by itself; leave screenshots and a report in DIR")
    demo.add_argument("--speed", type=speed, metavar="X", help="how fast the embedded pool works (1)")
    _add_watch(demo, default=argparse.SUPPRESS)
    _add_pool(verbs)
    what = "the pool, what this log-in may not do, and what needs attention; exit status 0 also where something does"
    _verb(verbs, "status", what, has_json=True, takes_pools=True)
    config = _family(verbs, "config", "configurations: groups of VMs as one thing")
    for verb in add_configurations(partial(_verb, config), instant):
        _add_reason(verb)
        _add_wait(verb)
        add_dry_run(verb)
    add_export(partial(_verb, config), "config export", NAME_HELP, _add_reason)
    plan = _verb(verbs, "plan", "what a promotion or demotion would do; nothing is changed", has_json=True)
    _add_move(plan, has_disks=True, can_stop=True)
    plan.add_argument("--against", metavar="FILE", help="say how it differs from the plan that `--json` wrote there")
    add_emergency(plan, may_sign=False)
    add_beside(plan)
    for name, what in (("promote", "move a configuration forward"), ("demote", "move a configuration back")):
        verb = _verb(verbs, name, what, has_json=True)
        _add_move(verb, has_disks=name == "demote", can_stop=name == "promote")
        verb.add_argument(
            "--plan", type=digest, metavar="DIGEST", help="refuse unless the plan is this one (8 digits or more)"
        )
        add_yes_to(verb, "the way's checklist, or of the plan")
        _add_wait(verb)
        add_dry_run(verb)
        verb.add_argument("--queue", action="store_true", help="wait for a place where the stage is full")
        add_beside(verb)
        add_asking(verb, instant)
        add_emergency(verb)
    add_requests(partial(_verb, _family(verbs, "request", "what others have to approve")))
    add_reviews(partial(_verb, _family(verbs, "review-item", "what others look at after an emergency")))
    _add_queue(partial(_verb, _family(verbs, "queue", "what waits in this console for a place in a full stage")))
    add_closings(lambda name, what: partial(_verb, _family(verbs, name, what)), instant, NAME_HELP)
    refresh = _verb(verbs, "refresh", "bring a replica up to what it was copied from, as that is now", has_json=True)
    add_refresh(refresh)
    replicate = _verb(verbs, "replicate", "copy a configuration, whatever runs, into a stage; it stays", has_json=True)
    add_replicate(replicate)
    replicate.add_argument("--plan", type=digest, metavar="DIGEST", help="refuse unless the plan is this one")
    for verb in (refresh, replicate):
        _add_reason(verb)
        _add_wait(verb)
        add_beside(verb)
    add_provision(partial(_verb, verbs), _add_reason)
    add_drift(partial(_verb, _family(verbs, "drift", "how configurations differ from what they are meant to be like")))
    of_points = _family(verbs, "restore-point", "what a promotion leaves to return to")
    add_points(partial(_verb, of_points), NAME_HELP, _add_reason, _add_wait)
    of_archives = _family(verbs, "archive", "configurations in files, which come back as new ones")
    add_archives(partial(_verb, of_archives), NAME_HELP, _add_reason)
    of_library = _family(verbs, "blueprint", "the library: what configurations are made of")
    add_blueprints(partial(_verb, of_library), NAME_HELP, _add_reason)
    of_fences = _family(verbs, "fence", "copies with the addresses of their originals, fenced off")
    of_ground = partial(_verb, _family(of_fences, "ground", "what fences are built on"))
    add_fences(partial(_verb, of_fences), of_ground, NAME_HELP, _add_reason)
    verb = _verb(verbs, "settle", "finish an interrupted run, forward or back, whoever began it", has_json=True)
    verb.add_argument("name", metavar="NAME", help=NAME_HELP)
    verb.add_argument("direction", choices=["resume", "undo"], help="go on to its end, or put everything back")
    _add_reason(verb)
    _add_wait(verb)
    add_beside(verb)

    _add_workflow(_family(verbs, "workflow", "the release process"))

    add_webhook(partial(_verb, _family(verbs, "webhook", "where other programs are told of what this console does")))
    add_keys(partial(_verb, _family(verbs, "key", "the key by which this console signs")))
    _add_machines(_family(verbs, "vm", "single machines"))
    add_review(_verb(verbs, "review", "a bundle in a window of its own: no pool, no home, no key"))
    add_audit(partial(_verb, _family(verbs, "audit", "what this console did and saw")))

    _add_place(top, is_top=True)
    for each in _verbs_below(verbs):
        _add_place(each, is_top=False)
    return top


class _Verb(argparse.ArgumentParser):
    """A parser of one verb: options may not be abbreviated, so that scripts keep their meaning."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.families: list[_Verbs[_Verb]] = []

    # argparse leaves what a verb does not know to the parser above, which would show its own usage.
    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown


_Verbs = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it


class _Version(argparse.Action):
    """Looks the version up when it is asked for: it takes as long as all the rest of the parser."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version  # noqa: PLC0415

        print(f"xsconsole {version('xsconsole')}")
        parser.exit()


class _Pool(argparse.Action):
    """Keeps the first address as `pool`, and all of them, in their order, as `pools`."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        given = (*getattr(namespace, "pools", ()), str(values))
        if len(given) > 1 and not parser.get_default("takes_pools"):
            parser.error(f"argument {option_string}: one pool only")
        namespace.pool, namespace.pools = given[0], given


def _family(verbs: "_Verbs[_Verb]", name: str, what: str) -> "_Verbs[_Verb]":
    family = verbs.add_parser(name, help=what, description=what)
    found = family.add_subparsers(title="verbs", metavar="VERB", required=True, parser_class=_Verb)
    family.families.append(found)
    return found


def _verbs_below(verbs: "_Verbs[_Verb]") -> Iterator[_Verb]:
    for verb in verbs.choices.values():
        if verb.families:
            for family in verb.families:
                yield from _verbs_below(family)
        else:
            yield verb


def _verb(verbs: "_Verbs[_Verb]", name: str, what: str, *, has_json: bool = False, takes_pools: bool = False) -> _Verb:
    verb = verbs.add_parser(name.rpartition(" ")[2], help=what, description=what)
    verb.set_defaults(verb=name, takes_pools=takes_pools)
    if has_json:
        verb.add_argument("--json", action="store_true", help="one JSON document on standard output, nothing else")
    return verb


def _add_pool(verbs: "_Verbs[_Verb]") -> None:
    """Add the words only: the embedded pool reads its own options, and is handed them before this parser is asked."""
    serve = _verb(
        _family(verbs, "pool", "the embedded pool"),
        "pool serve",
        "serve an embedded pool on loopback; `xsconsole pool serve --help` shows its options",
    )
    serve.usage = "xsconsole pool serve [options]"


def _add_place(verb: argparse.ArgumentParser, *, is_top: bool) -> None:
    """Add the options that may stand before or behind the verb; only the top has their defaults."""

    def default(value: object) -> object:
        return value if is_top else argparse.SUPPRESS

    place = verb.add_argument_group("where and who")
    several = bool(verb.get_default("takes_pools"))
    place.add_argument(
        "--pool",
        metavar="URL",
        action=_Pool,
        default=default(None),
        help=f"address of the pool{', several times for several pools' if several else ''}; else the last one",
    )
    place.add_argument("--user", metavar="U", default=default(None), help="who logs in; else who did last")
    place.add_argument(
        "--password-stdin", action="store_true", default=default(False), help="read the password from standard input"
    )
    place.add_argument(
        "--fingerprint", metavar="SHA256", default=default(None), help="trust this certificate, and keep it"
    )
    place.add_argument(
        "--home", metavar="DIR", default=default(None), help="where this console keeps everything (XSCONSOLE_HOME)"
    )
    place.add_argument(
        "--passphrase-stdin",
        action="store_true",
        default=default(False),
        help="read the signing key's passphrase from standard input, from the next line after the password",
    )


def _add_watch(verb: argparse.ArgumentParser, *, default: object) -> None:
    verb.add_argument(
        "--watch-stalls", action="store_true", default=default, help="log what blocks the window, with file and line"
    )


def _add_move(verb: argparse.ArgumentParser, *, has_disks: bool, can_stop: bool) -> None:
    verb.add_argument(
        "name", metavar="NAME", nargs="+", action=Names, help=f"{NAME_HELP}; several go one after another, by one plan"
    )
    verb.add_argument("--go-on", action="store_true", help="of several, go on with the next where one fails")
    verb.add_argument("--to", metavar="STAGE", help="the stage, by name or id; default: the only one a way leads to")
    if has_disks:
        verb.add_argument(
            "--disks",
            choices=["keep", "restore", "swap"],
            help="a demotion keeps the disks, returns them to the restore point taken in STAGE, or swaps with the "
            "stand-by whose place it took; default: keep, or swap where it has disks of the place",
        )
    if can_stop:
        verb.add_argument(
            "--stop-first",
            action="store_true",
            help="before a copy, shut the machines down, freeze them together and start them again",
        )
    _add_reason(verb)


def _add_reason(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--reason", default="", metavar="TEXT", help="why; it stands in the audit")


def _add_queue(make: VerbMaker) -> None:
    make("queue list", "who waits, in order; no pool is needed", has_json=True)
    verb = make("queue cancel", "take one out; nothing was changed for it", has_json=True)
    verb.add_argument("name", metavar="NAME", help="the configuration, or the beginning of the id in the list")
    _add_reason(verb)


def _add_wait(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--wait", action="store_true", help="wait while another console works on it, instead of being refused"
    )


def _add_workflow(workflow: "_Verbs[_Verb]") -> None:
    _verb(workflow, "workflow list", "the workflows published on the pool", has_json=True)
    _verb(workflow, "workflow show", "stages and transitions", has_json=True)
    verb = _verb(
        workflow, "workflow lint", "what is wrong with a workflow; 1 where it cannot be published", has_json=True
    )
    verb.add_argument("file", metavar="FILE", help=WORKFLOW_HELP)
    verb.add_argument(
        "--live", action="store_true", help="compare it with what is on the last pool, too; --pool does so as well"
    )
    verb = _verb(workflow, "workflow diff", "what is different between two workflows", has_json=True)
    verb.add_argument("before", metavar="A", help=WORKFLOW_HELP)
    verb.add_argument("after", metavar="B", help=WORKFLOW_HELP)
    verb = _verb(
        workflow, "workflow walk", "what opens in each stage for somebody at some time, and why not", has_json=True
    )
    verb.add_argument("file", metavar="FILE", help=WORKFLOW_HELP)
    verb.add_argument("--as", dest="person", required=True, metavar="PERSON", help="id, name or log-in; or `nobody`")
    verb.add_argument("--service", required=True, metavar="S", help="of the configuration that walks")
    verb.add_argument("--from", dest="start", metavar="STAGE", help="where it stands; default: the first stage")
    verb.add_argument("--at", type=instant, metavar="T", help="such as 2026-12-24T18:00+01:00; default: now")
    verb = _verb(workflow, "workflow export", "the text form of what is published, or of a draft")
    verb.add_argument("name", metavar="NAME", nargs="?", help="id or name of the workflow, or a draft")
    verb.add_argument("--out", metavar="FILE", help="write it there instead of to standard output")
    verb.add_argument("--force", action="store_true", help="replace the file where it is there already")
    _verb(workflow, "workflow drafts", "the drafts of this home, newest first", has_json=True)
    verb = _verb(workflow, "workflow new", "begin a draft with what is published, or with a template", has_json=True)
    verb.add_argument(
        "--template",
        metavar="T",
        help="begin with this template: release (linear), features-and-patches, release-with-hotfix, blue-and-green",
    )
    verb.add_argument("--name", metavar="NAME", help="what the draft is called; default: as the workflow")
    verb = _verb(workflow, "workflow import", "begin a draft with the workflow of a file", has_json=True)
    verb.add_argument("file", metavar="FILE", help="a workflow in its text form")
    verb.add_argument("--name", metavar="NAME", help="what the draft is called; default: as the workflow")
    verb = _verb(workflow, "workflow discard", "delete a draft for good")
    verb.add_argument("draft", metavar="DRAFT", help="its name or id")
    verb = _verb(
        workflow, "workflow publish", "publish a draft or a file, and finish what a publication left", has_json=True
    )
    _add_publication(verb)
    verb.add_argument("--dry-run", action="store_true", help="say what it would do, and change nothing")
    verb.add_argument("--summary", default="", metavar="TEXT", help="what is different; default: what the file says")
    for name, what in (("approve", "approve of publishing it"), ("reject", "reject publishing it")):
        verb = _verb(workflow, f"workflow {name}", f"{what}, by this console's key", has_json=True)
        _add_publication(verb)
        verb.add_argument("--reason", required=True, metavar="TEXT", help="why; it is part of what is signed")
    verb = _verb(workflow, "workflow request", "write what is to be approved to a file, for people off the pool")
    _add_publication(verb)
    add_out(verb)
    verb = _verb(workflow, "workflow decide", "decide on a publication in a file; needs no pool", has_json=True)
    verb.add_argument("file", metavar="FILE", help="what `workflow request` wrote")
    add_meaning(verb)
    add_out(verb)
    verb = _verb(workflow, "workflow receive", "leave a decision from a file on the pool, if it counts", has_json=True)
    _add_publication(verb)
    verb.add_argument("--decision", required=True, metavar="FILE", help="what `workflow decide` wrote")


def _add_publication(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("what", metavar="FILE-or-DRAFT", help="a file, a draft, or `published` to finish that version")
    verb.add_argument(
        "--map",
        action="append",
        default=[],
        type=pair,
        metavar="OLD=NEW",
        help="configurations in stage OLD, which is gone, go to NEW; names or ids; repeat it",
    )
    verb.add_argument("--over", type=count, metavar="N", help="the version that a file was made from; else its own")
    verb.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="URL",
        help="another pool that it binds, with the same user; its password is the next line of standard input",
    )
    verb.add_argument(
        "--later",
        action="append",
        default=[],
        metavar="POOL",
        help="a pool that is away and follows when it is back",
    )
    verb.add_argument(
        "--replace",
        action="append",
        default=[],
        metavar="POOL",
        help="a pool with another version of the same number, which the next one takes the place of",
    )


def _add_machines(machines: "_Verbs[_Verb]") -> None:
    verb = _verb(
        machines, "vm export", "write a machine that does not run, a template or a snapshot as an XVA", has_json=True
    )
    verb.add_argument("name", metavar="NAME", help="a VM, by name or uuid; templates and snapshots by uuid")
    verb.add_argument("--out", required=True, metavar="FILE", help="where to; a file that is there is refused")
    verb.add_argument("--force", action="store_true", help="take the place of a file once the new one is whole")
    verb.add_argument("--compress", choices=["gzip", "zstd"], help="let the pool make it smaller")
    _add_reason(verb)
    verb = _verb(machines, "vm import", "make machines of an XVA", has_json=True)
    verb.add_argument("file", metavar="FILE")
    verb.add_argument("--sr", metavar="STORAGE", help="by name or uuid; else the pool's default one")
    _add_reason(verb)
