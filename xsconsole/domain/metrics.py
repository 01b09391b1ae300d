"""What is measured of a VM or a host over time, and the few charts that people look at."""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from xsconsole.domain.words import size

KIB = 1024


class Span(StrEnum):
    """How far back one looks. Each is answered in steps as fine as the pool keeps them."""

    TEN_MINUTES = "10 minutes"
    TWO_HOURS = "2 hours"
    WEEK = "week"
    YEAR = "year"


SPANS: Mapping[Span, tuple[timedelta, int]] = {
    Span.TEN_MINUTES: (timedelta(minutes=10), 5),
    Span.TWO_HOURS: (timedelta(hours=2), 60),
    Span.WEEK: (timedelta(days=7), 3600),
    Span.YEAR: (timedelta(days=365), 86_400),
}
"""How long each span is, and the step of its values in seconds."""


class Unit(StrEnum):
    SHARE = "share"  # 0 to 1
    BYTES = "bytes"
    RATE = "bytes per second"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Values by the names the pool gives them, the oldest first; NaN where nothing was measured."""

    times: tuple[datetime, ...]
    values: Mapping[str, tuple[float, ...]]


NOTHING_MEASURED = Measured(times=(), values={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    label: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A few curves over one axis. `top` is the end of the axis where it is known; else the values decide."""

    title: str
    unit: Unit
    times: tuple[datetime, ...]
    curves: tuple[Curve, ...]
    top: float | None = None

    @property
    def ceiling(self) -> float:
        """The end of the axis: `top`, or a round number above all values."""
        if self.top is not None:
            return self.top
        highest = max((value for curve in self.curves for value in curve.values if not math.isnan(value)), default=0.0)
        return rounded_up(highest)

    @property
    def scale(self) -> tuple[str, str, str]:
        """What stands at the axis of values: at its end, half way, and at its start."""
        return worth(self.ceiling, self.unit), worth(self.ceiling / 2, self.unit), worth(0.0, self.unit)

    def nearest(self, at: datetime) -> int:
        """Return the position that is nearest to an instant."""
        after = bisect_left(self.times, at)
        if after == 0:
            return 0
        if after == len(self.times) or at - self.times[after - 1] <= self.times[after] - at:
            return after - 1
        return after

    def told(self, at: int = -1) -> str:
        """Return the values at a position, such as `read 3.1 MiB/s · write 12 MiB/s`."""
        return " · ".join(self.told_of(number, at) for number in range(len(self.curves)))

    def told_of(self, curve: int, at: int = -1) -> str:
        """Return the value of one curve at a position, such as `read 3.1 MiB/s`; a part with the whole."""
        value = worth(self.curves[curve].values[at], self.unit)
        whole = f" of {worth(self.top, self.unit)}" if self.top is not None and self.unit is not Unit.SHARE else ""
        return f"{self.curves[curve].label} {value}{whole}".strip()


def charts(measured: Measured) -> tuple[Chart, ...]:
    """Return CPU, memory, disk and network, as far as they are measured."""
    if not measured.times:
        return ()
    found = (_cpu(measured), _memory(measured), _disk(measured), _network(measured))
    return tuple(chart for chart in found if chart is not None)


def worth(value: float, unit: Unit) -> str:
    """Return a value with its unit; a dash where nothing was measured."""
    if math.isnan(value):
        return "–"
    if unit is Unit.SHARE:
        return f"{value:.0%}"
    return f"{size(round(value))}/s" if unit is Unit.RATE else size(round(value))


def rounded_up(value: float) -> float:
    """Return the next power of two from 1 KiB on."""
    ceiling = float(KIB)
    while ceiling < value:
        ceiling *= 2
    return ceiling


def _cpu(measured: Measured) -> Chart | None:
    average = measured.values.get("cpu_avg")
    singles = [values for name, values in measured.values.items() if name.startswith("cpu") and name[3:].isdecimal()]
    if average is None and not singles:
        return None
    values = average or _combined(singles, lambda found: sum(found) / len(found))
    return Chart(title="CPU", unit=Unit.SHARE, times=measured.times, curves=(Curve(label="", values=values),), top=1.0)


def _memory(measured: Measured) -> Chart | None:
    values = measured.values
    if "memory_total_kib" in values and "memory_free_kib" in values:
        total, free = values["memory_total_kib"], values["memory_free_kib"]
        top = max((one for one in total if not math.isnan(one)), default=0.0) * KIB
        used = tuple((one - other) * KIB for one, other in zip(total, free, strict=True))
    elif "memory" in values:
        total = values["memory"]
        top = max((one for one in total if not math.isnan(one)), default=0.0)
        free = values.get("memory_internal_free", tuple(math.nan for _ in total))
        used = tuple(one - other * KIB for one, other in zip(total, free, strict=True))
        if all(math.isnan(one) for one in used):
            used = total  # without guest tools only what it was given is known
    else:
        return None
    return Chart(
        title="Memory",
        unit=Unit.BYTES,
        times=measured.times,
        curves=(Curve(label="in use", values=used),),
        top=top or None,
    )


def _disk(measured: Measured) -> Chart | None:
    return _flows("Disk", measured, (("read", "vbd_", "_read"), ("write", "vbd_", "_write")))


def _network(measured: Measured) -> Chart | None:
    of_machine = (("in", "vif_", "_rx"), ("out", "vif_", "_tx"))
    of_host = (("in", "pif_", "_rx"), ("out", "pif_", "_tx"))
    return _flows("Network", measured, of_machine) or _flows("Network", measured, of_host)


def _flows(title: str, measured: Measured, ways: Sequence[tuple[str, str, str]]) -> Chart | None:
    curves = []
    for label, start, end in ways:
        parts = [values for name, values in _named(measured, start, end) if "_iops_" not in name]
        if parts:
            curves.append(Curve(label=label, values=_combined(parts, sum)))
    if not curves:
        return None
    return Chart(title=title, unit=Unit.RATE, times=measured.times, curves=tuple(curves))


def _named(measured: Measured, start: str, end: str) -> Iterator[tuple[str, tuple[float, ...]]]:
    for name, values in measured.values.items():
        if name.startswith(start) and name.endswith(end) and not name.startswith("pif_aggr"):
            yield name, values


def _combined(parts: Sequence[tuple[float, ...]], join: Callable[[list[float]], float]) -> tuple[float, ...]:
    """Join several series value by value; what was not measured is left out, and is NaN where none was."""
    joined = []
    for values in zip(*parts, strict=True):
        known = [value for value in values if not math.isnan(value)]
        joined.append(join(known) if known else math.nan)
    return tuple(joined)
