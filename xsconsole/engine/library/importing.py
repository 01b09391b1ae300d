"""The plan of an import: templates of the machines in a file, off every network, and their blueprint."""

from collections.abc import Mapping

import msgspec

from xsconsole.domain.actions.archives import CheckPackage, ImportTemplate
from xsconsole.domain.actions.captures import KeepArrived, VerifyTemplates, WriteBlueprint
from xsconsole.domain.blueprint import Blueprint, Template, check, from_stored, to_json, to_stored
from xsconsole.domain.blueprint.findings import findings
from xsconsole.domain.blueprint.namesakes import namesakes
from xsconsole.domain.blueprint.package import Opened, PackedTemplate
from xsconsole.domain.blueprint.standing import blueprint_key, blueprint_stem, blueprint_thing, next_version
from xsconsole.domain.blueprint.templates import BLOCKED, TemplateMark, mark_text
from xsconsole.domain.board import Board
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import SR, Inventory
from xsconsole.domain.naming import ID_BEGINNING, shortened
from xsconsole.domain.plan import Estimate, Intent, Plan, RunKind
from xsconsole.domain.poolstate import numbers
from xsconsole.domain.words import count, size
from xsconsole.engine.archives.return_checks import demand_version, storage_named
from xsconsole.engine.archives.returning import CHECK_S, FIT_S, IMPORT_S, READ_BYTES_PER_S
from xsconsole.engine.commands import Capture, ImportBlueprint
from xsconsole.engine.library.capturing import TO_BE_MADE, plan_capture
from xsconsole.engine.library.room import demand_room_for
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.steps import Steps
from xsconsole.engine.plans.vouching import vouching
from xsconsole.errors import Refused


def plan_of_library(command: Capture | ImportBlueprint, board: Board, inventory: Inventory, actor: str) -> Plan:
    """Return what brings something into the library; raises `Refused` where nothing can."""
    if isinstance(command, Capture):
        return plan_capture(command, board, inventory, actor)
    return plan_import(command, board, inventory)


def plan_import(command: ImportBlueprint, board: Board, inventory: Inventory) -> Plan:
    """Verify all of the file, make every template of it, then write the document; all of it or nothing.

    The version keeps its number where that is free and none is higher, and is the next one otherwise.

    Raises:
        Refused: it is there already, or cannot come here, and why.
    """
    workflow, opened = rules.workflow_of(board), command.opened
    package = opened.package
    keys = inventory.pool.other_config if inventory.pool is not None else {}
    demand_version(package, inventory, "exported")
    _demand_new(opened, keys)
    sr = storage_named(command.sr, inventory)
    blueprint = _document(opened, keys)
    space = {sr.uuid: sum(template.virtual_bytes for template in package.templates)}
    warnings = capacity.demand_space(inventory, space, "The templates", claims_on(board).space)
    intent = Intent(
        kind=RunKind.IMPORT,
        configuration=command.configuration,
        name=blueprint.name,
        service="",
        workflow=workflow.id,
        workflow_version=workflow.version,
    )
    leases = rules.leases_for(command.configuration, "", ())
    vouched = vouching(package.key, package.console_name, workflow, is_own=command.is_own)
    return Plan(
        intent=intent,
        steps=_steps(command, blueprint, sr).all,
        leases=tuple(sorted({*leases, blueprint_thing(blueprint.id)})),
        warnings=(*_sentences(opened, blueprint, sr, keys), *vouched, *warnings),
        asks=True,
    )


def _demand_new(opened: Opened, keys: Mapping[str, str]) -> None:
    """Refuse what stands here already: as itself, or as what was imported of it before.

    Raises:
        Refused: which version it is; or one that stands here cannot be read.
    """
    id_, known = opened.package.blueprint, set(opened.imported.digests)
    for version in numbers(keys, blueprint_stem(id_)):
        standing = from_stored(keys[blueprint_key(id_, version)])
        earlier = standing.imported.digests if standing.imported is not None else ()
        if known & {standing.digest, *earlier}:
            raise Refused(
                reason=f"Nothing is new: version {version} of “{shortened(standing.name, 60)}” is what the file holds.",
                mend="Use that one; or retire it, then import the file.",
            )


