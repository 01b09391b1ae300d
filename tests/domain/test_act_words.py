"""Why something can be done to none of several objects is told once for each reason."""

from xsconsole.domain.acts import Act, Kind, ObjectId
from xsconsole.domain.ids import Uuid
from xsconsole.domain.jobs import Check
from xsconsole.domain.wording.acts import reasons, title, why_none
from xsconsole.errors import Refused


def check(name: str, reason: str = "", mend: str = "") -> Check:
    refusal = Refused(reason=reason, mend=mend) if reason else None
    return Check(object=ObjectId(kind=Kind.VM, uuid=Uuid(name)), name=name, refusal=refusal)


def halted(name: str) -> Check:
    return check(name, f"“{name.partition(' · ')[0]}” is halted.", "It must be running.")


def test_one_object_is_told_its_own_reason():
    assert why_none([halted("web")]) == "“web” is halted. It must be running."
    assert why_none([check("web")]) == ""


def test_several_are_told_each_reason_once_with_how_many_and_a_few_names():
    host = check("xen-1", "This cannot be done to a host.")

    told = why_none([host, *(halted(f"web-{at}") for at in range(5)), halted("db · acme")])

    assert told.split("\n") == [
        "It can be done to none of these 7 objects.",
        "6 (web-0, web-1, web-2 and 3 more): It is halted. It must be running.",
        "1 (xen-1): This cannot be done to a host.",
    ]


def test_many_reasons_are_not_all_told():
    told = reasons([check("able"), *(check(f"vm-{at}", f"Reason {at}.") for at in range(7))])

    assert told == (
        "1 (vm-0): Reason 0.",
        "1 (vm-1): Reason 1.",
        "1 (vm-2): Reason 2.",
        "4 more for 4 other reasons.",
    )
    assert why_none([check("able"), check("also able")]) == ""


def test_a_task_that_is_cancelled_is_called_by_what_it_does():
    assert title(Act.CANCEL, ("Async.VM.copy",)) == "Cancel: Copy VM"
    assert title(Act.START, ("VM.start",)) == "Start: VM.start"
    assert title(Act.CANCEL, ("a", "b")) == "Cancel: 2 objects"


def test_a_line_tells_what_an_act_is_done_with() -> None:
    assert title(Act.MIGRATE, ("web-1",), "xen-2") == "Migrate to xen-2: web-1"
    assert title(Act.TAG, ("a", "b"), "{0}\n%s") == "Add tag “{0} %s”: 2 objects"
    assert len(title(Act.RENAME, ("web-1",), "x" * 10_000)) < 100
    assert title(Act.DESCRIBE, ("web-1",), "unused") == "Describe: web-1"
