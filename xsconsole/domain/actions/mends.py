"""The action that brings fields of a machine back. Some of them are written together."""

import msgspec

from xsconsole.domain.ids import Uuid

Value = bool | int | float | str | tuple[str, ...] | None
"""Of a field, or of one key of a map; None: there is no such key."""

MEMORY = ("memory_static_min_bytes", "memory_dynamic_min_bytes", "memory_dynamic_max_bytes", "memory_static_max_bytes")
"""As XAPI demands that they rise."""
PROCESSORS = ("vcpus_max", "vcpus_at_startup")
MAPS = frozenset({"boot_params", "platform", "other_config", "vcpus_params"})


class MendedField(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a machine, or a key of a map: what it becomes, and what it was. None: there is no such key."""

    field: str
    key: str = ""
    value: Value
    original: Value


class MendFields(msgspec.Struct, frozen=True, kw_only=True, tag="mend"):
    """Write fields of `vm`, together because some depend on others. Inverse: write the originals."""

    vm: Uuid
    fields: tuple[MendedField, ...]

    @property
    def reversed(self) -> tuple[MendedField, ...]:
        """Return what puts all of them back."""
        return tuple(
            MendedField(field=one.field, key=one.key, value=one.original, original=one.value) for one in self.fields
        )


class SetFields(MendFields, frozen=True, kw_only=True, tag="set-fields"):
    """Write fields of `vm` as somebody wants them. Inverse: as of mending."""
