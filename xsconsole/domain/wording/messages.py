"""What the bodies of XAPI's messages say: those that are written for programs are read out in sentences."""

import re
from html import unescape

from xsconsole.domain.words import duration, size

ALARM = "ALARM"
_BODY = re.compile(r"\s*value:\s*(?P<value>\S+)\s*config:\s*<variable>(?P<fields>.*)", re.DOTALL)
_FIELD = re.compile(r'<(?P<name>\w+)\s+value\s*=\s*"(?P<value>[^"]*)"')
_TAG = re.compile(r"<[^<>]*>")
_MOST = 10_000  # characters that are looked at
_KIB, _MIB = 1024, 1024**2

_MEASURED = {
    "cpu_usage": "CPU usage",
    "mem_usage": "Memory in use",
    "fs_usage": "Space in use on the system disk",
    "log_fs_usage": "Space in use for logs",
    "physical_utilisation": "Space in use",
    "network_usage": "Network traffic",
    "disk_usage": "Disk traffic",
    "memory_free_kib": "Free memory",
    "memory_internal_free": "Free memory in the guest",
}
_SHARES = frozenset({"cpu_usage", "mem_usage", "fs_usage", "log_fs_usage", "physical_utilisation"})
_RATES = frozenset({"network_usage", "disk_usage"})
_KIBS = frozenset({"memory_free_kib", "memory_internal_free"})
_THROUGHPUT = "sr_io_throughput_total"  # begins the names of what is measured of a storage, in MiB/s


def said(name: str, body: str) -> str:
    """Return what a message's body says; as it is where nothing is known of its form."""
    text = body[:_MOST]
    if name == ALARM:
        return _alarm(text) or body
    if text.lstrip().startswith("<") and text.rstrip().endswith(">"):
        parts = (" ".join(unescape(part).split()) for part in _TAG.split(text))
        return " · ".join(filter(None, parts)) or body
    return body


def _alarm(text: str) -> str:
    """Return the sentence of an alarm about something that is measured; empty where it cannot be read."""
    found = _BODY.match(text)
    if found is None:
        return ""
    fields = {field["name"]: field["value"] for field in _FIELD.finditer(found["fields"])}
    what = fields.get("name", "")
    try:
        value, level = float(found["value"]), float(fields["alarm_trigger_level"])
        period = duration(float(fields["alarm_trigger_period"])) if "alarm_trigger_period" in fields else ""
        over = f" on average over {period}" if period else ""
        return f"{_called(what)} was {_amount(what, value)}{over}; the alarm is set at {_amount(what, level)}."
    except (KeyError, ValueError, OverflowError):
        return ""


def _called(what: str) -> str:
    if what.startswith(_THROUGHPUT):
        return "Storage throughput"
    return _MEASURED.get(what) or what.replace("_", " ").capitalize()


def _amount(what: str, value: float) -> str:
    if what in _SHARES:
        return f"{value * 100:.0f} %"
    if what in _RATES:
        return f"{size(round(value))}/s"
    if what in _KIBS:
        return size(round(value * _KIB))
    if what.startswith(_THROUGHPUT):
        return f"{size(round(value * _MIB))}/s"
    return f"{value:g}"
