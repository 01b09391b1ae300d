"""Making configurations of a blueprint in the window: the form, the table of several, the plan beside, and the runs."""

import msgspec
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit

from tests.cli.test_provisioning import TOOL, blueprint_of
from tests.embedded import EmbeddedPool
from tests.ui.board_window import console, ended, pool, window
from xsconsole.console import Console, usable_on
from xsconsole.domain.batch import PartState
from xsconsole.domain.blueprint import Blueprint, Parameter, ParameterKind, to_stored
from xsconsole.domain.blueprint.standing import blueprint_key
from xsconsole.domain.ids import BlueprintId, ConfigurationId, StageId, Uuid
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import Binding, PoolObject, default_workflow
from xsconsole.domain.workflow.edits import change_stage
from xsconsole.engine.commands import Create, Newcomer, Provision
from xsconsole_ui.copy_actions import PROVISION
from xsconsole_ui.demo.gestures import click, until
from xsconsole_ui.dense_table import TONE_ROLE
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.promotion.desk import called
from xsconsole_ui.provisioning.dialog import ProvisionDialog
from xsconsole_ui.provisioning.nearest import fitting, nearest

__all__ = ["console", "pool", "window"]

SIZES = ("small", "large")
HOSTILE = "Tier <b>&amp;</b>"


def put_blueprint(pool: EmbeddedPool, template: str = TOOL) -> Blueprint:
    """Leave a blueprint with parameters of several kinds on the pool."""
    with pool.plain_session() as session:
        machines = session.xenapi.VM.get_all_records().values()
        found = blueprint_of(next(Uuid(one["uuid"]) for one in machines if one["name_label"] == template))
        parameters = (
            *found.parameters,
            Parameter(name="cpus", kind=ParameterKind.INTEGER, default=2, least=1, most=8, help="Of each machine"),
            Parameter(
                name="tier", kind=ParameterKind.CHOICE, label=HOSTILE, choices=("small", "large"), default="small"
            ),
            Parameter(name="debug", kind=ParameterKind.BOOLEAN, default=False),
            Parameter(name="net", kind=ParameterKind.NETWORK, default="int-net"),
        )
        found = msgspec.structs.replace(found, parameters=parameters)
        place = session.xenapi.pool.get_all()[0]
        session.xenapi.pool.add_to_other_config(place, blueprint_key(found.id, found.version), to_stored(found))
    return found


async def opened(window: MainWindow) -> ProvisionDialog:
    await until(lambda: window.hands.provisions.dialog is not None, "the dialog")
    dialog = window.hands.provisions.dialog
    assert dialog is not None
    await until(dialog.isVisible, "it is seen")
    return dialog


def field(dialog: ProvisionDialog, name: str) -> QLineEdit:
    found = dialog.fields.fields[name]
    assert isinstance(found, QLineEdit)
    return found


def cell(dialog: ProvisionDialog, row: int, column: int) -> tuple[str, str]:
    index = dialog.rows.index(row, column)
    return str(index.data()), str(index.data(TONE_ROLE))


