"""Fences around configurations that are made of a blueprint, where the stage demands them: one for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from xsconsole.domain.blueprint.standing import standing_in
from xsconsole.domain.board import Board
from xsconsole.domain.fence.arrivals import addresses_of_captured
from xsconsole.domain.ids import ConfigurationId, Uuid
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.workflow import Stage
from xsconsole.engine.commands import Newcomer, Provision
from xsconsole.engine.fences.arriving import Arrival, Making, NewCard, Reception, receive
from xsconsole.engine.fences.building import Housed
from xsconsole.engine.plans.claims import Claims
from xsconsole.engine.provisions.parts import Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One configuration that is to be, with its machines."""

    newcomer: Newcomer
    machines: Sequence[Machine]


def key_of(one: Made, machine: Machine) -> Uuid:
    """Return what a machine is known by before there is one."""
    return Uuid(f"{one.newcomer.configuration}/{machine.member.id}")


def source_of(command: Provision) -> ConfigurationId:
    """Return what stands where of a copy its original does: the version of the blueprint."""
    return ConfigurationId(f"{command.blueprint}@{command.blueprint_version}")


def receptions_of(
    command: Provision,
    made: Sequence[Made],
    target: Stage,
    claims: Claims,
    board: Board,
    inventory: Inventory,
) -> list[Reception]:
    """Return the fence of each configuration, where the stage demands one; each has what those before it leave."""
    found: list[Reception] = []
    told = _told(command, board, inventory) if target.fence is not None else {}
    for one in made if target.fence is not None else ():
        assert target.fence is not None
        making = Making(
            made=one.newcomer.configuration,
            origin=source_of(command),
            title=command.blueprint_name,
            service=one.newcomer.service,
            name=one.newcomer.name,
            target=target,
            mode=target.fence,
            typed=command.addresses,
        )
        arrivals = [_arrival(one, machine, told, inventory) for machine in one.machines]
        found.append(receive(making, arrivals, found, claims, board, inventory))
        claims = found[-1].with_claims(claims)
    return found


def _told(command: Provision, board: Board, inventory: Inventory) -> Mapping[tuple[str, str], IPv4Address]:
    keys = inventory.pool.other_config if inventory.pool is not None else {}
    blueprint = standing_in(keys, command.blueprint, command.blueprint_version)
    return {} if blueprint is None else addresses_of_captured(blueprint, board, inventory)


def _arrival(
    one: Made, machine: Machine, addresses: Mapping[tuple[str, str], IPv4Address], inventory: Inventory
) -> Arrival:
    key = key_of(one, machine)
    housed = Housed(
        key=key,
        name=machine.member.name,
        memory_bytes=machine.memory_bytes,
        storages=machine.guest(key, inventory).storages,
    )
    called = str(machine.member.id)
    cards = tuple(
        NewCard(device=device, network=network, address=addresses.get((called, device)))
        for device, network in machine.networks.items()
    )
    role = machine.member.role or machine.member.name
    told = machine.member.network_config
    return Arrival(housed=housed, member=role, cards=cards, network_config=told, called=called)
