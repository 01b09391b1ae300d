"""A long day: a large pool loads and changes while somebody works in the window, and one thing after another breaks.

After each of them nothing is lost, the window says what is the matter, what was typed is still there, and what is
shown is what the pool has.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from embedded import EmbeddedPool, embedded_pool
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.plain_records import asked
from tests.ui.board_window import cards_in, no_passphrase_needed
from xsconsole.console import Connection, Console, Secret
from xsconsole.domain.events import LinkState
from xsconsole.domain.inventory import RECORD_TYPES, VM
from xsconsole.domain.inventory_items import Sort
from xsconsole.errors import CertificateChanged
from xsconsole_ui.board.lane import Lane
from xsconsole_ui.demo.gestures import CarriedCard, until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.theme import Scheme, Theme
from xsconsole_ui.window_layout import FIRST_SIZE
from xsconsole_ui.window_state import WindowState

VMS = os.environ.get("XSCONSOLE_JOURNEY_VMS", "200")  # by hand also 10000
CHURN_PER_S = 100
TYPED = "kind:vm power:running name:web"
COMPARED = ("pool", "host", "sr", "network", "vm", "vbd", "vdi", "vif")
DEADLINE_S = 60.0 + int(VMS) / 20
TURN_S = 0.03


class Worker:
    """Somebody who types, scrolls and carries cards about, whatever happens."""

    def __init__(self, window: MainWindow) -> None:
        self._window, self._console = window, window.console
        self.turns = 0

    async def work(self) -> None:
        inventory = self._window.inventory
        lengths = itertools.cycle((*range(1, len(TYPED) + 1), len(TYPED)))
        try:
            while True:
                inventory.filter.set_text(TYPED[: next(lengths)])
                bar = inventory.view.verticalScrollBar()
                bar.setValue((bar.value() + 40) % (bar.maximum() + 1))
                self._carry()
                self.turns += 1
                await asyncio.sleep(TURN_S)
        finally:
            inventory.filter.set_text("")
            QTest.keyClicks(inventory.filter.line, TYPED)
            inventory.filter.popup.hide()

    def _carry(self) -> None:
        board, cards = self._window.board, list(self._console.board.cards.values())
        if cards and board.lanes:
            lane, carried = board.lanes[self.turns % len(board.lanes)], CarriedCard(cards[self.turns % len(cards)])
            carried.enter(lane)
            carried.leave(lane)
            board.dragging.end()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Work meanwhile. What fails in it fails the test."""
        working, before = asyncio.create_task(self.work(), name="hands"), self.turns
        try:
            yield
            await until(lambda: working.done() or self.turns > before + 5, "some work")
        finally:
            working.cancel()
            await asyncio.wait([working])
        assert working.cancelled(), working.exception()


