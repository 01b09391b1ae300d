"""Acts on single objects, as calls of XAPI."""

from collections.abc import Mapping
from pathlib import Path

from xsconsole.domain.acts import FOLDER_KEY, Act, Kind, ObjectId
from xsconsole.domain.canonical import Json
from xsconsole.domain.ids import Ref, RunId
from xsconsole.engine.commands import Operate
from xsconsole.engine.ports import Identity, Progress, TransferPort, TransferProgress, Transferred
from xsconsole.errors import Refused
from xsconsole.xapi.pool import XapiPool
from xsconsole.xapi.session import PoolSession
from xsconsole.xapi.tasks import Tasks

CLASSES = {
    Kind.POOL: "pool",
    Kind.HOST: "host",
    Kind.VM: "VM",
    Kind.SR: "SR",
    Kind.NETWORK: "network",
    Kind.VDI: "VDI",
    Kind.TASK: "task",
    Kind.MESSAGE: "message",
}
SECRETS = frozenset({"NVRAM", "snapshot_metadata"})  # the second holds the whole record of another time
POWER = {
    Act.SHUT_DOWN: "VM.clean_shutdown",
    Act.FORCE_OFF: "VM.hard_shutdown",
    Act.REBOOT: "VM.clean_reboot",
    Act.FORCE_REBOOT: "VM.hard_reboot",
    Act.PAUSE: "VM.pause",
    Act.UNPAUSE: "VM.unpause",
    Act.SUSPEND: "VM.suspend",
    Act.REVERT: "VM.revert",
}


