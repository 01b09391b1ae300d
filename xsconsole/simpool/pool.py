"""One simulated pool: its data, its time and who uses it."""

import random
from collections.abc import Callable

from xsconsole.simpool.audit_log import AuditLog
from xsconsole.simpool.clock import Clock
from xsconsole.simpool.database import Database
from xsconsole.simpool.depot import Depot
from xsconsole.simpool.errands import Errands
from xsconsole.simpool.events import Registration
from xsconsole.simpool.faults import Faults
from xsconsole.simpool.identities import Identities
from xsconsole.simpool.model import Model
from xsconsole.simpool.neighbours import Neighbours
from xsconsole.simpool.sessions import Sessions
from xsconsole.simpool.tasks import Tasks
from xsconsole.simpool.traffic import MEMORY_BYTES_PER_S, Traffic
from xsconsole.simpool.versions import NEWEST, RELEASES, Release, model_of

Refresh = Callable[["Pool", str, str], None]


class Pool:
    """Everything of one pool. Of the other pools of its process it knows where they are, and nothing else."""

    def __init__(
        self,
        model: Model,
        *,
        clock: Clock,
        seed: int,
        refresh: Refresh,
        life: int = 0,
        subnet: str = "127.0.0",
        release: Release = RELEASES[NEWEST],
        depot: Depot | None = None,
    ) -> None:
        """Make an empty pool. `life` differs each time that a pool is read from a file, so that no name comes twice.

        `subnet` is what the addresses of its hosts begin with; the model is the newest one, whatever the `release`.
        """
        self.release = release
        self.subnet = subnet
        self.model = model = model_of(release, model)
        self.clock = clock
        self.seed = seed
        self.identities = Identities(f"{seed}:{life}" if life else seed)
        self.random = random.Random(f"{seed}:{life}" if life else seed)
        self.db = Database(model, self.identities)
        self.sessions = Sessions(self.db, clock)
        self.tasks = Tasks(self.db, clock)
        self.faults = Faults(seed)
        self.traffic = Traffic()
        self.memory_traffic = Traffic(bytes_per_s=MEMORY_BYTES_PER_S)
        self.neighbours = Neighbours(pools=[self])
        self.migrations: set[str] = set()
        """The tasks of the VMs that are on their way with their storage."""
        self.depot = depot or Depot()
        self.audit = AuditLog(self.db, clock, self.depot)
        self.began = clock.now()
        self.queueing = 0
        """How many calls wait until others are over."""
        self.revocations: set[str] = set()
        """The lists of certificates no longer trusted, by name."""
        self.pristine: set[str] = set()
        """The disks in which nothing can have been written since they were branched off."""
        self.origins: dict[str, str] = {}
        """Where clients reach each host, by scheme, address and port, once they can."""
        self.viewers: dict[str, list[str]] = {}
        """Who looks at the console of which VM."""
        self.plugin_calls: dict[str, float] = {}
        """When the agent of a guest was last asked for something, by the clock that only goes forward."""
        self.errands = Errands()
        self.registrations: dict[str, Registration] = {}
        self._refresh = refresh

    def begin(self) -> None:
        """Say that the pool is made, and that everything in it has been there for long."""
        self.began = self.clock.now()

    @property
    def ref(self) -> str:
        """The reference of the one `pool` object."""
        return self.db.refs("pool")[0]

    @property
    def coordinator(self) -> str:
        """The reference of the host that answers."""
        return str(self.db.get("pool", self.ref, "master"))

    def forget_clients(self) -> None:
        """End all sessions and tasks, as a restart of the toolstack does."""
        self.sessions.forget_all()
        self.tasks.forget_all()
        self.registrations.clear()

    def refresh_allowed_operations(self, cls: str, ref: str) -> None:
        """Compute `allowed_operations` anew after a change that bears on them."""
        self._refresh(self, cls, ref)
