"""Actions of plans that make templates of the library and say what they are of. Any console can go on with them."""

import msgspec

from xsconsole.domain.actions.stowing import StowCopy
from xsconsole.domain.ids import BlueprintId, StepKey


class KeepTemplate(StowCopy, frozen=True, kw_only=True, tag="keep-template"):
    """Make of a copy a template of the library, which nobody destroys by mistake. No inverse: it goes with the copy.

    `mark` is the text of a `TemplateMark` in which the uuid is not filled in.
    """

    mark: str


class KeepArrived(KeepTemplate, frozen=True, kw_only=True, tag="keep-arrived"):
    """The same of what was exported from another pool, whose networks stay there: it has no interfaces.

    Who makes a machine of it says where that is on the network.
    """


class WriteBlueprint(msgspec.Struct, frozen=True, kw_only=True, tag="blueprint"):
    """Write a version of a blueprint to the pool. Inverse: remove it.

    `document` is its text, in which no template is filled in: `templates` are the steps that make them, by member.
    `freeze` is the step that knows when the machines were frozen; None: they were off.
    """

    blueprint: BlueprintId
    version: int
    document: str
    templates: dict[str, StepKey]
    freeze: StepKey | None = None


class VerifyTemplates(msgspec.Struct, frozen=True, kw_only=True, tag="verify-templates"):
    """Compare the templates and the document with the plan. No effect, no inverse."""

    templates: tuple[StepKey, ...]


CaptureAction = KeepTemplate | KeepArrived | WriteBlueprint | VerifyTemplates
