"""What an archive of large disks costs: memory of the console, and time beside a plain copy of the same bytes.

    python benchmarks/archive.py [MIB] [FOLDER]

One machine with one disk of so many MiB (4096), of noise, so that nothing is left out and nothing is made smaller, is
archived into FOLDER (a temporary one), verified and restored. Beside it, in the same run: a plain client of the same
pool that reads the same XVA and keeps nothing, which is as fast as the pool gives it away, one that sends the file
back, and a copy of that file on the same disk, with all of it written out.

Memory is the most that this process had at once, in which the whole console is, but the child that reads the feed.
"""

import asyncio
import http.client
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from pool_size import Served
from promotion import SOURCE, connected, seen, start

from xsconsole.console import ArchiveRoom, Console, Destination, RunState
from xsconsole.domain.ids import StageId, Uuid
from xsconsole.domain.inventory import VM
from xsconsole.engine.commands import Create, NewMember, Plannable

MIB = 1024 * 1024
AIM_MIB = 200
USUAL_MIB = 4096
HTTP_TIMEOUT_S = 3600
T = TypeVar("T")


class Plain:
    """Another program: calls and transfers as they are, one after the other."""

    def __init__(self, served: Served) -> None:
        self._served = served

    def call(self, method: str, *params: object) -> Any:
        answer = json.loads(self._served.post(method, self._served.session, *params))
        assert "error" not in answer, answer
        return answer["result"]

    def send(self, path: str, pieces: Iterator[bytes], size_bytes: int, **query: str) -> None:
        connection, target = self._connection(path, query)
        connection.request("PUT", target, body=pieces, headers={"Content-Length": str(size_bytes)})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        connection.close()

    def take(self, path: str, **query: str) -> int:
        """Read all of something, keep nothing, and return how many bytes that were."""
        connection, target = self._connection(path, query)
        connection.request("GET", target)
        answer, size_bytes = connection.getresponse(), 0
        while piece := answer.read(MIB):
            size_bytes += len(piece)
        connection.close()
        return size_bytes

    def _connection(self, path: str, query: dict[str, str]) -> tuple[http.client.HTTPConnection, str]:
        place = urlsplit(self._served.pool["url"]).netloc
        connection = http.client.HTTPConnection(place, timeout=HTTP_TIMEOUT_S)
        return connection, f"{path}?{urlencode({**query, 'session_id': self._served.session})}"


def noise(mib: int) -> Iterator[bytes]:
    source = random.Random(1)
    return (source.randbytes(MIB) for _ in range(mib))


