"""What is selected in a list of objects, as a value that everybody understands."""

from dataclasses import dataclass
from typing import NamedTuple

from xsconsole.domain.ids import Ref


class ObjectName(NamedTuple):
    """An object of the pool: its class, by the name `event.from` gives it, and its reference."""

    class_name: str
    ref: Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The selected objects, each once, from top to bottom; and the one the keyboard is on, where it is one."""

    objects: tuple[ObjectName, ...] = ()
    current: ObjectName | None = None

    def refs(self, class_name: str) -> tuple[Ref, ...]:
        return tuple(chosen.ref for chosen in self.objects if chosen.class_name == class_name)


NOTHING_SELECTED = Selection()