class XapiObjects:
    """The engine's `ObjectPort` on a real wire."""

    def __init__(self, session: PoolSession, tasks: Tasks, pool: XapiPool, transfers: TransferPort) -> None:
        self._session = session
        self._tasks = tasks
        self._pool = pool
        self._transfers = transfers

    @property
    def identity(self) -> Identity:
        return self._session.login.identity

    def is_own_task(self, ref: Ref) -> bool:
        """Whether a task of the pool was begun by this connection."""
        return self._tasks.is_own(ref)

    def may_be_own_task(self, label: str) -> bool:
        """Whether a task of this label may turn out to be begun by this connection."""
        return self._tasks.may_be_own(label)

    async def perform(self, command: Operate, item: ObjectId, mark: RunId, on_progress: Progress) -> Mapping[str, Json]:
        match command.act:
            case Act.EXPORT:
                return await self._export(command, item, mark, on_progress)
            case Act.IMPORT:
                return await self._import(command, item, mark, on_progress)
        await self._called(command, item, mark, on_progress)
        return {}

    async def _export(self, command: Operate, item: ObjectId, mark: RunId, on_progress: Progress) -> Mapping[str, Json]:
        received = await self._transfers.export_vm(
            item.uuid,
            _file_of(command),
            mark,
            _share_only(on_progress),
            compression=command.compression,
            replaces=command.replaces,
        )
        return _moved(received)

    async def _import(self, command: Operate, item: ObjectId, mark: RunId, on_progress: Progress) -> Mapping[str, Json]:
        sr = item.uuid if item.kind is Kind.SR else None
        made, sent = await self._transfers.import_vm(_file_of(command), mark, _share_only(on_progress), sr=sr)
        return {**_moved(sent), "made": list(made)}

    async def _called(self, command: Operate, item: ObjectId, mark: RunId, on_progress: Progress) -> None:
        cls = CLASSES[item.kind]
        ref = Ref(await self._session.call(f"{cls}.get_by_uuid", item.uuid))
        match command.act:
            case Act.START | Act.RESUME:
                method, is_paused, is_forced = f"VM.{command.act.value}", False, False
                await self._wait(method, ref, is_paused, is_forced, mark=mark, on_progress=on_progress)
            case Act.START_ON:
                host = await self._host_of(command)
                await self._wait("VM.start_on", ref, host, False, False, mark=mark, on_progress=on_progress)
            case act if act in POWER:
                await self._wait(POWER[act], ref, mark=mark, on_progress=on_progress)
            case Act.SNAPSHOT:
                await self._wait("VM.snapshot", ref, command.text.strip(), mark=mark, on_progress=on_progress)
            case Act.DELETE_SNAPSHOT:
                await self._pool.destroy_snapshot(item.uuid, mark)
            case Act.DELETE_DISK:
                await self._wait("VDI.destroy", ref, mark=mark, on_progress=on_progress)
            case Act.MIGRATE:
                await self._migrate(ref, command, mark, on_progress)
            case Act.RENAME:
                await self._session.call(f"{cls}.set_name_label", ref, command.text.strip())
            case Act.DESCRIBE:
                await self._session.call(f"{cls}.set_name_description", ref, command.text)
            case Act.TAG:
                await self._session.call(f"{cls}.add_tags", ref, command.text.strip())
            case Act.UNTAG:
                await self._session.call(f"{cls}.remove_tags", ref, command.text)
            case Act.MOVE_TO_FOLDER:
                await self._move(cls, ref, command.text.strip().rstrip("/"))
            case Act.SET_KEY:
                await self._write_key(cls, ref, command.key, command.text)
            case Act.REMOVE_KEY:
                await self._session.call(f"{cls}.remove_from_other_config", ref, command.key)
            case Act.CANCEL:
                await self._session.cancel(ref)
            case Act.DISMISS:
                await self._session.call("message.destroy", ref)
            case act:
                raise AssertionError(f"{act} is no call")

    async def follow(self, mark: RunId, on_progress: Progress) -> bool:
        return await self._tasks.follow(mark, on_progress)

    async def read(self, item: ObjectId) -> Mapping[str, object]:
        cls = CLASSES[item.kind]
        ref = await self._session.call(f"{cls}.get_by_uuid", item.uuid)
        found: dict[str, object] = await self._session.call(f"{cls}.get_record", ref)
        return {name: value if name not in SECRETS else "…" for name, value in found.items()}

    async def cancel(self, mark: RunId) -> None:
        self._transfers.stop(mark)
        await self._tasks.cancel(mark)

    async def _move(self, cls: str, ref: Ref, folder: str) -> None:
        if folder:
            await self._write_key(cls, ref, FOLDER_KEY, folder)
        else:
            await self._session.call(f"{cls}.remove_from_other_config", ref, FOLDER_KEY)

    async def _host_of(self, command: Operate) -> Ref:
        if command.host is None:
            raise Refused(reason="No host was named.", mend="Choose one.")
        return Ref(await self._session.call("host.get_by_uuid", command.host))

    async def _migrate(self, vm: Ref, command: Operate, mark: RunId, on_progress: Progress) -> None:
        host = await self._host_of(command)
        options = {"live": "true"}
        await self._wait("VM.pool_migrate", vm, host, options, mark=mark, on_progress=on_progress)

    async def _wait(self, method: str, *params: object, mark: RunId, on_progress: Progress) -> None:
        await self._tasks.run(method, *params, run=mark, on_progress=on_progress, is_left_alone=True)

    async def _write_key(self, cls: str, ref: Ref, key: str, text: str) -> None:
        """Give a key this text; XAPI cannot change a value in place."""
        await self._session.call(f"{cls}.remove_from_other_config", ref, key)
        await self._session.call(f"{cls}.add_to_other_config", ref, key, text)


def _file_of(command: Operate) -> Path:
    if command.file is None:
        raise Refused(reason="No file was named.", mend="Choose one.")
    return command.file


def _share_only(on_progress: Progress) -> TransferProgress:
    return lambda _, share: on_progress(share)


def _moved(transferred: Transferred) -> dict[str, Json]:
    return {"size_bytes": transferred.size_bytes, "sha256": transferred.sha256}
