"""What archives can be asked for, in files and in pools."""

from datetime import UTC, datetime

from xsconsole.domain.archive.keeping import is_due
from xsconsole.domain.archive.listing import Listed, texts_of
from xsconsole.domain.archive.standing import Pooled
from xsconsole.domain.folding import folded_lines
from xsconsole.domain.query.fields import Field, Kind, Schema

ARCHIVES: Schema[Listed] = Schema(
    words=lambda one: folded_lines(*texts_of(one)),
    fields=(
        Field(name="service", kind=Kind.TEXT, about="what it is of", get=lambda one: _of(one, "service")),
        Field(name="version", kind=Kind.TEXT, about="in which version", get=lambda one: _of(one, "version")),
        Field(name="stage", kind=Kind.TEXT, about="where it stood", get=lambda one: _of(one, "stage_name")),
        Field(name="pool", kind=Kind.TEXT, about="on which pool", get=lambda one: _of(one, "pool_name")),
        Field(name="who", kind=Kind.TEXT, about="who archived it", get=lambda one: _of(one, "actor")),
        Field(
            name="age",
            kind=Kind.AGE,
            about="how long ago it was frozen",
            get=lambda one: one.archive.frozen_at if one.archive else None,
        ),
        Field(
            name="size",
            kind=Kind.SIZE,
            about="how large it is",
            get=lambda one: float(one.archive.size_bytes) if one.archive else None,
        ),
        Field(
            name="is",
            kind=Kind.CHOICE,
            about="how it stands",
            get=lambda one: tuple(_standing(one)),
            choices=(
                "held",
                "unproven",
                "proven",
                "damaged",
                "restorable",
                "failed",
                "untried",
                "expired",
                "unreadable",
                "unfinished",
                "foreign",
                "filed",
                "pooled",
            ),
        ),
    ),
)


def is_bad(one: Listed) -> bool:
    """Return whether something of an archive is not as it was archived, as far as is known."""
    if isinstance(one, Pooled) and not one.is_whole:
        return True
    return (one.archive is None and not one.is_unfinished) or one.damaged_at is not None


def has_expired(one: Listed) -> bool:
    return is_due(one, datetime.now(UTC))


def _of(one: Listed, field: str) -> str | None:
    return getattr(one.archive, field) if one.archive is not None else None


def _standing(one: Listed) -> list[str]:
    if one.archive is None:
        return ["unfinished" if one.is_unfinished else "unreadable"]
    found = ["damaged" if is_bad(one) else "proven" if one.proven_at else "unproven"]
    found.append("failed" if one.proofs.failed else "restorable" if one.proofs.proven else "untried")
    found += ["held"] if one.held else ["expired"] if has_expired(one) else []
    found.append("pooled" if isinstance(one, Pooled) else "filed")
    return found + ([] if one.is_own else ["foreign"])
