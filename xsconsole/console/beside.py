"""The other pools that the home of a console is connected to, by the names that people call them."""

from xsconsole.console.door import Console
from xsconsole.console.pools import Pools
from xsconsole.console.rights import verb_of
from xsconsole.domain.ids import Uuid
from xsconsole.domain.naming import shortened
from xsconsole.engine.commands import Plannable, Relocate, Settle
from xsconsole.errors import Ambiguous, NotFound, NotPermitted


def pools_beside(console: Console) -> tuple[Console, ...]:
    """Return the consoles of the other pools that there is a connection to."""
    every = console.abroad if isinstance(console.abroad, Pools) else ()
    return tuple(one for one in every if one is not console)


def find_pool(console: Console, name: str) -> Uuid:
    """Return the pool with this uuid or name: this console's own, or one beside it.

    Raises:
        NotFound, Ambiguous: with the choices.
    """
    known = [one.identity for one in (console, *pools_beside(console)) if one.identity is not None]
    found = [one for one in known if one.pool == name] or [one for one in known if one.pool_name == name]
    if len(found) == 1:
        return found[0].pool
    if found:
        raise Ambiguous(
            reason=f"{len(found)} pools are called “{shortened(name)}”.",
            mend="Name it by its uuid.",
            choices=tuple(one.pool for one in found),
        )
    raise NotFound(
        reason=f"There is no connection to a pool called “{shortened(name)}”.",
        mend="Name its address with `--also` too, or another pool that is connected.",
        choices=tuple(shortened(one.pool_name) for one in known),
    )


def denial_at(console: Console, command: Plannable | Settle) -> NotPermitted | None:
    """Return why the log-in at a console's pool, or at the one that the command leads to, may not do it."""
    leads_to = command.pool if isinstance(command, Relocate) else None
    others = (one for one in pools_beside(console) if one.identity is not None and one.identity.pool == leads_to)
    denials = (one.denial(verb_of(command)) for one in (console, *others))
    return next((denial for denial in denials if denial is not None), None)