class Road:
    """What the window said of its road to the pool, one after the other."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.said: list[tuple[str, str]] = []
        window.bridge.link_changed.connect(self.note)

    def note(self) -> None:
        words = (self._window.bar.pools.badges[0].state.text(), self._window.status.freshness.text())
        if words not in self.said:
            self.said.append(words)

    def has_said(self, bar: str, line: str) -> bool:
        return any(one == bar and line in other for one, other in self.said)


async def holds(window: MainWindow, pool: EmbeddedPool, url: str) -> None:
    """Hold that everything is in the window as it is on the pool, and what was typed where it was typed."""
    console = window.console
    await asyncio.to_thread(pool.control, "churn", per_second=0)
    await until(lambda: console.link.state is LinkState.LIVE, "the road", DEADLINE_S)
    with pool.lasting_session(url=url) as session:
        async with asyncio.timeout(DEADLINE_S):
            while await differing(console, session.xenapi):  # noqa: ASYNC110 - it is no event
                await asyncio.sleep(0.1)
        await asyncio.to_thread(session.xenapi.session.logout)
    assert window.inventory.filter.text() == TYPED
    wanted = sorted(
        vm.name_label
        for vm in console.inventory.all(VM)
        if vm.is_ordinary and vm.power_state == "Running" and "web" in vm.name_label
    )
    assert wanted
    await until(lambda: listed(window) == wanted, "the lines that the filter leaves")
    assert console.board.cards
    await until(lambda: all(map(partial(shows_its_cards, window), window.board.lanes)), "the cards where they belong")
    await asyncio.to_thread(pool.control, "churn", per_second=CHURN_PER_S)


def shows_its_cards(window: MainWindow, lane: Lane) -> bool:
    cards = window.console.board.cards.values()
    return sorted(cards_in(window, lane.stage.id)) == sorted(card.name for card in cards if card.stage == lane.stage.id)


async def differing(console: Console, plain: Any) -> list[str]:
    """Return the classes of which the mirror holds something else than the pool; the pool stands still."""
    there = await asyncio.to_thread(lambda: {name: asked(plain, name) for name in COMPARED})
    held = {name: {one.ref: one for one in console.inventory.all(RECORD_TYPES[name])} for name in COMPARED}
    return [name for name in COMPARED if there[name] != held[name]]


def listed(window: MainWindow) -> list[str]:
    rows = window.inventory.outline.rows
    return sorted(row.name for row in rows if row.sort is Sort.VM)


async def test_whatever_breaks_while_somebody_works_nothing_is_lost_and_the_window_says_what_it_is(
    tmp_path: Path, qapp: QApplication
) -> None:
    state = tmp_path / "pool.db"
    served = ("--scenario", "large", "--vms", VMS, "--hosts", "3", "--tls", "--state", str(state))
    console = await Console.open(tmp_path / "home", passphrase=no_passphrase_needed)
    window = MainWindow(console, Theme(qapp, Scheme.LIGHT), WindowState(console.home))
    window.resize(FIRST_SIZE)
    window.show()
    worker, road = Worker(window), Road(window)
    try:
        with embedded_pool(*served) as pool:
            first, second = pool.hosts[0], pool.hosts[1]
            await asyncio.to_thread(pool.control, "churn", per_second=CHURN_PER_S)

            async with worker.at_work():
                connection = Connection(url=pool.url, user=pool.user, fingerprint=pool.fingerprint)
                await console.connect(connection, Secret(pool.password))
            await holds(window, pool, first.url)

            async with worker.at_work():
                await asyncio.to_thread(pool.control, "fail_over", to=second.name)
                await until(lambda: road.has_said("reconnecting", "last known state"), "the loss", DEADLINE_S)
                await until(lambda: console.link.state is LinkState.LIVE, "the other coordinator", DEADLINE_S)
            await holds(window, pool, second.url)
            road.said.clear()

            async with worker.at_work():
                await asyncio.to_thread(pool.control, "host", host=second.name, mode="dead")
                await until(lambda: road.has_said("reconnecting", "last known state"), "the loss", DEADLINE_S)
                await asyncio.to_thread(pool.control, "host", host=second.name, mode="live")
                await until(lambda: console.link.state is LinkState.LIVE, "the road", DEADLINE_S)
            await holds(window, pool, second.url)
            road.said.clear()

            async with worker.at_work():
                await asyncio.to_thread(pool.control, "restart")
                await until(lambda: road.has_said("reconnecting", "last known state"), "the loss", DEADLINE_S)
                await until(lambda: console.link.state is LinkState.LIVE, "another session", DEADLINE_S)
            await holds(window, pool, second.url)
            road.said.clear()

            await asyncio.to_thread(pool.control, "churn", per_second=0)
            await asyncio.to_thread(pool.control, "save")
            pool.kill()
        os.unlink(f"{state}.pem")
        with embedded_pool(*served, "--port", str(urlsplit(first.url).port)) as renewed:
            async with worker.at_work():
                await until(lambda: road.has_said("not reconnecting", "not reconnecting"), "the alarm", DEADLINE_S)
                assert isinstance(console.link.error, CertificateChanged)
                assert "shows another certificate than the one that was accepted" in window.notices.texts[0]
                assert sum(lane.model.rowCount() for lane in window.board.lanes) == len(console.board.cards) > 0
                connection = Connection(url=renewed.url, user=renewed.user, fingerprint=renewed.fingerprint)
                await console.connect(connection, Secret(renewed.password))
                await until(lambda: window.notices.texts == (), "the end of the alarm")
            await holds(window, renewed, renewed.url)
    finally:
        await window.end()
        await console.close()
