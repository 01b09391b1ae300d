"""The words and options of archives."""

import argparse
from collections.abc import Callable

from xsconsole.cli.fence_parser import add_addresses
from xsconsole.cli.request_parser import VerbMaker
from xsconsole.cli.typed_values import digest, fingerprint, instant, mapped

ARCHIVE_HELP = "an archive: its folder, the beginning of its id, a name, or service@version"


def add_archives(make: VerbMaker, name_help: str, add_reason: Callable[..., None]) -> None:
    """Add the verbs of `archive`."""
    verb = add_export(make, "archive create", name_help, add_reason)
    where = verb.add_mutually_exclusive_group()
    where.add_argument(
        "--in-pool",
        action="store_true",
        help="into its pool instead, as templates: linked clones, or full copies",
    )
    where.add_argument(
        "--retire", action="store_true", help="its own machines become the templates, and it leaves the board"
    )
    _add_full(verb.add_argument)
    verb.add_argument("--sr", metavar="STORAGE", help="where full copies go, by name or uuid; else where they are")
    verb = make("archive list", "the archives that this home knows; no pool is needed", has_json=True)
    verb.add_argument(
        "words", metavar="WORD", nargs="*", help="only those that fit: words, or such as is:expired (docs/filter.md)"
    )
    _add_in_pool(verb.add_argument, "also those that stand in the pool, with what others changed of them since")
    verb = make("archive show", "one archive, as its document tells; no pool is needed", has_json=True)
    verb.add_argument("archive", metavar="ARCHIVE", help=ARCHIVE_HELP)
    _add_in_pool(verb.add_argument)
    verb = make(
        "archive verify",
        "read all of it and compare every hash; no pool is needed; status 3: whole, but nobody vouches for its key",
        has_json=True,
    )
    verb.add_argument("archive", metavar="ARCHIVE", help=ARCHIVE_HELP)
    told = "the key that must have signed it, as it was kept elsewhere"
    verb.add_argument("--key", type=fingerprint, metavar="FINGERPRINT", help=told)
    verb.add_argument("--unrecorded", action="store_true", help="leave no row of it; needs no signing key")
    _add_in_pool(verb.add_argument, "one that stands in the pool: its templates are compared, no disk is read")
    verb = make("archive restore", "make a new configuration of it, all of it or nothing", has_json=True)
    _add_back(verb, add_reason, can_be_alone=True)
    verb = make(
        "archive replicate", "make a replica of it in a stage, to be looked into: no promotion, no gates", has_json=True
    )
    verb.add_argument(
        "--names", dest="pattern", default="", metavar="PATTERN", help="names of the machines, as `replicate` takes it"
    )
    _add_back(verb, add_reason)
    verb = make(
        "archive prove",
        "try whether it comes back: restored apart from everything, started, asked, and removed again",
        has_json=True,
    )
    verb.add_argument("archive", metavar="ARCHIVE", help=ARCHIVE_HELP)
    verb.add_argument(
        "--in", dest="to", metavar="STAGE", help="on the networks of this stage, with its checks; else on private ones"
    )
    _add_map(verb.add_argument)
    verb.add_argument("--sr", metavar="STORAGE", help="by name or uuid; else the stage's, else the pool's default one")
    verb.add_argument("--without-tools", action="store_true", help="do not wait for guest tools: some have none")
    _add_in_pool(verb.add_argument, "one that stands in the pool: by linked clone, where its templates are")
    _add_full(verb.add_argument)
    _add_planned(verb.add_argument)
    add_reason(verb)
    verb = make("archive compare", "how one archive differs from another; no pool is needed", has_json=True)
    verb.add_argument("archive", metavar="ARCHIVE", help=ARCHIVE_HELP)
    verb.add_argument("other", metavar="OTHER", help="another one")
    _add_in_pool(verb.add_argument, "among those in the pool too")
    verb = make("archive hold", "let nobody delete it until that is lifted", has_json=False)
    verb.add_argument("archive", metavar="ARCHIVE", help=ARCHIVE_HELP)
    verb.add_argument("--reason", required=True, metavar="TEXT", help="why it must be kept")
    verb.add_argument("--until", type=instant, metavar="T", help="only until then, such as 2036-12-31T00:00+01:00")
    _add_in_pool(verb.add_argument)
    verb = make("archive keep", "say until when it is kept, or that somebody has to delete it", has_json=False)
    verb.add_argument("archive", metavar="ARCHIVE", help=ARCHIVE_HELP)
    choice = verb.add_mutually_exclusive_group(required=True)
    choice.add_argument(
        "--until", type=instant, metavar="T", help="it has expired then, such as 2036-12-31T00:00+01:00"
    )
    choice.add_argument("--for-ever", action="store_true", help="until somebody deletes it")
    _add_in_pool(verb.add_argument)
    add_reason(verb)
    verb = make(
        "archive expire", "delete now what has expired and is not held, in the folders known here", has_json=True
    )
    verb.add_argument("--dry-run", action="store_true", help="say what would be deleted, and change nothing")
    _add_in_pool(verb.add_argument, "what stands in the pool, each in a run of its own")
    for name, what in (("release", "lift the hold"), ("delete", "delete it for good")):
        verb = make(f"archive {name}", what, has_json=name == "delete")
        verb.add_argument("archive", metavar="ARCHIVE", help=ARCHIVE_HELP)
        _add_in_pool(verb.add_argument)
        if name == "delete":
            _add_planned(verb.add_argument)
        add_reason(verb)


