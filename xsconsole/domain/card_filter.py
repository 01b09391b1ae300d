"""What configurations can be asked for."""

from xsconsole.domain.arrangement import owner_of
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.folding import folded_lines
from xsconsole.domain.naming import full_name
from xsconsole.domain.query.fields import Field, Kind, Schema

CARDS: Schema[Card] = Schema(
    words=lambda card: folded_lines(card.name, card.service, full_name(card), card.id),
    fields=(
        Field(name="name", kind=Kind.TEXT, about="its name", get=lambda card: card.name, example="name:shop*"),
        Field(
            name="service",
            kind=Kind.TEXT,
            about="its service",
            get=lambda card: card.service,
            example="service:shop",
        ),
        Field(
            name="version",
            kind=Kind.TEXT,
            about="its version",
            get=lambda card: card.version,
            example="version>=1.3",
        ),
        Field(
            name="stage",
            kind=Kind.TEXT,
            about="the stage it stands in",
            get=lambda card: card.stage,
            example="stage:production",
        ),
        Field(
            name="standing",
            kind=Kind.CHOICE,
            about="what it is right now",
            get=lambda card: card.standing,
            choices=tuple(Standing),
        ),
        Field(
            name="member",
            kind=Kind.TEXT,
            about="the name of one of its members",
            get=lambda card: tuple(member.name for member in card.members),
            example="member:web-1",
        ),
        Field(
            name="owner",
            kind=Kind.TEXT,
            about="the log-in that made it or brought it where it stands",
            get=lambda card: owner_of(card, None),
            example="owner:alice",
        ),
        Field(name="members", kind=Kind.NUMBER, about="how many members it has", get=lambda card: len(card.members)),
    ),
)
