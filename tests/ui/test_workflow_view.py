"""What part of the graph is seen: all of it when it is fitted, however long it is."""

from PySide6.QtCore import QPointF, QRectF, QSizeF

from xsconsole_ui.workflow.view import FIT_MARGIN, LEAST_READ, LEAST_ZOOM, STEP, View

LONG = QRectF(0, 0, 13_000, 300)  # some 40 stages in a row
ROOM = QSizeF(750, 440)


def test_a_long_row_of_stages_is_fitted_whole() -> None:
    view = View()

    view.fit(LONG, ROOM)

    assert QRectF(QPointF(), ROOM).contains(view.area_to_widget(LONG))


def test_a_long_row_that_nobody_could_read_is_opened_at_its_beginning() -> None:
    view = View()

    view.fit(LONG, ROOM, LEAST_READ)

    seen = view.area_to_widget(LONG)
    assert view.zoom == LEAST_READ
    assert seen.left() == FIT_MARGIN
    assert abs(seen.center().y() - ROOM.height() / 2) < 1


def test_from_a_long_row_the_zoom_goes_in_by_steps_and_never_the_wrong_way() -> None:
    view = View()
    view.fit(LONG, ROOM)
    fitted = view.zoom
    assert fitted < LEAST_ZOOM

    view.zoom_to(view.zoom / STEP, QPointF())
    assert view.zoom == fitted

    view.zoom_to(view.zoom * STEP, QPointF())
    assert view.zoom == fitted * STEP
