"""An export from one pool of values that is an import into another one: new uuid and addresses, networks by name."""

import msgspec

from tests.engine.memory_pool import MemoryPool
from xsconsole.domain.ids import NULL_REF, Ref, Uuid
from xsconsole.domain.inventory import SR, VBD, VDI, VIF, VM, GuestMetrics, Network
from xsconsole.errors import PoolFailed


def receive(pool: MemoryPool, source: Uuid, there: MemoryPool, sr: Uuid, *, is_restore: bool = False) -> Uuid:
    """Make a machine of `there` like a snapshot of `pool`; what was written at it comes along, as in an XVA.

    A restore keeps its uuid and MAC addresses.
    """
    before = pool.demand(source, "export", ("Halted",)) if is_restore else pool.vm(source)
    storage = next(each for each in there.records.values() if isinstance(each, SR) and each.uuid == sr)
    metrics = there.put_anew(GuestMetrics(ref=NULL_REF, uuid=Uuid(""), PV_drivers_detected=True))
    if is_restore and there.find(source) is not None:
        raise PoolFailed(code="VM_TO_IMPORT_IS_NOT_NEWER_VERSION", parameters=(source,), method="import")
    put = there.put_again if is_restore else there.put_anew
    made = put(
        msgspec.structs.replace(
            before,
            is_a_snapshot=False,
            snapshot_of=NULL_REF,
            parent=NULL_REF,
            snapshots=(),
            affinity=NULL_REF,
            appliance=NULL_REF,
            snapshot_schedule=NULL_REF,
            resident_on=NULL_REF,
            guest_metrics=metrics.ref,
            VBDs=(),
            VIFs=(),
        )
    )
    drives = [there.put_anew(_drive(there, made, drive, pool, storage)) for drive in before.VBDs]
    macs = {vif.MAC: vif.MAC if is_restore else f"06{vif.MAC[2:]}" for vif in pool.interfaces(source)}
    nics = [there.put_anew(_nic(there, made, pool, vif, macs[vif.MAC])) for vif in pool.interfaces(source)]
    there.put_vm(msgspec.structs.replace(made, VBDs=tuple(d.ref for d in drives), VIFs=tuple(n.ref for n in nics)))
    there.contents[made.uuid] = pool.contents[source]
    return made.uuid


def _drive(there: MemoryPool, made: VM, ref: Ref, pool: MemoryPool, storage: SR) -> VBD:
    drive = pool.records[ref]
    assert isinstance(drive, VBD)
    disk = pool.records[drive.VDI]
    assert isinstance(disk, VDI)
    arrived = there.put_anew(msgspec.structs.replace(disk, SR=storage.ref, snapshot_of=NULL_REF))
    return msgspec.structs.replace(drive, VM=made.ref, VDI=arrived.ref)


def _nic(there: MemoryPool, made: VM, pool: MemoryPool, vif: VIF, mac: str) -> VIF:
    network = pool.records[vif.network]
    assert isinstance(network, Network)
    known = [each for each in there.records.values() if isinstance(each, Network)]
    same = [each for each in known if each.name_label == network.name_label]
    home = same[0] if same else there.add_network(network.name_label)
    return msgspec.structs.replace(vif, VM=made.ref, network=home.ref, MAC=mac)
