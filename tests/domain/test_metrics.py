"""Measurements become the few charts that people look at; what was not measured stays a gap."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xsconsole.domain.metrics import (
    NOTHING_MEASURED,
    SPANS,
    Measured,
    Span,
    Unit,
    charts,
    rounded_up,
    worth,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
GAP = math.nan


def measured(**values):
    number = len(next(iter(values.values())))
    return Measured(times=tuple(NOON + timedelta(seconds=5 * at) for at in range(number)), values=values)


def by_title(found):
    return {chart.title: chart for chart in charts(found)}


def test_nothing_measured_makes_no_chart():
    assert charts(NOTHING_MEASURED) == ()
    assert charts(measured(loadavg=(0.1,))) == ()


def test_the_cpus_of_a_machine_are_averaged_and_a_gap_stays_one():
    chart = by_title(measured(cpu0=(0.5, GAP, 1.0), cpu1=(0.1, GAP, GAP), cpu_hvm=(9.0, 9.0, 9.0)))["CPU"]

    assert chart.curves[0].values[0] == pytest.approx(0.3)
    assert math.isnan(chart.curves[0].values[1])
    assert chart.curves[0].values[2] == 1.0
    assert (chart.unit, chart.ceiling, chart.told()) == (Unit.SHARE, 1.0, "100%")
    assert chart.told(1) == "–"


def test_a_hosts_own_average_is_believed():
    chart = by_title(measured(cpu_avg=(0.25,), cpu0=(1.0,)))["CPU"]

    assert chart.curves[0].values == (0.25,)


def test_memory_of_a_machine_with_and_without_guest_tools():
    gib = 1024**3
    with_tools = by_title(measured(memory=(gib, gib), memory_internal_free=(GAP, gib / 4096)))["Memory"]
    without = by_title(measured(memory=(gib,)))["Memory"]

    assert with_tools.told() == "in use 768 MiB of 1 GiB"
    assert with_tools.ceiling == gib
    assert without.told() == "in use 1 GiB of 1 GiB"


def test_memory_of_a_host():
    chart = by_title(measured(memory_total_kib=(64.0 * 1024**2,), memory_free_kib=(16.0 * 1024**2,)))["Memory"]

    assert (chart.told(), chart.ceiling) == ("in use 48 GiB of 64 GiB", 64 * 1024**3)


def test_a_host_that_has_told_no_memory_yet_decides_no_axis():
    assert by_title(measured(memory_total_kib=(GAP,), memory_free_kib=(GAP,)))["Memory"].top is None


def test_disks_and_interfaces_are_added_up_each_way():
    found = by_title(
        measured(
            vbd_xvda_read=(1024.0, GAP),
            vbd_xvdb_read=(1024.0, 1024.0),
            vbd_xvda_iops_read=(9e9, 9e9),
            vbd_xvda_write=(0.0, 0.0),
            vif_0_rx=(512.0, 512.0),
            vif_0_tx=(0.0, 5000.0),
        )
    )

    assert found["Disk"].told(0) == "read 2 KiB/s · write 0 B/s"
    assert found["Disk"].told(1) == "read 1 KiB/s · write 0 B/s"
    assert found["Network"].told() == "in 512 B/s · out 4.9 KiB/s"
    assert found["Network"].ceiling == 8192


def test_the_interfaces_of_a_host_without_the_sum_that_it_tells_itself():
    chart = by_title(measured(pif_eth0_rx=(1024.0,), pif_eth0_tx=(0.0,), pif_aggr_rx=(9e9,)))["Network"]

    assert chart.told() == "in 1 KiB/s · out 0 B/s"


@given(st.floats(min_value=0, max_value=1e15))
def test_an_axis_ends_above_all_values_and_not_far_above(value):
    assert value <= rounded_up(value) <= max(1024, 2 * value)


def test_every_span_has_its_step_and_every_unit_its_words():
    assert set(SPANS) == set(Span)
    assert [worth(1.0, unit) for unit in Unit] == ["100%", "1 B", "1 B/s"]
    assert worth(GAP, Unit.RATE) == "–"


def test_an_instant_reads_the_values_that_are_nearest_to_it():
    chart = by_title(measured(vbd_xvda_read=(0.0, 1024.0, 2048.0)))["Disk"]

    for seconds, nearest in ((-60, 0), (2, 0), (3, 1), (7.5, 1), (9, 2), (3600, 2)):
        assert chart.nearest(NOON + timedelta(seconds=seconds)) == nearest
    assert chart.scale == ("2 KiB/s", "1 KiB/s", "0 B/s")
    assert chart.told_of(0, 1) == "read 1 KiB/s"
