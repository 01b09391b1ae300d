"""The words and options of configurations."""

import argparse
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from xsconsole.cli.points_parser import POINT_HELP
from xsconsole.cli.request_parser import VerbMaker, add_asking, add_beside, add_emergency
from xsconsole.cli.typed_values import digest, mapped, seat

NAME_HELP = "id or its beginning, service, service@version or service@stage"


OF_MANY: Mapping[str, str] = MappingProxyType(
    {
        "config start": "start its machines, in their order; those that run are passed over",
        "config shut-down": "shut its running machines down, in descending order",
        "config reboot": "shut its running machines down in order, and start them again",
        "config suspend": "write what its running machines hold in memory to storage, and stop them",
        "config resume": "let its suspended machines run on",
        "config snapshot": "take a restore point by hand: a snapshot of each of its machines",
    }
)


def add_dry_run(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--dry-run", action="store_true", help="only show the plan")


def add_yes_to(verb: argparse.ArgumentParser, of: str) -> None:
    """Add how questions of a plan are answered beforehand."""
    verb.add_argument(
        "--yes-to",
        action="append",
        metavar="QUESTION",
        help=f"answer a question of {of} with yes, word by word; repeat it",
    )


class Names(argparse.Action):
    """Keeps the first name as `name`, and all of them, in their order, as `names`."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        del parser, option_string
        given = tuple(map(str, values)) if isinstance(values, list) else (str(values),)
        namespace.name, namespace.names = given[0], given


def add_configurations(make: VerbMaker, instant: Callable[[str], datetime]) -> tuple[argparse.ArgumentParser, ...]:
    """Add the verbs of `config`; return those that change something."""
    make("config list", "all configurations", has_json=True, takes_pools=True)
    show = make("config show", "one configuration: its machines, problems and restore points", has_json=True)
    _add_name(show)
    _add_name(make("config manifest", "all that makes it what it is, as JSON, with its fingerprint"))
    _add_compare(make, instant)
    create = make("config create", "make a configuration of VMs that belong to none", has_json=True)
    create.add_argument("service", metavar="SERVICE", help="the business application, such as shop")
    create.add_argument("version", metavar="VERSION", help="its version, such as 1.4.0")
    create.add_argument("--stage", required=True, metavar="STAGE", help="where it stands, by name or id")
    create.add_argument("--name", metavar="NAME", help="default: service and version")
    create.add_argument("--vm", action="append", required=True, metavar="[ROLE=]VM", help="by name or uuid; repeat it")
    add = _changing(make, "config add", "take VMs in")
    add.add_argument("--vm", action="append", required=True, metavar="[ROLE=]VM", help="by name or uuid; repeat it")
    remove = _changing(make, "config remove", "let VMs go; they stay as they are")
    remove.add_argument("--vm", action="append", required=True, metavar="VM", help="by name or uuid; repeat it")
    adopt = _changing(
        make, "config adopt", "take strays in, and make a configuration whole whose members disagree or are gone"
    )
    adopt.add_argument("--vm", action="append", default=[], metavar="VM", help="a stray, by name or uuid; repeat it")
    adopt.add_argument("--stage", metavar="STAGE", help="where it then stands; default: where it is shown")
    dissolve = _changing(make, "config dissolve", "forget a configuration; its VMs stay as they are")
    return (create, add, remove, adopt, dissolve, *_add_services(make, instant))


def _add_services(make: VerbMaker, instant: Callable[[str], datetime]) -> list[argparse.ArgumentParser]:
    """Add the verbs to a configuration as one thing, which stays where it is."""
    verbs = [
        *(_of_many(make, name, what) for name, what in OF_MANY.items()),
        note := _of_many(make, "config note", "write notes about it, in place of those that are there"),
        delete := _of_many(make, "config delete", "delete its machines with their disks, for good"),
        migrate := _of_many(
            make, "config migrate", "bring it to another host or storage of its pool, or into another pool"
        ),
        arrange := _changing(make, "config arrange", "give members other roles, start orders or delays"),
        revert := _changing(make, "config revert", "return its disks to a restore point; it stays where it is"),
        rename := _changing(make, "config rename", "give it another name or version; its machines keep their names"),
    ]
    rename.add_argument("--name", dest="new_name", metavar="NAME", help="the new name")
    rename.add_argument("--version", dest="new_version", metavar="VERSION", help="the new version")
    note.add_argument("text", metavar="TEXT", help="the notes; empty: none")
    delete.add_argument(
        "--yes", action="append", default=[], metavar="NAME", help="name it again: delete it for good; repeat it"
    )
    delete.add_argument("--force", action="store_true", help="switch off what does not answer to a shutdown")
    delete.add_argument("--keep-points", action="store_true", help="keep its restore points, as plain snapshots")
    migrate.add_argument("--host", metavar="HOST", help="where its running machines go, by name or uuid")
    migrate.add_argument("--sr", metavar="STORAGE", help="where the disks of its machines go, by name or uuid")
    migrate.add_argument("--to-pool", metavar="POOL", help="the pool where all of it goes, by name or uuid; see --also")
    migrate.add_argument(
        "--map-network",
        action="append",
        default=[],
        type=mapped,
        metavar="A=B",
        help="in the other pool B takes the place of network A, by name or uuid; else one of the same name; repeat it",
    )
    add_beside(migrate, "the other pool")
    add_yes_to(migrate, "the plan")
    migrate.add_argument("--vm", action="append", default=[], metavar="VM", help="only this member; repeat it")
    arrange.add_argument(
        "--vm",
        action="append",
        required=True,
        type=seat,
        metavar="VM:WHAT=N,...",
        help="a member, and its role=, order=, start-delay= and shutdown-delay= in seconds; repeat it",
    )
    revert.add_argument("point", metavar="POINT", help=POINT_HELP)
    add_asking(revert, instant)
    add_emergency(revert)
    return verbs


def _add_compare(make: VerbMaker, instant: Callable[[str], datetime]) -> None:
    compare = make(
        "config compare",
        "how one differs from another, or from itself at another time: drift, and what may differ",
        has_json=True,
    )
    _add_name(compare)
    compare.add_argument("other", metavar="OTHER", nargs="?", help=f"{NAME_HELP}; default: the same, as it is now")
    when = "such as 2026-12-24T18:00+01:00; as a restore point or this home's record tells; default: now"
    compare.add_argument("--at", type=instant, metavar="T", help=f"NAME as it was at this time, {when}")
    compare.add_argument("--other-at", type=instant, metavar="T", help="OTHER as it was at this time")
    compare.add_argument("--archive", metavar="ARCHIVE", help="NAME with what this archive is of, by its folder or id")
    compare.add_argument("--times", action="store_true", help="only list the times at which NAME is known")


def _add_name(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("name", metavar="NAME", help=NAME_HELP)


def _of_many(make: VerbMaker, name: str, what: str) -> argparse.ArgumentParser:
    """Add a verb that can be done to several at once, as one plan."""
    verb = make(name, what, has_json=True)
    verb.add_argument("names", action=Names, nargs="+", metavar="NAME", help=f"{NAME_HELP}; several: one plan for all")
    verb.add_argument("--go-on", action="store_true", help="do it to the others where one of several cannot or fails")
    verb.add_argument(
        "--plan", type=digest, metavar="DIGEST", help="refuse unless the plan is this one (8 digits or more)"
    )
    return verb


def _changing(make: VerbMaker, name: str, what: str) -> argparse.ArgumentParser:
    verb = make(name, what, has_json=True)
    _add_name(verb)
    return verb
