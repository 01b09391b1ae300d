"""Copies that others approve, in the window: what stands frozen is on the card, and what is left over goes from it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.console.test_candidates import copied
from tests.embedded import EmbeddedPool
from tests.ui.board_window import another_console, card_of, console, pool, window
from tests.ui.test_inbox import SHOP, ask, texts
from tests.workflows import put_on
from xsconsole.console import Console
from xsconsole.domain.runs import RunState
from xsconsole_ui.actions import THAW
from xsconsole_ui.demo.gestures import click, until
from xsconsole_ui.main_window import MainWindow

__all__ = ["console", "pool", "window"]


@pytest.fixture
async def rita(pool: EmbeddedPool, tmp_path: Path) -> AsyncIterator[Console]:
    async with another_console(pool, tmp_path / "rita") as opened:
        yield opened


async def test_a_request_for_copies_shows_what_is_frozen_and_what_is_left_over_goes_from_its_card(
    window: MainWindow, console: Console, rita: Console, pool: EmbeddedPool
) -> None:
    put_on(pool, copied({"ann": console.home.key_fingerprint, "rita": rita.home.key_fingerprint}))
    for one in (console, rita):
        await until(lambda: one.board.workflow is not None and one.board.workflow.version == 2, "the version")  # noqa: B023

    request = await ask(rita)
    await until(lambda: len(window.console.requests.views) == 1, "the request")
    window.inbox.renew()
    window.inbox.show_one(request.id)
    page = window.inspector.card_page
    window.board.select(card_of(console, SHOP).id)
    await until(lambda: texts(page.frozen.view), "what is frozen on the card")

    facts = texts(window.inbox.page.facts.view)
    assert any(text.startswith("What it copies was frozen at ") and "; 4 snapshots, " in text for text in facts)
    (shown,) = texts(page.frozen.view)
    assert shown.startswith("Frozen at ")
    assert shown.endswith(f"4 snapshots for request {request.id[:8]}")
    assert not page.thaws.isVisibleTo(page)
    assert not window.actions_[THAW].isEnabled()

    with pool.plain_session() as session:  # somebody takes the request away by hand
        (ref,) = session.xenapi.pool.get_all()
        for key in session.xenapi.pool.get_other_config(ref):
            if key.startswith(f"xsconsole.request.{request.id}."):
                session.xenapi.pool.remove_from_other_config(ref, key)
    await until(lambda: page.thaws.isVisibleTo(page) and window.actions_[THAW].isEnabled(), "that it is left over")
    assert texts(page.frozen.view)[0].startswith("Left over: Frozen at ")
    click(page.thaw)
    await until(lambda: window.desk.question is not None, "the plan")
    click(window.inspector.plan_page.go)
    await until(lambda: not card_of(console, SHOP).candidates and console.runs, "that it is gone")
    status = await console.finished(console.runs[0].run)
    assert status.state is RunState.DONE
    await until(lambda: not window.inbox_news.badge.isVisible(), "that nothing is asked any more")