def pieces_of(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(MIB):
            yield piece


def make_machine(plain: Plain, mib: int) -> tuple[str, Uuid]:
    """Make a machine with one disk full of noise."""
    template = plain.call("VM.get_by_name_label", "Other install media")[0]
    vm = plain.call("VM.clone", template, "archived")
    plain.call("VM.set_is_a_template", vm, False)
    storages = plain.call("SR.get_all_records")
    sr = max(storages, key=lambda ref: int(storages[ref]["physical_size"]) * (storages[ref]["content_type"] != "iso"))
    disk = {"name_label": "noise", "SR": sr, "virtual_size": mib * MIB, "type": "user", "sharable": False}
    vdi = plain.call("VDI.create", {**disk, "read_only": False, "other_config": {}})
    drive = {"VM": vm, "VDI": vdi, "userdevice": "0", "bootable": True, "mode": "RW", "type": "Disk", "empty": False}
    more = {"unpluggable": True, "other_config": {}, "qos_algorithm_type": "", "qos_algorithm_params": {}}
    plain.call("VBD.create", {**drive, **more})
    plain.send("/import_raw_vdi", noise(mib), mib * MIB, vdi=vdi)
    return vm, Uuid(plain.call("VM.get_uuid", vm))


def copy(source: Path, target: Path) -> None:
    with target.open("wb") as opened:
        for piece in pieces_of(source):
            opened.write(piece)
        opened.flush()
        os.fsync(opened.fileno())


def timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.monotonic()
    result = work()
    return time.monotonic() - began, result


async def timed_async(work: Awaitable[T]) -> tuple[float, T]:
    began = time.monotonic()
    result = await work
    return time.monotonic() - began, result


def forget_peak() -> None:
    """Count the most memory from now on, where the system allows that."""
    if Path("/proc/self/clear_refs").exists():
        Path("/proc/self/clear_refs").write_text("5")


def peak_mib() -> int:
    return int(Path("/proc/self/status").read_text("utf-8").split("VmHWM:")[1].split()[0]) // 1024


async def carry_out(console: Console, command: Plannable) -> None:
    status = await console.finished(await start(console, command))
    assert status.state is RunState.DONE, status.error


async def measure(served: Served, mib: int, place: Path) -> None:
    plain = Plain(served)
    ref, vm = make_machine(plain, mib)
    export_s, size_bytes = timed(lambda: plain.take("/export", ref=ref))
    async with connected(served) as console:
        await seen(lambda: console.inventory.by_uuid(VM, vm) is not None)
        await carry_out(console, Create(service="large", version="1", stage=SOURCE, members=(NewMember(vm=vm),)))
        await seen(lambda: any(card.service == "large" and card.run is None for card in console.board.cards.values()))
        card = next(card for card in console.board.cards.values() if card.service == "large")
        idle_mib = peak_mib()
        room = ArchiveRoom(console.home)
        command = room.archiving(card, place)
        forget_peak()
        archive_s, _ = await timed_async(carry_out(console, command))
        archive_mib = peak_mib()
        forget_peak()
        verify_s, check = await timed_async(room.verify(command.folder))
        assert check.is_good, check.sentence
        verify_mib = peak_mib()
        networks = {name: next(iter(network_uuids(plain))) for name in check.archive.networks} if check.archive else {}
        back = await room.returning(command.folder, Destination(target=StageId("integration"), networks=networks))
        forget_peak()
        restore_s, _ = await timed_async(carry_out(console, back))
        restore_mib = peak_mib()
        xva = next((command.folder / "members").iterdir())
        copy_s, _ = timed(lambda: copy(xva, place / "copy"))
        (place / "copy").unlink()
        task = plain.call("task.create", "import", "")
        import_s, _ = timed(lambda: plain.send("/import", pieces_of(xva), xva.stat().st_size, task_id=task))
        written_mib = xva.stat().st_size / MIB
        await room.delete(command.folder, "the benchmark is over")

    def said(what: str, took_s: float, peak: int, beside: str = "") -> None:
        ratio = f"{took_s / copy_s:.1f} times the copy"
        print(
            f"{what}: {took_s:.1f} s, {written_mib / took_s:.0f} MiB/s, {ratio}{beside}; at most {peak} MiB of memory"
        )

    print(f"one disk of {mib} MiB, XVA of {written_mib:.0f} MiB; the console idle had {idle_mib} MiB")
    print(f"plain copy, written out: {copy_s:.1f} s, {written_mib / copy_s:.0f} MiB/s")
    print(f"plain client reads the XVA: {export_s:.1f} s, {size_bytes / MIB / export_s:.0f} MiB/s")
    print(f"plain client sends it back: {import_s:.1f} s, {written_mib / import_s:.0f} MiB/s")
    said("archive", archive_s, archive_mib, f", {archive_s / export_s:.2f} times that client's reading")
    said("verify", verify_s, verify_mib)
    said("restore, with verifying first", restore_s, restore_mib, f", {restore_s / import_s:.2f} times its sending")
    most = max(archive_mib, verify_mib, restore_mib)
    print(f"memory: {most} MiB at most; the aim is under {AIM_MIB} MiB: {'met' if most < AIM_MIB else 'MISSED'}")


def network_uuids(plain: Plain) -> list[Uuid]:
    return sorted(Uuid(record["uuid"]) for record in plain.call("network.get_all_records").values())


def main() -> None:
    mib = int(sys.argv[1]) if len(sys.argv) > 1 else USUAL_MIB
    served = Served(8, 2, "--speed", "20")
    try:
        with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
            asyncio.run(measure(served, mib, Path(folder)))
    finally:
        served.process.terminate()
        served.process.wait()


if __name__ == "__main__":
    main()
