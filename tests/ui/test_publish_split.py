"""Pools that hold different versions, announced in the window and brought up from there."""

import pytest

from tests.embedded import embedded_pools
from tests.ui.board_window import console, open_window
from tests.ui.live_console import until
from tests.workflows import put_on
from xsconsole.console import Connection, Estate, Pools, Secret
from xsconsole.domain.workflow import Binding, PoolObject
from xsconsole.domain.workflow.edits import add_stage, change_stage, change_workflow, connect
from xsconsole_ui.demo.gestures import until as until_shown

__all__ = ["console"]


@pytest.fixture
def served():
    with embedded_pools("--speed", "50") as pools:
        yield pools


@pytest.fixture
def pool(served):
    return served[0]


@pytest.fixture
async def both(console, served):
    pools = Pools(console, equips_all=True)
    second = served[1]
    await pools.connect(Connection(url=second.url, user=second.user), Secret(second.password))
    yield pools
    for one in list(pools)[1:]:
        await pools.disconnect(one.identity.pool)


@pytest.fixture
async def window(both, qapp):
    opened = await open_window(Estate(both), qapp)
    opened.go("workflow")
    await until(lambda: opened.workflow.desk.workflow.stages)
    yield opened
    await opened.end()


def over(pools):
    """What publishes a stage on the second pool, and takes what is there into it."""
    _, second = pools
    there = PoolObject(uuid=second.identity.pool, name=second.identity.pool_name)
    base = pools.first.board.workflow
    workflow, stage = add_stage(base, "Far away")
    workflow = connect(change_stage(workflow, stage, binding=Binding(pool=there)), "production", stage)[0]
    must_map = pools.publishing.plan(workflow, base=base).must_map
    return pools.publishing.plan(workflow, base=base, mapping=dict.fromkeys(must_map, stage))


async def test_pools_with_different_versions_are_announced_and_brought_up_by_the_sheet(window, both, served):
    banner = window.workshop.banner
    plan = over(both)
    ahead, behind = plan.pools
    hidden = served[list(both).index(both.of(behind.pool))]
    hidden.control("fail", method="pool.add_to_other_config", nth=1, code="INTERNAL_ERROR", params=["no"])
    assert not banner.isVisible()

    cut_off = await both.publishing.publish(plan)
    await until_shown(banner.isVisible, "the banner")

    assert cut_off.failed
    assert banner.headline.startswith(f"Version 2 of “Release to production” stands on {ahead.name} (by root, ")
    assert f"but {behind.name} has version 1" in banner.headline

    opened = window.workshop.publish_sheet(both.publishing.split().newest)
    opened.open()
    try:
        assert opened.title.text() == "Bring all pools up to version 2 of “Release to production”"
        assert not opened.summary.isVisible()
        if opened.is_agreed.isVisible():
            opened.is_agreed.click()
        assert opened.go.isEnabled(), opened.why_not.text()
        opened.go.click()
        await until(lambda: opened.report is not None)
        assert opened.report.written == (behind.name,)
    finally:
        opened.reject()
        opened.deleteLater()
    await until_shown(lambda: not banner.isVisible(), "the banner's end")


async def test_two_versions_with_one_number_are_settled_from_the_banner(window, both, served):
    ours = over(both).workflow
    theirs = change_workflow(ours, description="theirs")
    for at, version in enumerate((ours, theirs)):
        put_on(served[at], version)
    banner = window.workshop.banner
    await until_shown(lambda: banner.isVisible() and banner._settle_button.isVisible(), "the banner")
    assert not banner._mend_button.isVisible()
    await until(lambda: window.workflow.desk.workflow.version == 2)

    opened = window.workshop.publish_sheet()
    opened.open()
    try:
        (tick,) = opened.pools.ticks.values()
        assert tick.text().startswith("Let the next version take the place of version 2 on ")
        assert any("which is another one than here" in row.text for row in opened.obstacles.rows.rows)
        tick.click()
        assert tick.isChecked()
        assert opened.plan.workflow.version == 3
        assert [part.name for part in opened.plan.replaced] == [list(both)[1].identity.pool_name]
        assert not any("which is another one than here" in row.text for row in opened.obstacles.rows.rows)
    finally:
        opened.close()
        opened.deleteLater()
