"""A stage: everything that can be said of it."""

from collections.abc import Iterable

from xsconsole.domain.fence.typed import tags_of
from xsconsole.domain.fence.values import FenceMode
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import SR, Host, Network, Pool
from xsconsole.domain.workflow import EntryAction, PoolObject, Stage, StageLease, Workflow
from xsconsole.domain.workflow.names import WORTH_BLOCKING, operation_name
from xsconsole.domain.workflow.values import LeaseEnd, NetworkEntry, VlanRange
from xsconsole.domain.workflow.wording import value_words
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow import steps
from xsconsole_ui.workflow.forms.editors import Colour, Flag, Number, Span, Words, fixed
from xsconsole_ui.workflow.forms.freeze_forms import freeze_list
from xsconsole_ui.workflow.forms.node import Change, Node
from xsconsole_ui.workflow.forms.rule_forms import group_list
from xsconsole_ui.workflow.forms.slots import Slot, of_stage
from xsconsole_ui.workflow.forms.spans import DAY_S
from xsconsole_ui.workflow.forms.surroundings import Surroundings
from xsconsole_ui.workflow.forms.writer import Writer

USUAL_LEASE_S = 14 * DAY_S


def stage_writer(stage: Stage) -> Writer:
    return Writer(owner=steps.named(stage.name), stage=stage.id)


def stage_sections(stage: Stage, draft: Workflow, around: Surroundings) -> tuple[Node, ...]:
    """Return the sections of a stage's form, without the ways out of it and into it."""
    writer, slot = stage_writer(stage), of_stage(stage.id)
    return (
        _about(writer, slot, stage, draft),
        _binding(writer, slot, stage, around),
        _networks(writer, slot, stage, draft, around),
        _limits(writer, slot.part("limits"), stage),
        _protection(writer, slot, stage),
        _lease(writer, slot, stage),
        freeze_list(writer, slot, stage.freezes),
        _actors(writer, slot, stage, draft),
    )


def _about(writer: Writer, slot: Slot, stage: Stage, draft: Workflow) -> Node:
    entries = fixed(*((entry, value_words("entry", entry, draft)) for entry in EntryAction))
    return writer.section(
        "about",
        tr("Stage"),
        (
            writer.field("name", tr("Name"), Words(value=stage.name), slot.set("name"), called=slot.renames),
            writer.field("colour", tr("Colour"), Colour(value=stage.colour), slot.set("colour")),
            writer.field(
                "description", tr("Description"), Words(value=stage.description, is_long=True), slot.set("description")
            ),
            writer.choice(
                "entry",
                tr("On entry"),
                stage.entry,
                entries,
                lambda workflow, value: slot.set("entry")(workflow, EntryAction(value)),
                called=tr("what happens on entry"),
            ),
            writer.field(
                "is_production",
                tr("Production"),
                Flag(value=stage.is_production),
                slot.set("is_production"),
                hint=tr("Users work with what stands here: it is what others are compared with."),
            ),
            writer.choice(
                "fence",
                tr("Fence"),
                stage.fence or "",
                fixed(
                    ("", value_words("fence", None, draft)),
                    *((mode, value_words("fence", mode, draft)) for mode in FenceMode),
                ),
                lambda workflow, value: slot.set("fence")(workflow, FenceMode(value) if value else None),
                hint=tr("What comes in stands in a fence that lets no more pass. Copies get one by themselves."),
                called=tr("the fence that is demanded"),
            ),
        ),
    )