def _document(opened: Opened, keys: Mapping[str, str]) -> Blueprint:
    """Return the version that is to be written, in which the templates are not filled in.

    Raises:
        Refused: there would be an error in it, or no room for it.
    """
    was, package = opened.blueprint, opened.package
    version = max(was.version, next_version(keys, was.id))
    members = tuple(
        msgspec.structs.replace(
            member,
            template=TO_BE_MADE,
            template_name=_called(was.name, version, _packed(opened, member.template)),
        )
        for member in was.members
    )
    made = msgspec.structs.replace(
        was, version=version, members=members, imported=opened.imported, author="", at=None, signature=None
    )
    there = {
        template.vm: Template(
            uuid=template.vm,
            name=template.name,
            is_template=True,
            disks={int(position): size_bytes for position, size_bytes in template.disks.items()},
            interfaces=(),
        )
        for template in package.templates
    }
    error = next((one for one in findings(was, there) if one.is_error), None)
    if error is not None:
        raise Refused(reason=error.sentence, mend="Mend it where it was exported, then export it again.")
    check(made)
    demand_room_for(keys, len(to_stored(made)))
    return made


def _packed(opened: Opened, vm: Uuid) -> PackedTemplate:
    return next(template for template in opened.package.templates if template.vm == vm)


def _called(name: str, version: int, template: PackedTemplate) -> str:
    return f"{shortened(name, 50)} {version} · {shortened(template.role, 40)}"


def _steps(command: ImportBlueprint, blueprint: Blueprint, sr: SR) -> Steps:
    opened, steps = command.opened, Steps()
    package = opened.package
    verifying = CheckPackage(package=str(command.file), document=opened.document)
    reading = Estimate(seconds=CHECK_S + package.size_bytes / READ_BYTES_PER_S)
    checked = steps.add(verifying, blueprint.name, (), reading)
    made: dict[Uuid, StepKey] = {}
    for template in package.templates:
        part, name = package.part(template.file), _called(blueprint.name, blueprint.version, template)
        bring = ImportTemplate(
            package=str(command.file),
            file=template.file,
            sha256=part.sha256,
            name=name,
            arrives_as=template.name,
            sr=sr.uuid,
            vm=template.vm,
        )
        seconds, taken = IMPORT_S + part.size_bytes / READ_BYTES_PER_S, template.virtual_bytes
        made[template.vm] = steps.add(
            bring, name, [checked], Estimate(seconds=seconds, bytes=taken, space={sr.uuid: taken})
        )
    # Networks that an import made are taken away with the last interface: nothing may be arriving on them then.
    kept = [_add_keeping(steps, blueprint, template, made) for template in package.templates]
    writing = WriteBlueprint(
        blueprint=blueprint.id,
        version=blueprint.version,
        document=to_json(blueprint).decode(),
        templates={member.id: made[member.template] for member in opened.blueprint.members},
    )
    written = steps.add(writing, blueprint.name, kept)
    steps.add(VerifyTemplates(templates=tuple(made.values())), blueprint.name, [written])
    return steps


def _add_keeping(steps: Steps, blueprint: Blueprint, template: PackedTemplate, made: Mapping[Uuid, StepKey]) -> StepKey:
    name = _called(blueprint.name, blueprint.version, template)
    action = KeepArrived(
        copy=made[template.vm],
        name=name,
        order=template.order,
        start_delay_s=template.start_delay_s,
        shutdown_delay_s=template.shutdown_delay_s,
        mark=mark_text(TemplateMark(vm=Uuid(""), blueprint=blueprint.id, role=template.role)),
        blocked=BLOCKED,
    )
    return steps.add(action, name, made.values(), Estimate(seconds=FIT_S))


def _sentences(opened: Opened, blueprint: Blueprint, sr: SR, keys: Mapping[str, str]) -> list[str]:
    package = opened.package
    taken = size(sum(template.virtual_bytes for template in package.templates))
    made = f"version {blueprint.version} of “{shortened(blueprint.name, 60)}”"
    found = [
        f"{count(len(package.templates), 'template')} and {made} are made, up to {taken} in "
        f"“{shortened(sr.name_label, 60)}”. It was version {package.version} in “{shortened(package.pool_name, 60)}”.",
        "The templates are on no network: the stage into which something is provisioned says on which it is.",
    ]
    if blueprint.version != package.version:
        found.append(f"There is a version {package.version} or a higher one of it already: this is the next.")
    if others := namesakes(keys, blueprint.id, blueprint.name):
        found.append(
            f"The library has another blueprint of that name, {others[0][:ID_BEGINNING]}: they are told apart by the "
            f"beginning of their ids, of this one {blueprint.id[:ID_BEGINNING]}."
        )
    return found
