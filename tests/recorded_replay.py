"""Replays what was recorded of a real xapi, call by call and transport by transport, and says where ours differs.

A recorded reference or uuid stands for the object that has its part here: which one that is, follows from the answers.
"""

import http.client
import json
import re
import xmlrpc.client
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

RECORDINGS = Path(__file__).parents[2] / "shared" / "xapi" / "recordings"
REFERENCE = re.compile(r"OpaqueRef:[0-9a-f-]{36}")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
INSTANT = re.compile(r"\d{8}T\d\d:\d\d:\d\dZ")
NULL = "OpaqueRef:NULL"
UNSET = "19700101T00:00:00Z"
DEADLINE_S = 60
VERSIONS = ("jsonrpc_v1", "jsonrpc_v2")

_COUNTED = re.compile(r"xapi\d+")
_GENERATION = re.compile(r"\d+:\d{15,}")
_DUMMY = re.compile(r"DummyRef:\|[0-9a-f-]{36}\|")
_NUMBERS = re.compile(r"\d{20}")
_TRACK = re.compile(r"trackid=[0-9a-f]{32}")
_MAKERS = frozenset(("create", "clone", "copy", "snapshot", "checkpoint"))
_NOT_RECORDED = ("enable_cbt", "disable_cbt")
"""What the recorded storage driver cannot do, and ours can."""

_HEADERS = ("content-type", "cache-control", "access-control-allow-origin", "access-control-allow-headers")


