"""What a card shows, and how it is painted."""

from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QFontMetricsF
from PySide6.QtWidgets import QApplication

from tests.ui.board_values import AT, PRODUCTION, STAGING, make_card, make_plan, stage, with_restore_point, with_run
from xsconsole.domain.board import Board, Standing
from xsconsole.domain.ids import RunId, StepKey, Uuid
from xsconsole.domain.plan import Disks
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.domain.workflow import default_workflow
from xsconsole_ui import theme
from xsconsole_ui.board.card_painter import CardPainter, place
from xsconsole_ui.board.faces import Tone, chips_of, face_of, told
from xsconsole_ui.workflow.live import load_of

pytestmark = pytest.mark.usefixtures("qapp")


def test_a_card_says_first_what_is_wrong_then_what_it_is() -> None:
    card = replace(make_card(at=PRODUCTION, standing=Standing.INCOMPLETE), missing=(Uuid("gone"),))

    chips = face_of(with_restore_point(card), stage(PRODUCTION), None).chips

    assert [chip.text.split(" ")[0] for chip in chips] == ["incomplete:", "protected", "restore"]
    assert chips[0].tone is Tone.BAD


def test_what_was_renamed_is_told_from_another_of_its_service_and_version() -> None:
    card = make_card()
    renamed = face_of(replace(card, name="Ann's lab"), stage(STAGING), None)

    assert (renamed.name, renamed.version, renamed.chips[0].text) == ("shop", "1.3.0", "Ann's lab")
    assert "Ann" in renamed.chips[0].whole
    assert face_of(card, stage(STAGING), None).chips == ()


def test_a_card_shows_at_most_three_chips() -> None:
    card = with_restore_point(with_run(make_card(at=PRODUCTION), by=None))

    assert len(face_of(card, stage(PRODUCTION), None).chips) == 3


def test_a_run_of_another_console_says_whose_it_is_and_how_far() -> None:
    face = face_of(with_run(make_card(), by="bob"), stage(STAGING), None)

    assert face.chips[0].text == "promoting: bob"
    assert face.progress == 0.165  # by the time that its steps take, as everywhere
    assert face.step == "Start shop-0"


@pytest.mark.parametrize(("disks", "word"), [(None, "giving way"), (Disks.SWAP, "coming back")])
def test_whose_place_a_run_takes_says_so_and_is_not_on_its_way(disks: Disks | None, word: str) -> None:
    old = make_card(at=PRODUCTION, version="1")
    new = with_run(make_card(version="2"), by="bob")
    assert new.run is not None
    record = new.run.record
    intent = msgspec.structs.replace(
        record.plan.intent, incumbent=old.id, disks=disks, source=STAGING, target=PRODUCTION
    )
    plan = msgspec.structs.replace(record.plan, intent=intent)
    run = replace(new.run, record=msgspec.structs.replace(record, plan=plan))
    old, new = replace(old, standing=Standing.RUNNING, run=run), replace(new, run=run)

    assert face_of(old, stage(PRODUCTION), None).chips[0].text == f"{word}: bob"
    assert intent.name in told(old, stage(PRODUCTION))
    load = load_of(Board(workflow=default_workflow(), cards={card.id: card for card in (old, new)}))
    assert load.running == {(STAGING, PRODUCTION): (new.name,)}


@pytest.mark.parametrize(("is_undoing", "pool"), [(False, "acme production"), (True, "acme")])
def test_what_a_run_has_in_two_pools_is_on_its_way_and_not_spread(*, is_undoing: bool, pool: str) -> None:
    card = with_run(make_card(), by="bob")
    card = replace(card, abroad=(("acme production", card.members),))
    assert card.run is not None
    assert "also in acme production" in [chip.text for chip in chips_of(card, stage(STAGING))]
    record = card.run.record
    intent = msgspec.structs.replace(record.plan.intent, pool_names=("acme", "acme production"))
    plan = msgspec.structs.replace(record.plan, intent=intent)
    record = msgspec.structs.replace(record, plan=plan, is_undoing=is_undoing)
    chips = [chip.text for chip in chips_of(replace(card, run=replace(card.run, record=record)), stage(STAGING))]

    assert f"on its way to {pool}" in chips
    assert "also in acme production" not in chips


def test_an_interrupted_run_shows_no_progress() -> None:
    face = face_of(with_run(make_card(), by=None), stage(STAGING), None)

    assert face.chips[0].text == "interrupted"
    assert face.progress is None


