"""Two designers at one pool, who do anything: graph, outline and draft are one, and nothing broken is published."""

import asyncio
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from PySide6.QtCore import QCoreApplication, QEvent, QModelIndex, Qt
from PySide6.QtWidgets import QApplication

from tests.store.homes import Home
from tests.ui.draft_values import surroundings
from tests.ui.drawing import Key, Sheet, a_workflow
from tests.ui.test_workflow_outline import TYPED, shown
from xsconsole.domain.approval import Requester
from xsconsole.domain.board import Board
from xsconsole.domain.board_reading import published_workflow
from xsconsole.domain.drafts import Draft
from xsconsole.domain.ids import DraftId
from xsconsole.domain.inventory import Change, ChangeBatch, Inventory, Pool
from xsconsole.domain.poolstate import workflow_stem
from xsconsole.domain.publication.effects import PublishPlan
from xsconsole.domain.workflow import Workflow, to_stored
from xsconsole.domain.workflow.findings import Severity, findings
from xsconsole.domain.workflow.history import History
from xsconsole.domain.workflow.rebase import prefer_mine, rebase
from xsconsole.engine.publication.publish_plan import Wish, plan_publication
from xsconsole.engine.publication.publish_pools import Site
from xsconsole.store.drafts import DraftStore
from xsconsole_ui import theme
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.situation import Design
from xsconsole_ui.workflow.designer import Designer
from xsconsole_ui.workflow.export import Exporter
from xsconsole_ui.workflow.forms.editors import Choice, Flag
from xsconsole_ui.workflow.outline.model import OutlineModel
from xsconsole_ui.workflow.outline.panel import OutlinePanel
from xsconsole_ui.workflow.paper import Paper
from xsconsole_ui.workflow.writing import perform

AROUND = surroundings()
AT = datetime(2026, 11, 23, tzinfo=UTC)
HOME_POOL = "home"
SEATS = st.integers(0, 1)
DESIGNS = st.sampled_from(
    [
        *(Design.ADD_STAGE, Design.CONNECT, Design.INSERT_STAGE, Design.TURN, Design.ARRANGE, Design.SELECT_ALL),
        *(Design.COPY, Design.CUT, Design.PASTE, Design.DUPLICATE, Design.DELETE, Design.UNDO, Design.REDO),
    ]
)
NEEDS_STAGES = {Design.COPY, Design.CUT, Design.DUPLICATE}
MOST_STAGES = 15


def somewhere(data: Any, model: OutlineModel) -> QModelIndex:
    """Return a row, found by opening one row after another."""
    index = model.index(0, 0)
    for _ in range(data.draw(st.integers(1, 6))):
        rows = model.rowCount(index)
        if not rows:
            break
        index = model.index(data.draw(st.integers(0, rows - 1)), 0, index)
    return index


class Seat:
    """A designer: graph and outline of one draft, and a home in which it is kept."""

    def __init__(self, application: QApplication, folder: Path, workflow: Workflow) -> None:
        self.sheet = Sheet(workflow)
        self.desk = self.sheet.desk
        self.desk.find_by(findings)
        jobs = Jobs(on_error=lambda _: None, on_bug=lambda _: None)
        exporter = Exporter(self.sheet.scene, jobs, lambda _what, _mend: None, self.sheet.canvas)
        paper = Paper(application.clipboard(), self.sheet.canvas)
        self.designer = Designer(self.sheet.canvas, self.desk, self.sheet.hand, exporter, paper)
        self.outline = OutlinePanel(self.desk, lambda: AROUND)
        self.home = Home(folder)
        self.kept: Draft | None = None

    def close(self) -> None:
        self.outline.deleteLater()
        self.sheet.close()

    async def keep_and_open(self) -> Draft:
        """Keep the draft, and return what the next process would open."""
        ledger = await self.home.ledger()
        try:
            store = DraftStore(ledger.database.reading, ledger.database)
            before = self.kept or Draft(
                id=DraftId("d0000000-0000-4000-8000-000000000001"),
                name="mine",
                history=self.desk.history,
                base=self.desk.base,
                revision=0,
                updated_at=self.home.clock.now(),
            )
            saved = await store.save(replace(before, history=self.desk.history), self.home.clock.now())
            return await store.open(saved.id)
        finally:
            await ledger.close()


