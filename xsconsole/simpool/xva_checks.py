"""Whether a file may be imported here at all."""

from collections.abc import Mapping
from typing import Any

from xsconsole.simpool.database import Database
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.xva_objects import version_numbers
from xsconsole.simpool.xva_reader import Description


def assert_compatible(pool: Pool, description: Description) -> None:
    """Refuse what a newer xapi has written.

    Raises:
        XapiError: IMPORT_INCOMPATIBLE_VERSION.
    """
    if description.version > version_numbers(pool.db.get("host", pool.coordinator, "software_version")):
        raise XapiError("IMPORT_INCOMPATIBLE_VERSION")


def assert_restorable(db: Database, description: Description) -> None:
    """Refuse to restore a VM whose addresses some other VM would share.

    Raises:
        XapiError: DUPLICATE_MAC_SEED.
    """
    there = [row for _, row in db.rows("VM") if "mac_seed" in row["other_config"]]
    for exported in description.of("VM"):
        seed = exported.fields["other_config"].get("mac_seed")
        coming = _origin(exported.fields, {one.id: one.fields["uuid"] for one in description.of("VM")})
        for row in there:
            if row["other_config"]["mac_seed"] == seed and _origin(row, _uuids(db, row)) != coming:
                raise XapiError("DUPLICATE_MAC_SEED", seed)


def _origin(fields: Mapping[str, Any], uuids: Mapping[str, str]) -> str:
    """Return the uuid of a VM, or for a snapshot that of the VM it was taken of."""
    return str(uuids.get(fields["snapshot_of"], "")) if fields["is_a_snapshot"] else str(fields["uuid"])


def _uuids(db: Database, row: Mapping[str, Any]) -> Mapping[str, str]:
    origin = row["snapshot_of"]
    return {origin: db.get("VM", origin, "uuid")} if db.exists("VM", origin) else {}
