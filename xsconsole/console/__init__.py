"""The one place that wires, and the only door that the window and the command line know."""

from xsconsole.console import fences
from xsconsole.console.archives import ArchiveRoom, Destination, folder_named
from xsconsole.console.batches import Batch, planned_together
from xsconsole.console.beside import find_pool, pools_beside
from xsconsole.console.door import Console
from xsconsole.console.drafts import drafts_alone, read_file, write_file
from xsconsole.console.drift_desk import (
    causes,
    changed_rule,
    drift_against,
    drifts_of,
    find_rule,
    keep_statement,
    recorded,
    rule_again,
    rule_for,
    since_of,
    state,
    statement_of,
    write_rule,
)
from xsconsole.console.drifting import Drifting
from xsconsole.console.estate.router import Estate
from xsconsole.console.fencing import Fencing
from xsconsole.console.history import past, present
from xsconsole.console.last_words import LastWords
from xsconsole.console.leftovers import runs_on
from xsconsole.console.library import BlueprintDraft, LibraryDesk, read_document, read_one, write_document
from xsconsole.console.outside import Outside, Unacknowledged, acknowledge, unacknowledged
from xsconsole.console.packages import PackageDesk, verify_package
from xsconsole.console.plan_files import read_plan
from xsconsole.console.pool_archives import PoolArchives
from xsconsole.console.pools import Pools
from xsconsole.console.provisioning import blueprint_to_provision, is_signed, library_on, usable_on
from xsconsole.console.publication.versions import KnownVersion, version_numbered
from xsconsole.console.queue_orders import entry_of, give_up_dead, queue_fact
from xsconsole.console.queueing import plan_as_if_free, plan_when_free
from xsconsole.console.refusals import record_refusal, record_unread
from xsconsole.console.requests.files import decide_apart, read_key, read_paper, write_key, write_paper
from xsconsole.console.stored_archives import known_archives
from xsconsole.console.texts import write_text
from xsconsole.console.value_files import read_values
from xsconsole.console.values import Connection, Right, Secret, Verb, goes_in_clear
from xsconsole.console.webhook import Failed
from xsconsole.domain.runs import RunState, RunStatus, Target
from xsconsole.engine.plans.batch import moves_to
from xsconsole.engine.provisions.orders import (
    NAME_PATTERN,
    VERSION_PATTERN,
    FilledRow,
    ProvisionOrder,
    fill_rows,
    provisions_from,
    provisions_of,
)

__all__ = [
    "NAME_PATTERN",
    "VERSION_PATTERN",
    "ArchiveRoom",
    "Batch",
    "BlueprintDraft",
    "Connection",
    "Console",
    "Destination",
    "Drifting",
    "Estate",
    "Failed",
    "Fencing",
    "FilledRow",
    "KnownVersion",
    "LastWords",
    "LibraryDesk",
    "Outside",
    "PackageDesk",
    "PoolArchives",
    "Pools",
    "ProvisionOrder",
    "Right",
    "RunState",
    "RunStatus",
    "Secret",
    "Target",
    "Unacknowledged",
    "Verb",
    "acknowledge",
    "blueprint_to_provision",
    "causes",
    "changed_rule",
    "decide_apart",
    "drafts_alone",
    "drift_against",
    "drifts_of",
    "entry_of",
    "fences",
    "fill_rows",
    "find_pool",
    "find_rule",
    "folder_named",
    "give_up_dead",
    "goes_in_clear",
    "is_signed",
    "keep_statement",
    "known_archives",
    "library_on",
    "moves_to",
    "past",
    "plan_as_if_free",
    "plan_when_free",
    "planned_together",
    "pools_beside",
    "present",
    "provisions_from",
    "provisions_of",
    "queue_fact",
    "read_document",
    "read_file",
    "read_key",
    "read_one",
    "read_paper",
    "read_plan",
    "read_values",
    "record_refusal",
    "record_unread",
    "recorded",
    "rule_again",
    "rule_for",
    "runs_on",
    "since_of",
    "state",
    "statement_of",
    "unacknowledged",
    "usable_on",
    "verify_package",
    "version_numbered",
    "write_document",
    "write_file",
    "write_key",
    "write_paper",
    "write_rule",
    "write_text",
]
