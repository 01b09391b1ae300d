"""Workflows with more in them than the default one, and a way to put one on a pool without a console."""

import msgspec
from embedded import EmbeddedPool

from xsconsole.domain.poolstate import workflow_stem
from xsconsole.domain.workflow import Workflow, default_workflow, to_stored
from xsconsole.domain.workflow.gates import Gate


def guarded(*gates: Gate, soak_s: int = 0) -> Workflow:
    """The default workflow in its second version, with gates and a soak time on the way to production."""
    workflow = default_workflow()
    ways = tuple(
        msgspec.structs.replace(way, gates=gates, soak_s=soak_s) if way.id == "staging-to-production" else way
        for way in workflow.transitions
    )
    return msgspec.structs.replace(workflow, version=2, transitions=ways)


def put_on(pool: EmbeddedPool, workflow: Workflow) -> None:
    """Let it stand on the pool as its newest version."""
    with pool.plain_session() as session:
        ref = session.xenapi.pool.get_all()[0]
        key = f"{workflow_stem(workflow.id)}.{workflow.version}"
        session.xenapi.pool.add_to_other_config(ref, key, to_stored(workflow))