def _binding(writer: Writer, slot: Slot, stage: Stage, around: Surroundings) -> Node:
    binding = slot.part("binding")

    def put_pool(workflow: Workflow, uuid: str) -> Workflow:
        # Objects of another pool mean nothing there.
        chosen = around.object(Pool, uuid)
        before = binding.get(workflow)
        if before.pool == chosen:
            return workflow
        return binding.put(workflow, type(before)(pool=chosen))

    def put_storage(workflow: Workflow, uuid: str) -> Workflow:
        return binding.set("sr")(workflow, around.object(SR, uuid))

    def put_tags(workflow: Workflow, text: str) -> Workflow:
        tags, before = _tags(text), binding.get(workflow).vlans
        if tags is not None and before is not None:
            tags = _over(tags, before.trunk)
        return binding.set("vlans")(workflow, tags)

    def put_trunk(workflow: Workflow, uuid: str) -> Workflow:
        tags = binding.get(workflow).vlans
        assert tags is not None, "only tags are carried"
        return binding.set("vlans")(workflow, _over(tags, around.object(Network, uuid)))

    pool, tags = stage.binding.pool, stage.binding.vlans
    trunk = (
        ()
        if tags is None
        else (
            writer.choice(
                "trunk",
                tr("Carried by"),
                tags.trunk.uuid if tags.trunk is not None else "",
                lambda: around.trunks(stage),
                put_trunk,
                path="binding.vlans",
                words=around.trunk_called(stage),
                hint=tr("The network of the cards or bonds to which the switches carry these tags."),
                called=tr("what carries the VLAN tags"),
            ),
        )
    )
    return writer.section(
        "binding",
        tr("Where it lives"),
        (
            writer.choice(
                "pool",
                tr("Pool"),
                pool.uuid if pool is not None else "",
                around.pools,
                put_pool,
                path="binding.pool",
                words=around.pool_called(pool),
                hint=tr("Another pool takes hosts, storage and networks of this stage out: they are the old pool's."),
            ),
            writer.choice(
                "sr",
                tr("Storage"),
                stage.binding.sr.uuid if stage.binding.sr is not None else "",
                lambda: around.storages(stage),
                put_storage,
                path="binding.sr",
                words=around.storage_called(stage),
                aside=lambda: around.space(stage),
            ),
            writer.field(
                "vlans",
                tr("VLAN tags"),
                Words(value=_tags_text(stage.binding.vlans), placeholder=tr("those of the pool; or such as 3000-3031")),
                put_tags,
                path="binding.vlans",
                hint=tr("Reserved for fences that are deployed here: each of their networks has a tag of its own."),
            ),
            *trunk,
            _hosts(writer, binding, stage, around),
        ),
    )


def _tags_text(tags: VlanRange | None) -> str:
    return f"{tags.first}-{tags.last}" if tags is not None else ""


def _tags(text: str) -> VlanRange | None:
    read = tags_of(text)
    return VlanRange(first=read[0], last=read[1]) if read is not None else None


def _over(tags: VlanRange, trunk: PoolObject | None) -> VlanRange:
    return VlanRange(first=tags.first, last=tags.last, trunk=trunk)


def _hosts(writer: Writer, binding: Slot, stage: Stage, around: Surroundings) -> Node:
    inventory = around.inventory_of(stage)
    chosen = {host.uuid: host for host in stage.binding.hosts}
    known = {option.key: option.words for option in around.hosts(stage)}
    names: dict[str, str] = dict(known)
    names.update((uuid, around.called(host, Host, inventory)) for uuid, host in chosen.items())
    flags = [_host(writer, binding, Uuid(uuid), name, stage, around) for uuid, name in names.items()]
    told = tr("any host") if not chosen else ", ".join(names[uuid] for uuid in chosen)
    if not flags:
        told = tr("any host; the pool is not connected")
    hint = tr("A preference (affinity): high availability and evacuation go past it, and drift is reported.")
    return writer.listing("hosts", tr("Preferred hosts"), flags, path="binding.hosts", words=told, hint=hint)


def _host(writer: Writer, binding: Slot, uuid: Uuid, name: str, stage: Stage, around: Surroundings) -> Node:
    def change(workflow: Workflow, is_in: object) -> Workflow:
        hosts: tuple[PoolObject, ...] = binding.get(workflow).hosts
        others = tuple(host for host in hosts if host.uuid != uuid)
        if bool(is_in) == (len(others) < len(hosts)):
            return workflow
        found = around.object(Host, uuid) or PoolObject(uuid=uuid)
        return binding.set("hosts")(workflow, (*others, found) if is_in else others)

    is_in = any(host.uuid == uuid for host in stage.binding.hosts)
    of_hosts = writer.part(tr("preferred hosts"))
    return of_hosts.field(
        uuid, name, Flag(value=is_in), change, path="binding.hosts", aside=lambda: around.memory(stage, uuid)
    )


def _networks(writer: Writer, slot: Slot, stage: Stage, draft: Workflow, around: Surroundings) -> Node:
    lost_names = [entry.logical for entry in stage.binding.networks if entry.logical not in draft.networks]
    rows = [network_field(writer, slot, stage, logical, around) for logical in (*draft.networks, *lost_names)]
    told = "" if rows else tr("The workflow has no logical networks")
    return writer.listing("networks", tr("Networks"), rows, path="binding.networks", words=told)