def test_a_run_of_this_console_shows_its_step_in_words() -> None:
    card = make_card()
    plan = make_plan(card)
    status = RunStatus(
        run=RunId("r1"),
        plan=plan,
        digest=plan.digest,
        state=RunState.UNDOING,
        started_at=AT,
        current=(StepKey("start"),),
        progress=0.25,
    )

    face = face_of(card, stage(STAGING), status)

    assert (face.progress, face.step) == (0.25, "Undoing: Start shop-0")
    waits = face_of(card, stage(STAGING), status, waits_for="acme production")
    assert waits.step == "Waiting for pool “acme production”: Undoing: Start shop-0"
    assert not waits.is_away  # the card's own pool is there


def test_the_tooltip_names_the_power_of_the_members_in_words() -> None:
    assert "1 running, 1 halted" in told(make_card(), stage(STAGING))


def test_a_long_name_makes_a_card_no_higher() -> None:
    short = face_of(make_card(), stage(STAGING), None)
    long = face_of(make_card("a-service-with-a-name" * 8, "1.0-with-a-long-version" * 4), stage(STAGING), None)

    assert place(long, 160).height == place(short, 160).height


@pytest.mark.parametrize("width", [100, 160, 400])
@pytest.mark.parametrize("pool", ["", "acme production"])
def test_no_chip_leaves_its_card_and_none_is_left_out(width: int, pool: str) -> None:
    card = replace(with_restore_point(make_card(at=PRODUCTION, standing=Standing.INCONSISTENT)), problems=("x",))
    face = face_of(card, stage(PRODUCTION), None, pool=pool)
    placement = place(face, width)

    assert [chip.chip for chip in placement.chips] == list(face.chips)
    assert len({chip.area.top() for chip in placement.chips}) <= 2
    for one, other in pairwise(placement.chips):
        assert one.area.right() < other.area.left() or one.area.bottom() < other.area.top()
    assert all(chip.area.right() <= width for chip in placement.chips)
    assert all(chip.area.bottom() < placement.height for chip in placement.chips)


def test_on_a_narrow_card_the_name_wins_over_the_version() -> None:
    face = face_of(make_card("payroll-service", "2026.5-with-hotfix"), None, None)
    name_width = round(QFontMetricsF(theme.text_font(is_bold=True)).horizontalAdvance(face.name))
    width = name_width + 30
    head = QRect(0, 4, 10 + name_width, 24)

    with_version = CardPainter().picture(face, width, theme.LIGHT, 1.0).toImage().copy(head)
    alone = CardPainter().picture(replace(face, version=""), width, theme.LIGHT, 1.0).toImage().copy(head)

    assert with_version == alone


def test_a_card_that_looks_as_before_is_not_painted_again() -> None:
    painter = CardPainter()
    face = face_of(make_card(), stage(STAGING), None)

    first = painter.picture(face, 160, theme.LIGHT, 1.0)
    again = painter.picture(face_of(make_card(), stage(STAGING), None), 160, theme.LIGHT, 1.0)

    assert again.cacheKey() == first.cacheKey()


@pytest.mark.parametrize("colours", theme.SCHEMES, ids=lambda colours: colours.scheme)
@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_a_card_is_painted_in_every_scheme_and_scale(colours: theme.Colours, ratio: float) -> None:
    face = face_of(with_run(make_card(powers=("Running", "Suspended") * 20), by="bob"), stage(STAGING), None)

    picture = CardPainter().picture(face, 160, colours, ratio)

    assert picture.width() == round(160 * ratio)
    assert picture.devicePixelRatio() == ratio
    assert picture.toImage().pixelColor(80, round(4 * ratio)) == QColor(colours.surface)


@pytest.mark.parametrize("colours", theme.SCHEMES, ids=lambda colours: colours.scheme)
def test_every_text_can_be_read_on_every_ground(colours: theme.Colours) -> None:
    grounds = ("window", "surface", "sunken", "chip", "accent_soft")
    pairs = [(text, ground) for text in ("text", "muted", "accent", "good", "warn", "bad") for ground in grounds]
    pairs += [("accent_text", "accent"), ("good", "good_soft"), ("warn", "warn_soft"), ("bad", "bad_soft")]
    pairs += [(text, f"{state}_soft") for text in ("text", "muted") for state in ("good", "warn", "bad")]

    weak = [
        (text, ground)
        for text, ground in pairs
        if theme.contrast(QColor(getattr(colours, text)), QColor(getattr(colours, ground))) < 4.5
    ]

    assert weak == []


def test_a_stage_colour_is_made_visible_on_every_surface() -> None:
    for colours in theme.SCHEMES:
        for colour in ("#ffffff", "#000000", "#777777", "no colour"):
            seen = theme.contrast(theme.stripe(colour, colours), QColor(colours.surface))
            assert seen >= theme.LEAST_CONTRAST, (colours.scheme, colour)


def test_widgets_know_their_scheme_by_their_palette(qapp: QApplication) -> None:
    del qapp
    for colours in theme.SCHEMES:
        assert theme.colours_of(theme.palette_of(colours)) is colours
