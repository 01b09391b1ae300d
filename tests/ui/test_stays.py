"""How long a configuration may still stand in its stage: on its card, in the inspector, in Health and in the shell."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.shell import Shell
from tests.domain.test_stays import leased
from tests.embedded import EmbeddedPool
from tests.ui.board_window import card_of, console, pool, window
from tests.ui.test_health import cells, open_health
from tests.workflows import put_on
from xsconsole.console import Console
from xsconsole.domain.board import Card
from xsconsole.domain.workflow.values import LeaseEnd
from xsconsole_ui import closing_actions
from xsconsole_ui.closures.dialog import ExtendDialog
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow

__all__ = ["console", "pool", "window"]


def chips(window: MainWindow, card: Card) -> list[str]:
    model = window.board.lane("Staging").model
    row = model.row_of(card.id)
    return [chip.text for chip in model.face_at(row).chips] if row is not None else []


async def test_the_time_left_is_on_the_card_and_its_end_is_told_everywhere_with_what_to_do(
    window: MainWindow, console: Console, pool: EmbeddedPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on(pool, leased(LeaseEnd.STOP, days=5, version=2))
    shop = card_of(console, "shop@1.3.0")
    assert shop.since is not None
    window.board.select(shop.id)
    await until(lambda: any("left" in chip for chip in chips(window, shop)), "the time left")
    window.bridge.staying.look()

    now, over = console.home.clock.now, shop.since + timedelta(days=8) - console.home.clock.now()
    monkeypatch.setattr(type(console.home.clock), "now", lambda _: now() + over)
    window.bridge.staying.look()
    await until(lambda: "lease: over for 3 days" in chips(window, shop), "its end on the card")
    await until(lambda: bool(window.inspector.card_page.problems.view.rows.rows), "its end in the inspector")
    (told,) = window.inspector.card_page.problems.view.rows.rows
    assert "was over" in told.text
    assert "Promote it to Production" in told.text
    (row,) = [row for row in window.inbox.stays.view.rows.rows if row.text.startswith("shop 1.3.0: ")]
    assert "At its end the machines are shut down" in row.text
    assert any("Machines will be shut down: their time is over" in text for text in window.notices.texts)
    window.inbox.stays.wanted.emit(shop.id)
    assert window.board.selected is not None
    assert window.board.selected.id == shop.id
    window.situate()
    window.actions_[closing_actions.EXTEND].trigger()
    dialog = window.hands.closures.dialog
    assert isinstance(dialog, ExtendDialog)
    assert not dialog.go.isEnabled()
    dialog.reason.setText("the audit looks at it")
    dialog.until.setText("tomorrow")
    assert "Type the time" in dialog.why_not
    dialog.reject()
    await open_health(window)
    await until(lambda: any(row[1] == "time in stage" for row in cells(window.health.findings)), "its end in Health")

    monkeypatch.undo()
    put_on(pool, leased(days=1, version=3))
    shell = Shell(home=tmp_path / "shell", pool=pool)
    status, shown = shell.say("status"), shell.say("config", "show", "shop@1.3.0", "--json")
    assert "! time in stage: shop 1.3.0: Its time in Staging, 1 day, was over at" in status.out
    assert shown.document["lease_ends"] == (shop.since + timedelta(days=1)).isoformat()
