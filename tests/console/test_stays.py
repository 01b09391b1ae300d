"""Stays over the wire: of two open windows one shuts down what is over, unless somebody extended it."""

from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from embedded import embedded_pool

from tests.cli.shell import Shell
from tests.console.desk import SHOP, seated
from tests.console.pool_state import runs_and_held_leases
from tests.console.test_points import version
from tests.domain.test_stays import leased
from tests.workflows import put_on
from xsconsole.console import stays as stays_module
from xsconsole.domain.closures import ClosureKind
from xsconsole.domain.record import AuditEvent, AuditQuery, AuditRow
from xsconsole.domain.workflow.values import LeaseEnd
from xsconsole.engine.commands import Lift


async def test_one_of_two_open_windows_shuts_down_what_is_over_and_an_extension_keeps_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = (("FIRST_LOOK_S", 0.05), ("SPREAD_S", 0.0), ("LOOK_AGAIN_S", 0.2), ("TOLD_MOST", timedelta(seconds=0.1)))
    for name, value in quick:
        monkeypatch.setattr(stays_module, name, value)
    async with AsyncExitStack() as stack:
        pool = stack.enter_context(embedded_pool("--speed", "100"))
        rita, ann = [await stack.enter_async_context(seated(pool, tmp_path / name)) for name in ("rita", "ann")]
        put_on(pool, leased(LeaseEnd.STOP, days=1, version=2))
        for desk in (rita, ann):
            await desk.until(lambda: version(desk.console) == 2)  # noqa: B023
        over = [card.name for card in ann.console.stays.over()]
        assert SHOP in over
        shell = Shell(home=tmp_path / "shell", pool=pool)
        until = (ann.console.home.clock.now() + timedelta(hours=20)).isoformat()
        given = shell.say("stay", "extend", SHOP, "--to", until, "--reason", "the audit looks at it")
        assert given.out.startswith(f"May stay longer: {SHOP} until ")
        await ann.until(lambda: ann.card().extension is not None)
        assert [card.name for card in ann.console.stays.over()] == [name for name in over if name != SHOP]
        ended = shell.say("stay", "end")
        assert ended.out == f"Shut down {len(over) - 1} configuration{'s' * (len(over) != 2)} whose time was over.\n"
        assert all(member.power_state == "Running" for member in ann.card().members)
        seen = ann.card().extension
        await ann.console.closings.do(Lift(kind=ClosureKind.STAY, subject=ann.card().id, seen=seen, reason="over"))

        for desk in (rita, ann):
            desk.console.requests.carry_out()

        for desk in (rita, ann):
            await desk.until(lambda: not any(member.power_state == "Running" for member in desk.card().members), 8)  # noqa: B023
        await ann.until(lambda: not runs_and_held_leases(pool))
        rows = [row for desk in (rita, ann) for row in await desk.rows(AuditQuery(event=AuditEvent.RUN_OPENED))]
        assert [row.fact.reason for row in halts(rows)] == [stays_module.OVER]
        assert not ann.console.stays.over()

        # What is to be archived at the end is, once, whichever window was first.
        put_on(pool, leased(LeaseEnd.ARCHIVE, days=1, version=3))
        await ann.until(lambda: ann.card().archived is not None)
        await rita.until(lambda: not rita.console.stays.over())
        await rita.until(lambda: not runs_and_held_leases(pool))
        lies = [folder.name for who in ("rita", "ann") for folder in names_in(tmp_path / who / "archives")]
        assert sum(name.startswith("shop-1.3.0-") for name in lies) == 1
        archived = ann.card().archived
        assert archived is not None
        assert Path(archived.where).name in lies


def names_in(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def halts(rows: list[AuditRow]) -> list[AuditRow]:
    return [row for row in rows if "halt" in str((row.fact.details or {}).get("kind"))]