class Designers(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.clipboard().clear()  # what another trial left there would be pasted in this one
        self.folder = Path(tempfile.mkdtemp())
        self.number = 1
        self.keys = {f"{workflow_stem(a_workflow().id)}.1": to_stored(a_workflow())}
        self.seats = []
        for name in ("a", "b"):
            (self.folder / name).mkdir()
            self.seats.append(Seat(application, self.folder / name, self.standing))

    def teardown(self) -> None:
        for seat in self.seats:
            fresh = OutlinePanel(seat.desk, lambda: AROUND)
            assert shown(seat.outline.model) == shown(fresh.model)
            fresh.deleteLater()
            history = seat.desk.history
            while seat.desk.history.done:
                seat.desk.undo()
            assert seat.desk.workflow.digest == history.base.digest
            while seat.desk.history.undone:
                seat.desk.redo()
            assert seat.desk.workflow.digest == (history.undone[0] if history.undone else history).workflow.digest
            seat.close()
        shutil.rmtree(self.folder)
        # No loop runs here that would delete them, and hundreds of panels would follow each change of style.
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    @property
    def standing(self) -> Workflow:
        found = published_workflow(self.keys)
        assert found is not None
        return found

    # What they do.

    @rule(at=SEATS, what=DESIGNS, choice=st.integers(0, 2))
    def draw(self, at: int, what: Design, choice: int) -> None:
        seat = self.seats[at]
        is_full = len(seat.desk.workflow.stages) > MOST_STAGES and what in (Design.PASTE, Design.DUPLICATE)
        if is_full or (what in NEEDS_STAGES and not seat.desk.stages):
            return
        seat.designer.do(what)
        if seat.designer.name_field.isVisible():
            seat.sheet.key(Key.Key_Return)
        choices = seat.sheet.hand.choices
        if choices.isVisible():
            if choice < len(choices.actions()):
                choices.actions()[choice].trigger()
            choices.close()

    @rule(at=SEATS, data=st.data())
    def select(self, at: int, data: Any) -> None:
        workflow = self.seats[at].desk.workflow
        stages = [stage.id for stage in workflow.stages]
        ways = [way.id for way in workflow.transitions]
        chosen = data.draw(st.sets(st.sampled_from(stages), max_size=2)) if stages else set()
        chosen_ways = data.draw(st.sets(st.sampled_from(ways), max_size=1)) if ways and not chosen else set()
        self.seats[at].desk.select(sorted(chosen), sorted(chosen_ways))

    @rule(at=SEATS, data=st.data())
    def write_in_the_outline(self, at: int, data: Any) -> None:
        model = self.seats[at].outline.model
        index = somewhere(data, model)
        node = model.node(index)
        if node is None or node.change is None:
            return
        match node.editor:
            case Flag(value=value):
                state = Qt.CheckState.Unchecked if value else Qt.CheckState.Checked
                model.setData(index, state, Qt.ItemDataRole.CheckStateRole)
            case Choice(options=options):
                model.setData(index, data.draw(st.sampled_from(options())).key)
            case _:
                model.setData(index, data.draw(st.sampled_from(TYPED)))

    @rule(at=SEATS, data=st.data())
    def do_in_the_outline(self, at: int, data: Any) -> None:
        seat = self.seats[at]
        index = somewhere(data, seat.outline.model)
        node = seat.outline.model.node(index)
        if node is None or not node.deeds or len(seat.desk.workflow.stages) > MOST_STAGES:
            return
        deed = data.draw(st.sampled_from(node.deeds))
        keys = [option.key for option in deed.options()] if deed.options is not None else [""]
        if keys:
            perform(seat.desk, deed, data.draw(st.sampled_from(keys)))

    @rule(at=SEATS)
    def keep_and_go_on(self, at: int) -> None:
        """What is kept is what was drawn, with all that can be undone and redone."""
        seat = self.seats[at]
        history = seat.desk.history

        seat.kept = asyncio.run(seat.keep_and_open())

        assert seat.kept.history == history
        assert seat.kept.workflow.digest == history.workflow.digest
        seat.desk.resume(seat.kept.history, base=seat.desk.base)

    def planned(self, seat: Seat) -> PublishPlan:
        pool = Pool(ref="p", uuid=HOME_POOL, name_label="acme", other_config=dict(self.keys))
        inventory = Inventory()
        inventory.apply(ChangeBatch(changes=(Change(ref="p", class_name="pool", record=pool),), is_whole=True))
        site = Site(pool=HOME_POOL, name="acme", board=Board(workflow=self.standing, cards={}), inventory=inventory)
        base = seat.desk.base
        wish = Wish(workflow=seat.desk.workflow, base=base.digest if base is not None else None)
        found = findings(seat.desk.workflow)
        return plan_publication(wish, (site,), HOME_POOL, Requester(fingerprint="ab" * 32), found, lambda *_: True, AT)

    @rule(first=SEATS, together=st.booleans())
    def publish(self, first: int, together: bool) -> None:
        """Publish by one of them; `together`: both have looked before either of them writes."""
        order = (first, 1 - first) if together else (first,)
        plans = [(self.seats[at], self.planned(self.seats[at])) for at in order]
        for seat, plan in plans:
            seen = plan.standing.digest if plan.standing is not None else None
            is_first = seen == self.standing.digest
            has_errors = any(one.severity is Severity.ERROR for one in findings(seat.desk.workflow))
            is_behind = seat.desk.base is None or seat.desk.base.digest != self.standing.digest
            if plan.obstacles or not is_first or not plan.is_new:
                continue
            assert not has_errors
            assert not is_behind
            self.number += 1
            self.keys = {f"{workflow_stem(plan.workflow.id)}.{self.number}": to_stored(plan.workflow)}
            assert self.standing.digest == plan.workflow.digest
            seat.kept = None
            seat.desk.open(self.standing)

    @rule(at=SEATS)
    def take_in_what_was_published(self, at: int) -> None:
        seat = self.seats[at]
        base = seat.desk.base
        if base is None or base.digest == self.standing.digest:
            return
        merged = rebase(base, seat.desk.workflow, self.standing)
        workflow = merged.workflow
        for conflict in merged.conflicts:
            workflow = prefer_mine(workflow, conflict)
        seat.kept = None
        seat.desk.resume(History(base=self.standing).do("Take it in", workflow), base=self.standing)

    # What holds at all times.

    @invariant()
    def graph_and_outline_are_the_draft(self) -> None:
        for seat in self.seats:
            workflow, scene, model = seat.desk.workflow, seat.sheet.scene, seat.outline.model
            if seat.sheet.hand.gesture is not None:
                continue
            assert list(scene.nodes) == [stage.id for stage in workflow.stages]
            assert set(scene.edges) == {way.id for way in workflow.transitions}
            stages = model.index_of(("stages",))
            rows = [model.node(model.index(row, 0, stages)) for row in range(model.rowCount(stages))]
            assert [row.stage for row in rows if row is not None] == [stage.id for stage in workflow.stages]
            for way in workflow.transitions:
                assert model.index_of(("stages", way.source, "out", way.id)).isValid()

    @invariant()
    def nothing_published_is_broken(self) -> None:
        assert not [one for one in findings(self.standing) if one.severity is Severity.ERROR]


def test_two_designers_who_do_anything_publish_nothing_broken_and_lose_nothing(qapp: QApplication) -> None:
    theme.Theme(qapp, theme.Scheme.LIGHT)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Designers,
        settings=settings(
            max_examples=6,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