class Replay:
    """One pool, and what of it has the part of what was recorded."""

    def __init__(
        self,
        url: str,
        recordings: Mapping[str, Any],
        *,
        passwords: Mapping[str, str],
        loose: Mapping[str, frozenset[str]],
    ) -> None:
        """Replay against a pool; `loose` names, by class, the fields of which only the type is compared."""
        self.cast: dict[str, str] = {}
        self.session = recordings["001_session_login_with_password"]["response"]["Value"]
        self.seeded: set[str] = set()
        self._full = {found[0][10:18]: found[0] for found in REFERENCE.finditer(json.dumps(recordings))}
        self._made: set[str] = set()
        self._passwords = passwords
        self._loose = loose
        self._host = urlsplit(url)
        self._connection = http.client.HTTPConnection(self._host.netloc, timeout=DEADLINE_S)

    def close(self) -> None:
        self._connection.close()

    def full(self, head: str) -> str:
        """Return the recorded reference that begins so; `session` is the session that is open."""
        return self.session if head == "session" else self._full.get(head, f"OpaqueRef:{head}")

    def request(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        self._connection.request(method, path, None if body is None else body.encode(), dict(headers))
        return self._connection.getresponse()

    def call(self, method: str, *params: Any) -> Any:
        """Make a call with recorded references that is not itself recorded, and return its result."""
        answer = self._json({"jsonrpc": "2.0", "method": method, "params": self.ours(list(params)), "id": 1})[1]
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def ours(self, value: Any) -> Any:
        """Return a recorded value with the names of the objects that have those parts here."""
        match value:
            case dict():
                return {self.ours(key): self.ours(one) for key, one in value.items()}
            case list():
                return [self.ours(one) for one in value]
            case str():
                text = REFERENCE.sub(lambda found: self.cast.get(found[0], found[0]), value)
                text = UUID.sub(lambda found: self.cast.get(found[0], found[0]), text)
                return self._passwords.get(text, self.cast.get(text, text))
            case _:
                return value

    def differences(self, recorded: Mapping[str, Any]) -> Iterator[str]:
        """Make a recorded call over each of its transports, in their order, and yield what is different."""
        cls, _, message = recorded["method"].removeprefix("Async.").partition(".")
        subject = recorded["params"][-1] if message == "get_record" else None
        is_like = cls == "session" or not isinstance(subject, str) or subject in self._made
        body = xmlrpc.client.dumps(tuple(self.ours(recorded["params"])), recorded["method"], allow_none=True)
        response = self.request("POST", "/", body, {"Content-Type": "text/xml"})
        answer = decoded(response.read())
        yield from _different_headers("xml", recorded["http_headers"], response)
        yield from self._compare_answers(recorded["response"], answer, cls, "xml", is_like=is_like)
        for version in VERSIONS:
            if version in recorded:
                theirs = recorded[version]
                response, answer = self._json(self.ours(theirs["request"]))
                yield from _different_headers(version, theirs["http_headers"], response)
                yield from self._compare_answers(theirs["response"], answer, cls, version, is_like=is_like)
        if message in _MAKERS:
            self._made |= {recorded[part]["response"].get("result") for part in VERSIONS if part in recorded}
            self._made.add(recorded["response"].get("Value"))

    def bind(self, theirs: str, ours: str, *, is_alike: bool = True) -> None:
        """Say that an object here has the part of a recorded one, and whether it is to be like that."""
        self.cast[theirs] = ours
        if is_alike:
            self._made.add(theirs)

    def _json(self, request: Mapping[str, Any]) -> tuple[http.client.HTTPResponse, Any]:
        response = self.request("POST", "/jsonrpc", json.dumps(request), {"Content-Type": "application/json"})
        return response, json.loads(response.read())

    def _compare_answers(self, theirs: Any, ours: Any, cls: str, at: str, *, is_like: bool) -> Iterator[str]:
        """Compare whole answers; of the record of an object that is not to be like the recorded one only the shape."""
        part = "Value" if at == "xml" else "result"
        if is_like or not isinstance(theirs.get(part), dict) or not isinstance(ours.get(part), dict):
            yield from self._compare(theirs, ours, cls, at)
        else:
            yield from self._compare_shapes(theirs[part], ours[part], at)

    def _compare(self, theirs: Any, ours: Any, cls: str, at: str) -> Iterator[str]:
        match theirs:
            case {"__datetime__": instant}:
                theirs = instant
                ours = ours.get("__datetime__") if isinstance(ours, dict) else ours
                if not isinstance(ours, str) or len(ours) != len(theirs) or (ours == UNSET) != (theirs == UNSET):
                    yield f"{at}: {ours!r} for the instant {theirs}"
            case dict() if not theirs and at.rpartition(".")[2] in ("Value", "result"):
                if not isinstance(ours, dict):
                    yield f"{at}: {ours!r} instead of records"
            case dict() if isinstance(ours, dict) and any(map(REFERENCE.fullmatch, theirs)):
                yield from self._compare_objects(theirs, ours, cls, at)
            case dict() if isinstance(ours, dict) and "uuid" in theirs:
                self.cast.setdefault(theirs["uuid"], ours["uuid"])
                yield from self._compare_records(theirs, ours, cls, at)
            case {"events": list(), **rest} if isinstance(ours, dict):
                yield from self._compare_events(theirs["events"], ours["events"], at)
                yield from _different_keys(theirs["valid_ref_counts"], ours["valid_ref_counts"], at, in_order=False)
                if len(rest) != len(ours) - 1 or len(rest["token"]) != len(ours["token"]):
                    yield f"{at}: an answer of another shape"
            case dict() if isinstance(ours, dict):
                theirs = {_alike(key): one for key, one in theirs.items()}
                ours = {_alike(key): one for key, one in ours.items()}
                yield from _different_keys(theirs, ours, at, in_order=False)
                for key in theirs.keys() & ours.keys():
                    yield from self._compare(theirs[key], ours[key], cls, f"{at}.{key}")
            case list() if isinstance(ours, list):
                yield from self._compare_lists(theirs, ours, cls, at)
            case str() if isinstance(ours, str):
                yield from self._compare_texts(theirs, ours, at)
            case _:
                if theirs != ours or type(theirs) is not type(ours):
                    yield f"{at}: {ours!r} instead of {theirs!r}"

    def _compare_texts(self, theirs: str, ours: str, at: str) -> Iterator[str]:
        if INSTANT.fullmatch(theirs) and INSTANT.fullmatch(ours):
            if (ours == UNSET) != (theirs == UNSET):
                yield f"{at}: {ours!r} for the instant {theirs}"
            return
        for pattern in (REFERENCE, UUID):
            names, own = pattern.findall(theirs), pattern.findall(ours)
            if len(names) == len(own):
                for one, other in zip(names, own, strict=True):
                    self.cast.setdefault(one, other)
        expected = _alike(self.ours(theirs))
        if expected != _alike(ours):
            yield f"{at}: {ours!r} instead of {expected!r}"

    def _compare_lists(self, theirs: Sequence[Any], ours: Sequence[Any], cls: str, at: str) -> Iterator[str]:
        ours = [one for one in ours if one not in _NOT_RECORDED]
        if len(theirs) != len(ours):
            yield f"{at}: {len(ours)} values instead of {len(theirs)}: {list(ours)}, not {self.ours(list(theirs))}"
        elif all(isinstance(one, str) for one in theirs) and sorted(self.ours(theirs)) == sorted(ours):
            return
        else:
            unbound = [one for one in theirs if self.ours(one) not in ours]
            free = [one for one in ours if one not in self.ours(list(theirs))]
            for one, other in zip(unbound, free, strict=True):
                yield from self._compare(one, other, cls, at)

    def _compare_objects(self, theirs: Mapping[str, Any], ours: Mapping[str, Any], cls: str, at: str) -> Iterator[str]:
        """Compare all objects of a class: the ones that have parts by value, else one of theirs by shape."""
        if ours:
            yield from self._compare_shapes(next(iter(theirs.values())), next(iter(ours.values())), at)
        else:
            yield f"{at}: none"
        for ref, record in theirs.items():
            if ref in self._made and self.cast[ref] in ours:
                yield from self._compare_records(record, ours[self.cast[ref]], cls, f"{at}.{_name(ref, record)}")

    def _compare_shapes(self, theirs: Mapping[str, Any], ours: Mapping[str, Any], at: str) -> Iterator[str]:
        yield from _different_keys(theirs, ours, at, in_order=True)
        for key in theirs.keys() & ours.keys():
            if kind(theirs[key]) != kind(ours[key]):
                yield f"{at}.{key}: a {kind(ours[key])} instead of a {kind(theirs[key])}"

    def _compare_records(self, theirs: Mapping[str, Any], ours: Mapping[str, Any], cls: str, at: str) -> Iterator[str]:
        yield from self._compare_shapes(theirs, ours, at)
        loose = self._loose.get(cls, frozenset())
        if theirs.get("MAC_autogenerated") and theirs["VM"] not in self.seeded:
            loose = loose | {"MAC"}
        for key in theirs.keys() & ours.keys():
            if key not in loose:
                yield from self._compare(theirs[key], ours[key], cls, f"{at}.{key}")

    def _compare_events(self, theirs: Sequence[Any], ours: Sequence[Any], at: str) -> Iterator[str]:
        """Compare the events of objects that are to be alike; what was there before is of each one's own pool."""
        found = {event["ref"]: event for event in ours}
        if not theirs and ours:
            yield f"{at}: {len(ours)} events where there was nothing to tell"
        for event in theirs:
            mine = found.get(self.cast.get(event["ref"], ""))
            if mine is None or event["ref"] not in self._made:
                if event["ref"] in self._made:
                    yield f"{at}: nothing about {event['ref']} of class {event['class']}"
                continue
            yield from _different_keys(event, mine, at, in_order=True)
            for key in ("class", "operation", "timestamp"):
                if event[key] != mine[key]:
                    yield f"{at}.{event['ref']}.{key}: {mine[key]!r} instead of {event[key]!r}"
            if "snapshot" in event and "snapshot" in mine:
                cls = {"vm": "VM", "vif": "VIF"}.get(event["class"], event["class"])
                yield from self._compare_records(event["snapshot"], mine["snapshot"], cls, f"{at}.{event['ref']}")


def read(folder: Path) -> dict[str, Any]:
    """Return all recordings by name, in the order in which they were made."""
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
    return json.loads(json.dumps(found), object_hook=_without_import)


def _without_import(part: dict[str, Any]) -> dict[str, Any]:
    """Leave out which task of its own pool once imported a template."""
    return {key: value for key, value in part.items() if key != "import_task"}


def decoded(body: bytes) -> Any:
    """Return the result of an XML-RPC answer as the recordings write it."""
    result = xmlrpc.client.loads(body.decode())[0][0]
    return json.loads(json.dumps(result, default=lambda instant: {"__datetime__": str(instant)}))


def kind(value: Any) -> str:
    """Return the type of a value on the wire."""
    match value:
        case {"__datetime__": _}:
            return "instant"
        case str() if value.startswith("OpaqueRef:"):
            return "reference"
        case str() if INSTANT.fullmatch(value):
            return "instant"
        case _:
            return type(value).__name__


def _different_keys(theirs: Mapping[str, Any], ours: Mapping[str, Any], at: str, *, in_order: bool) -> Iterator[str]:
    if list(theirs) != list(ours) if in_order else theirs.keys() != ours.keys():
        missing, extra = [*(theirs.keys() - ours.keys())], [*(ours.keys() - theirs.keys())]
        yield f"{at}: lacks {missing}, has {extra} besides" if missing or extra else f"{at}: fields in another order"


def _different_headers(at: str, theirs: Mapping[str, str], response: http.client.HTTPResponse) -> Iterator[str]:
    expected = {name.lower(): value for name, value in theirs.items()}
    for name in _HEADERS:
        if response.headers.get(name) != expected.get(name):
            yield f"{at}: header {name}: {response.headers.get(name)!r} instead of {expected.get(name)!r}"


def _alike(text: str) -> str:
    """Return a text without what is different in each pool: numbers of bridges, digests of sessions, and the like."""
    for pattern in (_COUNTED, _TRACK, _NUMBERS, _GENERATION, _DUMMY):
        text = pattern.sub("#", text)
    return text


def _name(ref: str, record: Mapping[str, Any]) -> str:
    return str(record.get("name_label") or ref)
