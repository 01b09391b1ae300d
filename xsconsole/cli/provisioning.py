"""The verb `provision`: configurations of a blueprint, one or many, all or those that stand."""

import argparse
from collections.abc import Mapping

from xsconsole.cli import output
from xsconsole.cli.acting import confirm, on_record, see_through, status_of
from xsconsole.cli.asking import print_plan
from xsconsole.cli.batching import confirm_batch, print_batch
from xsconsole.cli.fence_parser import by_card
from xsconsole.cli.session import connected, published, until
from xsconsole.console import Batch, Console, RunState, blueprint_to_provision, is_signed, planned_together, read_values
from xsconsole.domain.batch import PartState
from xsconsole.domain.given_ids import made_by
from xsconsole.domain.naming import find_stage, find_storage
from xsconsole.domain.workflow import Method
from xsconsole.engine.commands import Confirmed, Provision, Together
from xsconsole.engine.provisions.orders import NAME_PATTERN, VERSION_PATTERN, ProvisionOrder, provisions_of
from xsconsole.errors import Refused

SHOWN_TIMEOUT_S = 5.0


async def provision(options: argparse.Namespace) -> int:
    """Fill the blueprint in, plan, say what it will do, and see it through to its end."""
    rows = await read_values(options.values) if options.values else ({},)
    if options.times is not None and len(rows) > 1:
        raise Refused(
            reason=f"The file has values for {len(rows)} configurations, and --times says how many are alike.",
            mend="Leave --times out, or give the values of one.",
        )
    given = dict(options.set)
    rows = tuple({**row, **given} for row in rows) * (options.times or 1)
    async with connected(options, is_reading=options.dry_run) as console, on_record(console, options):
        together = _together(console, rows, options)
        if options.keep_what_stands:
            return await _several(console, together, options)
        return await _whole(console, together, options)


def _together(console: Console, rows: tuple[Mapping[str, object], ...], options: argparse.Namespace) -> Together:
    assert console.identity is not None, "it is connected"
    blueprint = blueprint_to_provision(console, options.name, options.at_version)
    order = ProvisionOrder(
        blueprint=blueprint,
        is_signed=is_signed(blueprint),
        target=find_stage(published(console), options.stage).id,
        rows=rows,
        service=options.service,
        version=options.version or VERSION_PATTERN,
        name=options.called or NAME_PATTERN,
        is_whole=not options.keep_what_stands,
        method=Method(options.method),
        sr=find_storage(console.inventory, options.sr).uuid if options.sr else None,
        reason=options.reason,
        addresses=by_card(options.address),
    )
    return provisions_of(order, console.board, console.identity.pool)


async def _whole(console: Console, together: Together, options: argparse.Namespace) -> int:
    (command,) = together.commands
    assert isinstance(command, Provision)
    plan = console.plan(command)
    if options.dry_run:
        return print_plan(console, plan, options)
    await console.demand_rights(command)
    confirm(console, plan, options)
    run = await console.do(Confirmed(command=command, digest=plan.digest))
    made = made_by(status_of(console, run).plan.intent)
    status = await see_through(console, run, options, RunState.DONE, {"configurations": list(made)})
    if status == 0 and not options.json and len(made) > 1:
        await until(console, lambda: set(made) <= console.board.cards.keys(), SHOWN_TIMEOUT_S)
        named = zip(command.newcomers, made, strict=True)
        output.print_table(("CONFIGURATION", "ID"), [(output.cell(one.name, 60), id_) for one, id_ in named])
    return status


async def _several(console: Console, together: Together, options: argparse.Namespace) -> int:
    planned = planned_together(console, together)
    if options.dry_run:
        print_batch(planned, console, options)
        return 1 if planned.refused else 0
    await console.demand_rights(together.commands[0])
    options.go_on = True
    confirm_batch(planned, console, options)
    ended = await Batch(console, console.requests, together, planned, lambda _: None, goes_on=True).carry_out()
    print_batch(ended, console, options)
    return 0 if {part.state for part in ended.parts} == {PartState.DONE} else 1
