"""What a designer did to a draft, step by step: snapshots with labels, so that undo and redo can name what they do."""

from dataclasses import dataclass, replace

from xsconsole.domain.workflow.values import Workflow

LONGEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One gesture: what it is called, and the workflow after it. Steps in a row with the same `merge` are one."""

    label: str
    workflow: Workflow
    merge: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Immutable: `do`, `undo` and `redo` return another. `base` is the workflow before the first step kept."""

    base: Workflow
    done: tuple[Step, ...] = ()
    undone: tuple[Step, ...] = ()  # the next to redo is the last

    @property
    def workflow(self) -> Workflow:
        return self.done[-1].workflow if self.done else self.base

    @property
    def before(self) -> Workflow:
        """The workflow before the last step."""
        return self.done[-2].workflow if len(self.done) > 1 else self.base

    @property
    def undo_label(self) -> str | None:
        return self.done[-1].label if self.done else None

    @property
    def redo_label(self) -> str | None:
        return self.undone[-1].label if self.undone else None

    def do(self, label: str, workflow: Workflow, *, merge: str = "") -> "History":
        """Add a step; one that changes nothing is none, nor are merged ones that end where they began.

        What was undone cannot be redone any more.
        """
        if workflow == self.workflow:
            return self
        step = Step(label=label, workflow=workflow, merge=merge)
        if merge and self.done and self.done[-1].merge == merge and not self.undone:
            if workflow == self.before:
                return replace(self, done=self.done[:-1])
            return replace(self, done=(*self.done[:-1], step))
        done = (*self.done, step)
        if len(done) > LONGEST:
            return History(base=done[0].workflow, done=done[1:])
        return History(base=self.base, done=done)

    def undo(self) -> "History":
        if not self.done:
            return self
        return replace(self, done=self.done[:-1], undone=(*self.undone, self.done[-1]))

    def redo(self) -> "History":
        if not self.undone:
            return self
        return replace(self, done=(*self.done, self.undone[-1]), undone=self.undone[:-1])

    def settled(self) -> "History":
        """End the merging of steps: the next one stands for itself."""
        if not self.done:
            return self
        return replace(self, done=(*self.done[:-1], replace(self.done[-1], merge="")))
