"""What a plan of configurations that are made of a blueprint says to whoever confirms it."""

from collections.abc import Sequence

from xsconsole.domain.naming import shortened
from xsconsole.domain.words import count, listing, size
from xsconsole.domain.workflow import EntryAction, Method, Stage
from xsconsole.engine.commands import Provision
from xsconsole.engine.provisions.parts import Machine


def sentences(command: Provision, machines: Sequence[Machine], target: Stage) -> list[str]:
    """Return what whoever confirms them should know."""
    taken = size(sum(sum(machine.space.values()) for machine in machines))
    memory = size(sum(machine.memory_bytes for machine in machines))
    names = listing(tuple(f"“{shortened(one.name, 40)}”" for one in command.newcomers))
    how = "full copies" if command.method is Method.FULL_COPY else "linked clones"
    seeds = sum(disk.files is not None for machine in machines for disk in machine.new_disks)
    found = [
        f"{names} {'comes' if len(command.newcomers) == 1 else 'come'} into being in {target.name}, of version "
        f"{command.blueprint_version} of the blueprint {shortened(command.blueprint_name, 60)}: "
        f"{count(len(machines), 'machine')} as {how}, up to {taken} of storage and {memory} of memory."
    ]
    if not command.is_signed:
        found.append("Nobody signed this version of the blueprint, or it was changed afterwards: look at it before.")
    if seeds:
        found.append(
            f"{count(seeds, 'machine')} {'gets' if seeds == 1 else 'get'} a disk that cloud-init reads; what is on it "
            "can be read by whoever can read the machine's disks."
        )
    if len(command.newcomers) > 1:
        found.append("All of them stand at the end, or nothing is left of any.")
    if target.entry is not EntryAction.START and target.fence is None:
        found.append(f"The machines stay off: {target.name} does not start what enters it.")
    return found