async def test_a_form_of_the_parameters_says_what_is_wrong_and_what_would_be_made(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    assert window.actions_[PROVISION].isEnabled()
    put_blueprint(pool)
    await until(lambda: bool(usable_on(console)), "the blueprint")
    lane = window.board.lanes[0]
    lane.own_menu_wanted.emit(lane.mapToGlobal(QPoint(20, 200)))
    (offered,) = window.hands.provisions.menu.actions()
    assert offered.text() == "Provision into Integration…"
    offered.trigger()
    window.hands.provisions.menu.close()
    dialog = await opened(window)

    # What is lacking is no mistake before anything was filled in.
    assert not dialog.go.isEnabled()
    assert "has no value" in dialog.why_not.text
    assert not dialog.why_not.property("state")
    tier = dialog.fields.fields["tier"]
    assert isinstance(tier, QComboBox)
    assert [tier.itemText(at) for at in range(tier.count())] == ["as the blueprint says: small", "small", "large"]
    assert tier.accessibleName() == HOSTILE
    QTest.keyClicks(field(dialog, "customer"), "acme")
    QTest.keyClicks(field(dialog, "cpus"), "12")
    dialog.look()
    assert field(dialog, "cpus").accessibleDescription() == "“cpus” is 12. Give a whole number from 1 to 8."
    field(dialog, "cpus").clear()
    dialog.look()
    assert dialog.why_not.isHidden()
    assert dialog.summary.text().startswith("What it would do: ")

    # What changes on the pool is planned anew, though nothing is typed.
    with pool.plain_session() as session:
        (template,) = session.xenapi.VM.get_by_name_label(TOOL)
        session.xenapi.VM.set_is_a_template(template, False)
        await until(lambda: not dialog.go.isEnabled() and dialog.why_not.isVisible(), "the refusal")
        session.xenapi.VM.set_is_a_template(template, True)
        await until(lambda: dialog.go.isEnabled() and dialog.why_not.isHidden(), "the plan again")

    # Several are rows: an empty cell has what the form says.
    dialog.number.setCurrentIndex(2)
    field(dialog, "customer").setText("team-{{ number }}")
    assert dialog.rows.setData(dialog.rows.index(1, 2), "99", Qt.ItemDataRole.EditRole)
    dialog.look()
    assert not dialog.go.isEnabled()
    assert [cell(dialog, row, 0) for row in range(3)] == [
        ("tenant 1.1", ""),
        ("✕ number 2", "bad"),
        ("tenant 1.3", ""),
    ]
    assert (cell(dialog, 1, 2), cell(dialog, 2, 1)) == (("✕ 99", "bad"), ("team-3", "muted"))
    dialog.rows.setData(dialog.rows.index(1, 2), "", Qt.ItemDataRole.EditRole)
    dialog.number.setCurrentIndex(1)
    dialog.look()
    assert dialog.go.isEnabled()

    click(dialog.go)
    await until(lambda: window.desk.question is not None, "the plan")
    click(window.inspector.plan_page.go)
    assert (await ended(console)).state is RunState.DONE
    await until(lambda: {"tenant 1.1", "tenant 1.2"} <= {card.name for card in console.board.cards.values()}, "both")
    made = next(card for card in console.board.cards.values() if card.name == "tenant 1.2")
    await until(lambda: console.board.cards[made.id].run is None, "the end")
    window.board.select(made.id)
    page = window.inspector.card_page
    await until(page.origin.isVisible, "where it comes from")
    assert page.origin.view.rows.rows[0].text == "Made of blueprint Web tenant, version 1."

    # What stands may stay: a run for each. The library offers it for the version that is selected.
    window.hands.go("library")
    await until(lambda: window.library.chosen is not None, "the library")
    action = window.hands.provisions.from_library
    assert action is not None
    assert action.isEnabled()
    assert len(window.library.chosen.made if window.library.chosen else ()) == 2
    action.trigger()
    dialog = await opened(window)
    field(dialog, "customer").setText("more-{{ number }}")
    dialog.number.setCurrentIndex(1)
    dialog.how.setCurrentIndex(1)
    dialog.look()
    assert dialog.summary.text().startswith("2 of 2 can be made, a run for each")
    click(dialog.go)
    await until(lambda: window.hands.batch is not None and window.hands.batch.isVisible(), "the batch")
    batch = window.hands.batch
    assert batch is not None
    assert batch.goes_on.isChecked()
    click(batch.go)
    await until(lambda: batch.planned.is_over, "the end of all")
    assert [part.state for part in batch.planned.parts] == [PartState.DONE] * 2
    batch.close()

    # Who is done with a plan is back in the place that is shown, and no card that nobody chose is selected.
    window.board.select(None)
    action.trigger()
    dialog = await opened(window)
    field(dialog, "customer").setText("last")
    dialog.look()
    click(dialog.go)
    await until(lambda: window.desk.question is not None, "the plan")
    window.inspector.leave()
    assert window.board.selected is None
    assert window.library.isAncestorOf(window.focusWidget())


async def test_at_first_a_blueprint_and_a_stage_of_one_pool_are_chosen() -> None:
    here, there = Uuid("a"), Uuid("b")
    integration, staging = StageId("integration"), StageId("staging")
    bound = change_stage(
        default_workflow(), integration, binding=Binding(pool=PoolObject(uuid=there, name="production"))
    )
    workflow = change_stage(bound, staging, binding=Binding(pool=PoolObject(uuid=here, name="test")))

    assert nearest((here, there), workflow, None, None) == (0, "patch-testing")
    assert nearest((here, there), workflow, integration, None) == (1, integration)
    assert nearest((here, there), workflow, None, 1) == (1, integration)
    assert nearest((there,), workflow, staging, None) == (0, staging)  # the plan says why not
    assert nearest((), workflow, None, None) == (-1, None)
    assert nearest((here,), None, None, None) == (0, None)

    # Who chooses another blueprint goes along into its pool, and only there.
    assert fitting(here, workflow, staging) == staging
    assert fitting(there, workflow, staging) == integration
    assert fitting(here, workflow, integration) == "patch-testing"
    assert fitting(here, None, staging) is None


async def test_what_is_refused_is_told_of_what_was_to_be_made() -> None:
    staging, blueprint = StageId("staging"), BlueprintId("b")
    made = Newcomer(configuration=ConfigurationId("c"), name="shop 3.1", service="shop", version="3.1", members=())
    provision = Provision(
        blueprint=blueprint, blueprint_name="Shop", blueprint_version=3, newcomers=(made,), target=staging
    )
    assert called(provision) == "shop 3.1"
    assert called(Create(service="crm", version="1", stage=staging, members=())) == "crm"
