"""Each action of a plan on the pool: is its effect there, perform it, undo it. All three can be repeated."""

from typing import assert_never

from xsconsole.domain.actions.archives import (
    CheckFiles,
    CompareArchived,
    ExportMember,
    ImportMachine,
    NoteArchived,
    PrepareArchive,
    SealArchive,
)
from xsconsole.domain.actions.captures import VerifyTemplates, WriteBlueprint
from xsconsole.domain.actions.copies import (
    CopyMachine,
    DropCandidate,
    DropPoint,
    DropSnapshot,
    EmptyDisk,
    FitCopy,
    HandOverDisk,
    NoteFreeze,
    PassDisk,
    RetireMachines,
    SendMachine,
    StartAgain,
    StartCopy,
    UseCandidate,
    VerifyCopies,
    WriteCopy,
    WriteCopyRoster,
)
from xsconsole.domain.actions.fences import Delegated
from xsconsole.domain.actions.holds import DropHold, PlaceHold
from xsconsole.domain.actions.mends import MendFields
from xsconsole.domain.actions.placing import Migrate, MoveDisk, PreferHost, PutOnNetworks
from xsconsole.domain.actions.service import Resume, Suspend, SwitchOff
from xsconsole.domain.actions.stowing import CheckStow, DestroyTemplate, ForgetStow, SealStow, StowMember, VerifyStow
from xsconsole.domain.actions.travel import AskAcross, JoinCompany, LiftProtection, MoveAcross, NoteCompany
from xsconsole.domain.ids import Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import (
    WITHOUT_INVERSE,
    CheckApproved,
    CheckGate,
    OpenReview,
    Revert,
    ShutDown,
    Start,
    Step,
    TakeSnapshot,
    Verify,
    WriteMark,
    WriteMember,
    WriteRoster,
)
from xsconsole.domain.poolstate import RESTORE_POINT_KEY, RunRecord
from xsconsole.domain.runs import GONE
from xsconsole.engine.archives.archivist import Archivist
from xsconsole.engine.archives.ports import Archives, NoArchives
from xsconsole.engine.archives.prover import Prover
from xsconsole.engine.copies.copier import Copier
from xsconsole.engine.copies.disk_work import DiskWork
from xsconsole.engine.fences.fencer import Fencer
from xsconsole.engine.library.librarian import Librarian
from xsconsole.engine.moves.placing import Placing
from xsconsole.engine.moves.streaming import Streamer
from xsconsole.engine.moves.travel import Travel
from xsconsole.engine.ports import Clock, Field, PoolPort, Progress
from xsconsole.engine.requests.reviewing import Reviewing
from xsconsole.engine.runs.gatekeeper import Gatekeeper
from xsconsole.engine.runs.holding import Holding
from xsconsole.engine.runs.marking import Marking
from xsconsole.engine.runs.presence import Presence, Results
from xsconsole.engine.runs.snapshots import Snapshots
from xsconsole.engine.runs.verifying import lost_points, verify
from xsconsole.engine.values import insist, set_key
from xsconsole.engine.verbs.servicing import Servicing
from xsconsole.errors import Refused

OF_MACHINE = Start | ShutDown | Revert | WriteMember | LiftProtection  # put back at their machine, or nowhere