def _add_in_pool(add: Callable[..., object], what: str = "one that stands in the pool") -> None:
    add("--in-pool", action="store_true", help=what)


def _add_full(add: Callable[..., object]) -> None:
    add("--full-copy", action="store_true", help="in a pool: disks of their own, which share nothing")


def _add_back(verb: argparse.ArgumentParser, add_reason: Callable[..., None], *, can_be_alone: bool = False) -> None:
    """Add what says where it comes back to."""
    verb.add_argument("archive", metavar="ARCHIVE", help=ARCHIVE_HELP)
    where = verb.add_mutually_exclusive_group(required=True)
    where.add_argument("--to", metavar="STAGE", help="the stage, by name or id")
    if can_be_alone:
        where.add_argument(
            "--without-stage", action="store_true", help="the machines alone: no configuration, also without a workflow"
        )
    _add_map(verb.add_argument)
    add_addresses(verb.add_argument, "the address of a card inside the fence that the stage demands; repeat it")
    verb.add_argument("--sr", metavar="STORAGE", help="by name or uuid; else the stage's, else the pool's default one")
    _add_in_pool(verb.add_argument, "one that stands in the pool: by linked clone, where its templates are")
    _add_full(verb.add_argument)
    _add_planned(verb.add_argument)
    add_reason(verb)


def _add_map(add: Callable[..., object]) -> None:
    add(
        "--map-network",
        action="append",
        default=[],
        type=mapped,
        metavar="A=B",
        help="what the archive calls A is network B here, by name or uuid; repeat it",
    )


def add_export(make: VerbMaker, name: str, name_help: str, add_reason: Callable[..., None]) -> argparse.ArgumentParser:
    """Add a verb that writes a configuration into files, by whichever name people look for it, and return it."""
    verb = make(name, "write a configuration into files on this computer; it stays as it is", has_json=True)
    verb.add_argument("name", metavar="NAME", help=name_help)
    verb.add_argument("--out", metavar="DIR", help="where the folder is made; else where the last one went")
    verb.add_argument(
        "--stop-first", action="store_true", help="shut the machines down, freeze them together and start them again"
    )
    verb.add_argument(
        "--keep-until", type=instant, metavar="T", help="it has expired then; else it is kept until somebody deletes it"
    )
    _add_planned(verb.add_argument)
    add_reason(verb)
    verb.set_defaults(in_pool=False, retire=False, full_copy=False, sr=None)
    return verb


def _add_planned(add: Callable[..., object]) -> None:
    add("--dry-run", action="store_true", help="say what it would do, and change nothing")
    add("--plan", type=digest, metavar="DIGEST", help="refuse unless the plan is this one (8 digits or more)")