def network_field(
    writer: Writer, slot: Slot, stage: Stage, logical: str, around: Surroundings, *, key: str = "", name: str = ""
) -> Node:
    """Return the field that says which network of the stage's pool a logical network is."""
    entry = next((entry for entry in stage.binding.networks if entry.logical == logical), None)
    return writer.choice(
        key or logical,
        name or logical,
        entry.network.uuid if entry is not None else "",
        lambda: around.networks(stage),
        _put_network(slot.part("binding"), logical, around),
        path="binding.networks",
        words=around.network_called(stage, logical),
        called=tr("network {name}").format(name=logical),
    )


def _put_network(binding: Slot, logical: str, around: Surroundings) -> Change:
    def change(workflow: Workflow, uuid: str) -> Workflow:
        chosen = around.object(Network, uuid)
        entries: list[NetworkEntry] = list(binding.get(workflow).networks)
        at = next((at for at, entry in enumerate(entries) if entry.logical == logical), len(entries))
        entries[at : at + 1] = [] if chosen is None else [NetworkEntry(logical=logical, network=chosen)]
        return binding.set("networks")(workflow, tuple(entries))

    return change


def _limits(writer: Writer, limits: Slot, stage: Stage) -> Node:
    fields: Iterable[tuple[str, str, int | None, str]] = (
        ("configurations", tr("Configurations"), stage.limits.configurations, tr("most configurations")),
        ("running", tr("Running at once"), stage.limits.running, tr("most running at once")),
        ("per_service", tr("Of one service"), stage.limits.per_service, tr("most of one service")),
    )
    return writer.section(
        "limits",
        tr("Most it takes"),
        [
            writer.field(
                key,
                name,
                Number(value=value, none=tr("any number")),
                limits.set(key),
                path=f"limits.{key}",
                called=called,
            )
            for key, name, value, called in fields
        ],
        path="limits",
    )


def _protection(writer: Writer, slot: Slot, stage: Stage) -> Node:
    known = operations()
    others = {operation: operation for operation in stage.protection if operation not in known}
    of_protection = writer.part(tr("protection"))
    flags = [
        of_protection.field(
            operation,
            name,
            Flag(value=operation in stage.protection),
            slot.member("protection", operation),
            path="protection",
            hint=operation,
        )
        for operation, name in {**known, **others}.items()
    ]
    names = [{**known, **others}[operation].lower() for operation in stage.protection]
    told = tr("no operation is blocked") if not names else tr("blocked: {names}").format(names=", ".join(names))
    return writer.listing("protection", tr("Protection"), flags, words=told)


def operations() -> dict[str, str]:
    """Return the operations of XAPI that are worth blocking on members, with their words."""
    return {operation: operation_name(operation) for operation in WORTH_BLOCKING}


def _lease(writer: Writer, slot: Slot, stage: Stage) -> Node:
    def put_duration(workflow: Workflow, duration_s: int | None) -> Workflow:
        before: StageLease | None = slot.get(workflow).lease
        at_end = before.at_end if before is not None else LeaseEnd.TELL
        lease = None if duration_s is None else StageLease(duration_s=duration_s, at_end=at_end)
        return slot.set("lease")(workflow, lease)

    def put_end(workflow: Workflow, end: str) -> Workflow:
        before: StageLease | None = slot.get(workflow).lease
        duration_s = before.duration_s if before is not None else USUAL_LEASE_S
        return slot.set("lease")(workflow, StageLease(duration_s=duration_s, at_end=LeaseEnd(end)))

    lease = stage.lease
    fields = [
        writer.field(
            "duration_s",
            tr("May stay for"),
            Span(value=lease.duration_s if lease is not None else None, none=tr("any time")),
            put_duration,
            path="lease",
            called=tr("lease"),
        )
    ]
    if lease is not None:
        ends = fixed(
            (LeaseEnd.TELL, tr("tell everybody")),
            (LeaseEnd.STOP, tr("stop the machines")),
            (LeaseEnd.ARCHIVE, tr("archive it")),
        )
        fields.append(
            writer.choice(
                "at_end", tr("Then"), lease.at_end, ends, put_end, path="lease", called=tr("end of the lease")
            )
        )
    return writer.section("lease", tr("Lease"), fields, path="lease")


def _actors(writer: Writer, slot: Slot, stage: Stage, draft: Workflow) -> Node:
    everybody = tr("everybody whose role suffices")
    of_actors = writer.part(tr("who may act"))
    return group_list(of_actors, slot, "actors", tr("Who may act"), stage.actors, draft, everybody)