class Performer:
    """Performs the steps of one run at one pool. `is_abroad`: at the second pool, `other` being the first one."""

    def __init__(
        self,
        pool: PoolPort,
        clock: Clock,
        gatekeeper: Gatekeeper,
        record: RunRecord,
        key: str,
        results: Results,
        other: PoolPort | None = None,
        archives: Archives | None = None,
        *,
        is_abroad: bool = False,
    ) -> None:
        run, plan = self._run, self._plan = record.run, record.plan
        self._pool = pool
        self._gatekeeper = gatekeeper
        self._at = Presence(pool, clock, run, plan, results, is_abroad=is_abroad)
        self._snapshots = Snapshots(self._at)
        self._services = Servicing(self._at)
        self._marking = Marking(self._at, by=f"{key} {pool.identity.actor}" if key else "")
        self._holding = Holding(self._at, why=record.reason)
        self._copier = Copier(self._at, self._marking, self._snapshots, other)
        self._disks = DiskWork(self._at, self._copier)
        own, world = archives or NoArchives(), gatekeeper.world
        self._archivist = Archivist(self._at, record, self._snapshots, self._copier, self._marking, world, own)
        self.prover = Prover(self._at, record, self._copier, gatekeeper, own)
        self.fencer = Fencer(self._at, self._copier, self.prover, gatekeeper)
        self._librarian = Librarian(self._at, record, self._copier, own)
        self._reviewing = Reviewing(self._at, record, key)
        self._placing = Placing(self._at)
        beside = None if other is None else Presence(other, clock, run, plan, results, is_abroad=not is_abroad)
        self._travel = Travel(self._at, beside)
        self.streamer = Streamer(self._at, beside, self._marking, self._copier)
        self._records = {step.action.vm: step.action for step in plan.steps if isinstance(step.action, WriteMember)}

    async def is_there(self, step: Step) -> bool:
        """Return whether the pool shows the effect of the step. A verification or a gate has none."""
        assert not isinstance(step.action, Delegated), "the crew asks others"
        match step.action:
            case TakeSnapshot():
                return await self._snapshots.find(step) is not None
            case Start(vm=vm) | StartAgain(vm=vm):
                return (await self._at.vm(vm)).power_state == "Running"
            case ShutDown(vm=vm):
                return (await self._at.vm(vm)).power_state == "Halted"
            case Revert(vm=vm, snapshot=snapshot):
                return (await self._at.vm(vm)).parent == (await self._at.vm(snapshot)).ref
            case WriteMember(vm=vm, value=value):
                return await self._marking.has_member(vm, value)
            case WriteRoster(configuration=configuration, value=value):
                return await self._marking.has_roster(configuration, value)
            case WriteMark(snapshot=snapshot, value=value):
                return (await self._at.keys(Field.VM, snapshot)).get(RESTORE_POINT_KEY, "") == value
            case PlaceHold() as action:
                return await self._holding.stands(action)
            case DropHold() as action:
                return await self._holding.is_dropped(action)
            case CopyMachine() | SendMachine() | ImportMachine():
                return await self._copier.find(step.key) is not None
            case PrepareArchive() | ExportMember() | SealArchive() | NoteArchived() as action:
                return await self._archivist.is_there(action)
            case StowMember() | SealStow() | DestroyTemplate() | ForgetStow() as action:
                return await self._archivist.stower.is_there(action)
            case WriteBlueprint() | VerifyTemplates() as action:
                return await self._librarian.is_there(action)
            case StartCopy(copy=copy):
                return await self._copier.is_running(copy)
            case EmptyDisk() as action:
                return await self._disks.is_empty(step, action)
            case HandOverDisk() as action:
                return await self._disks.is_handed_over(action)
            case PassDisk() as action:
                return await self._disks.is_passed(action)
            case WriteCopyRoster() as action:
                return await self._marking.has_roster(action.configuration, self._copier.roster_text(action))
            case WriteCopy() as action:
                return await self._copier.is_entered(action)
            case DropSnapshot(snapshot=snapshot):
                return await self._snapshots.find(self._plan.step(snapshot)) is None
            case OpenReview():
                return True  # it is never taken back, and others may have closed it by now
            case PutOnNetworks() | MoveDisk() | PreferHost() | Migrate() | MendFields() as action:
                return await self._at.exists(action.vm) and await self._placing.is_there(step, action)
            case DropCandidate(snapshot=snapshot) | DropPoint(snapshot=snapshot):
                return not await self._at.exists(snapshot)
            case RetireMachines(vms=vms):
                return not any([await self._at.exists(vm) for vm in vms])
            case MoveAcross(vm=vm):
                return await self._travel.has_arrived(vm)
            case Suspend() | Resume() | SwitchOff() as action:
                return await self._services.is_there(action)
            case LiftProtection(vm=vm):
                return not await self._marking.is_protected(vm)
            case Verify() | CheckGate() | NoteFreeze() | UseCandidate() | FitCopy() | VerifyCopies() | AskAcross():
                return False
            case CompareArchived() | CheckFiles() | NoteCompany() | JoinCompany() | VerifyStow() | CheckStow():
                return False
        assert_never(step.action)

    async def left_nothing(self, step: Step) -> bool:
        """Return whether the step certainly changed nothing that undoing it would put back.

        A write can be half there without `is_there` seeing it: of those it is never said.
        """
        match step.action:
            case TakeSnapshot():
                return await self._snapshots.find(step) is None
            case Start(vm=vm):
                return not await self._at.exists(vm) or (await self._at.vm(vm)).power_state == "Halted"
            case ShutDown(vm=vm):
                return not await self._at.exists(vm) or (await self._at.vm(vm)).power_state == "Running"
            case CopyMachine() | SendMachine() | ImportMachine():
                return await self._copier.find(step.key) is None
            case StartCopy(copy=copy):
                found = await self._copier.find(copy)
                return found is None or found.power_state == "Halted"
            case _:
                return False

    async def perform(self, step: Step, on_progress: Progress) -> str:
        """Bring the effect about and return what it made, in text.

        Raises:
            PoolFailed: the pool said no. VerificationFailed, Refused: it shows what must not be.
            PoolUnavailable: it stays away; whether the effect is there is not known.
        """
        assert not isinstance(step.action, Delegated), "the crew asks others"
        match step.action:
            case TakeSnapshot():
                return await self._snapshots.take(step, on_progress)
            case Start(vm=vm) | StartAgain(vm=vm):
                await self._start(vm, on_progress, step.host)
            case ShutDown(vm=vm):
                await self._shut_down(vm, on_progress, may_force=False)
            case Revert() as action:
                await self._revert(action.vm, action.snapshot, on_progress)
            case WriteMember() as action:
                await self._marking.enter(
                    action.vm, action.value, action.stage_name, action.blocked, action.ha_restart_priority
                )
            case WriteRoster() as action:
                await self._marking.write_roster(action.configuration, action.value)
            case WriteMark() as action:
                await set_key(self._pool, Field.VM, RESTORE_POINT_KEY, action.value, action.snapshot)
            case PlaceHold() as action:
                await self._holding.place(action)
            case DropHold() as action:
                await self._holding.forget(action)
            case Verify() as action:
                await verify(step, action, self._at, self._placing, self._travel, self._disks)
                return await lost_points(self._at)
            case CheckGate() as action:
                approved = action.approved if isinstance(action, CheckApproved) else ""
                return await self._gatekeeper.pass_through(action.gate, self._plan, approved)
            case OpenReview() as action:
                return await self._reviewing.leave(action)
            case UseCandidate() as action:
                return await self._snapshots.use(action)
            case NoteFreeze(snapshots=snapshots):
                return await self._snapshots.measure(snapshots)
            case CopyMachine() as action:
                return await self._copier.copy(step, action, on_progress)
            case SendMachine() as action:
                return await self._copier.send(step, action, on_progress)
            case FitCopy() as action:
                await self._copier.fit(action)
            case WriteBlueprint() | VerifyTemplates() as action:
                await self._librarian.perform(action)
            case RetireMachines() as action:
                await self._copier.retire(action, on_progress)
            case EmptyDisk() as action:
                await self._disks.empty(step, action, on_progress)
            case HandOverDisk() as action:
                await self._disks.hand_over(action)
            case PassDisk() as action:
                await self._disks.pass_on(action)
            case StartCopy(copy=copy):
                await self._copier.start(copy, step.host, on_progress)
            case WriteCopyRoster() as action:
                await self._marking.write_roster(action.configuration, self._copier.roster_text(action))
            case WriteCopy() as action:
                await self._copier.enter(action)
            case VerifyCopies() as action:
                await self._copier.verify(action)
                return await lost_points(self._at)
            case DropSnapshot(snapshot=snapshot):
                await self._snapshots.destroy(self._plan.step(snapshot))
            case PutOnNetworks() | MoveDisk() | PreferHost() | Migrate() | MendFields() as action:
                await self._placing.perform(step, action, on_progress)
            case DropCandidate() | DropPoint() as action:
                await self._snapshots.drop(action)
            case AskAcross() as action:
                await self._travel.ask(step, action)
            case MoveAcross() as action:
                return await self._travel.go(step, action, on_progress)
            case LiftProtection(vm=vm):
                await self._marking.protect((await self._at.vm(vm)).uuid, {})
            case NoteCompany() as action:
                return await self._travel.company(action, is_undone=False)
            case Suspend() | Resume() | SwitchOff() as action:
                await self._services.perform(action, step.host, on_progress)
            case _:
                return await self._archivist.perform(step, step.action, on_progress)
        return ""

    async def undo(self, step: Step, on_progress: Progress) -> str:
        """Put back what the step changed, if its machine is there; return what has to be known of that.

        Raises:
            Refused: what is needed for it is gone from the pool. PoolFailed, PoolUnavailable: as for `perform`.
        """
        if isinstance(step.action, OF_MACHINE) and not await self._at.exists(step.action.vm):
            return GONE
        match step.action:
            case TakeSnapshot():
                return await self._snapshots.destroy(step)
            case Start(vm=vm):
                # It was off when the run began and may not have booted far enough to answer.
                await self._shut_down(vm, on_progress, may_force=True)
            case ShutDown(vm=vm):
                await self._start(vm, on_progress)
            case Revert() as action:
                await self._revert_back(action, on_progress)
            case WriteMember() as action:
                await self._write_back(action)
            case WriteRoster() as action:
                await self._marking.write_roster(action.configuration, action.original)
            case WriteMark() as action:
                if await self._at.exists(action.snapshot):
                    await set_key(self._pool, Field.VM, RESTORE_POINT_KEY, action.original, action.snapshot)
            case PlaceHold() as action:
                await self._holding.take_back(action)
            case DropHold() as action:
                await self._holding.remember(action)
            case CopyMachine() | SendMachine() | ImportMachine():
                await self._copier.destroy(step, on_progress)
            case RetireMachines() as action:
                await self._copier.demand_all(action)
            case EmptyDisk() as action:
                await self._disks.forget_empty(step, action)
            case HandOverDisk() as action:
                await self._disks.give_back(action)
            case PassDisk() as action:
                await self._disks.pass_back(action)
            case StartCopy(copy=copy):
                found = await self._copier.find(copy)
                if found is not None:
                    await self._copier.stop(found.uuid, on_progress)
            case WriteCopyRoster() as action:
                await self._marking.write_roster(action.configuration, "")
            case WriteCopy() as action:
                await self._copier.leave(action)
            case PutOnNetworks() | MoveDisk() | PreferHost() | Migrate() | MendFields() as action:
                return await self._placing.undo(action, on_progress)
            case PrepareArchive() | ExportMember() | SealArchive() | NoteArchived() as action:
                await self._archivist.undo(action)
            case StowMember() | SealStow() as action:
                await self._archivist.stower.undo(action)
            case WriteBlueprint() as action:
                await self._librarian.undo(action)
            case MoveAcross() as action:
                return await self._travel.come_back(step, action, on_progress)
            case LiftProtection() as action:
                await self._marking.protect(action.vm, action.original)
            case NoteCompany() as action:
                await self._travel.company(action, is_undone=True)
            case Suspend() | Resume() | SwitchOff() as action:
                await self._services.undo(action, on_progress)
            case _:
                assert isinstance(step.action, WITHOUT_INVERSE)
        return ""

    async def settle_down(self) -> None:
        """Wait until nothing of the run goes on at any machine of its plan, or time is up."""
        await self._at.settle_down()

    # Power

    async def _start(self, vm: Uuid, on_progress: Progress, host: Uuid | None = None) -> None:
        await self._at.bring_to("Running", vm, lambda: self._pool.start(vm, self._run, on_progress, host))

    async def _shut_down(self, vm: Uuid, on_progress: Progress, *, may_force: bool) -> None:
        pool, run = self._pool, self._run
        await self._at.bring_to("Halted", vm, lambda: pool.shut_down(vm, run, on_progress, may_force=may_force))

    # Disks

    async def _revert(self, vm: Uuid, snapshot: Uuid, on_progress: Progress) -> None:
        async def attempt() -> None:
            found, point = await self._at.vm(vm), await self._at.vm(snapshot)
            if found.parent == point.ref:
                return  # `VM.revert` and `VM.snapshot` both leave the machine with that parent: nothing differs
            if found.power_state != "Halted":
                raise Refused(
                    reason=f"“{shortened(found.name_label)}” runs, and a return to a snapshot would stop it.",
                    mend="Shut it down, then settle the run again.",
                )
            await self._at.settling(self._pool.revert(snapshot, self._run, on_progress), vm, snapshot)

        await insist(self._pool, attempt)
        # The mark of the snapshot may have come along: a later snapshot of the machine would pass for this one.
        await set_key(self._pool, Field.VM, RESTORE_POINT_KEY, "", vm)

    async def _revert_back(self, action: Revert, on_progress: Progress) -> None:
        aside = await self._snapshots.set_aside(self._plan.step(action.set_aside))
        await self._revert(action.vm, aside, on_progress)
        if action.vm in self._records:
            await self._write_back(self._records[action.vm])

    async def _write_back(self, action: WriteMember) -> None:
        await self._marking.write(
            action.vm, action.original, action.original_stage_name, action.original_blocked, action.ha_restart_priority
        )
