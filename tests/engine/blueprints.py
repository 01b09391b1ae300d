"""A blueprint of two machines, over templates of the pool of values, and what is asked for with it."""

from collections.abc import Mapping
from dataclasses import replace

from tests.engine.desks import Desk
from tests.engine.memory_pool import GIB, MemoryPool
from xsconsole.domain.blueprint.values import (
    Blueprint,
    Disk,
    Interface,
    Member,
    Parameter,
    ParameterKind,
    Reference,
)
from xsconsole.domain.board import Card
from xsconsole.domain.ids import BlueprintId, ConfigurationId, StageId
from xsconsole.domain.inventory import VM
from xsconsole.domain.poolstate import Origin
from xsconsole.engine.archives.return_checks import card_to_be
from xsconsole.engine.commands import Provision, Together
from xsconsole.engine.provisions.orders import ProvisionOrder, provisions_of

USER_DATA = "#cloud-config\nfqdn: {{ customer }}.example\n"


def templates(pool: MemoryPool) -> tuple[VM, VM]:
    """Make two templates of what was added as machines: one with a network interface."""
    front = pool.add_network("front")
    pool.add_network("back")
    db, web = pool.add_vm("golden-db"), pool.add_vm("golden-web")
    pool.plug(web.uuid, front)
    found = [pool.change(vm.uuid, is_a_template=True, domain_type="hvm") for vm in (db, web)]
    return found[0], found[1]


def blueprint(pool: MemoryPool) -> Blueprint:
    db, web = templates(pool)
    return Blueprint(
        id=BlueprintId("b1"),
        name="Web shop",
        version=3,
        service="webshop",
        parameters=(
            Parameter(name="customer", kind=ParameterKind.TEXT),
            Parameter(name="cpus", kind=ParameterKind.INTEGER, default=2, least=1, most=8),
            Parameter(name="size", kind=ParameterKind.SIZE, default=20 * GIB),
            Parameter(name="address", kind=ParameterKind.ADDRESS, required=False),
        ),
        networks=("front", "back"),
        members=(
            Member(
                id="db",
                name_pattern="{{ customer }}-db-{{ number }}",
                role="db",
                template=db.uuid,
                memory=4 * GIB,
                disks=(
                    Disk(position=0, role="system"),
                    Disk(position=5, role="data", size=Reference(parameter="size"), name="data", is_new=True),
                ),
                interfaces=(Interface(device=0, network="back"),),
                order=0,
                start_delay=5,
            ),
            Member(
                id="web",
                name_pattern="{{ customer }}-web-{{ number }}",
                role="web",
                template=web.uuid,
                vcpus=Reference(parameter="cpus"),
                disks=(Disk(position=0, role="system", size=Reference(parameter="size")),),
                interfaces=(Interface(device=0, network="back"), Interface(device=1, network="front")),
                order=1,
                user_data=USER_DATA,
            ),
        ),
    )


def asked(desk: Desk, made_of: Blueprint, *rows: Mapping[str, object], **fields: object) -> Together:
    order = ProvisionOrder(blueprint=made_of, target=StageId("integration"), rows=rows)
    order = replace(order, **fields)  # type: ignore[arg-type]
    return provisions_of(order, desk.board, desk.pool.pool.uuid)


def provision(desk: Desk, made_of: Blueprint, *rows: Mapping[str, object], **fields: object) -> Provision:
    (command,) = asked(desk, made_of, *rows, **fields).commands
    assert isinstance(command, Provision)
    return command


def numbered(made_of: Blueprint, number: int) -> Card:
    """Return the card of a configuration of a blueprint that has this number."""
    card = card_to_be(ConfigurationId(f"{made_of.id}-{number}"), "it", "webshop", "1", StageId("integration"))
    origin = Origin(
        configuration=card.id,
        name=made_of.name,
        stage=StageId(""),
        revision=1,
        method="copy",
        blueprint=made_of.id,
        number=number,
    )
    return replace(card, origin=origin)
