"""What a pool keeps doing by itself as long as it is served."""

from xsconsole.simpool import failover, schedules
from xsconsole.simpool.pool import Pool


def begin(pool: Pool) -> None:
    """Begin it, at the pool's start and again with another coordinator; to be called on the loop that serves it."""
    pool.errands.start(schedules.follow(pool), "snapshot schedules")
    failover.begin(pool)
