"""The window that follows one that died says so, and where what it left stands."""

from xsconsole_ui.fault import about_program, tell_fault
from xsconsole_ui.notices import Notices


def test_the_next_window_names_the_file_and_says_what_to_do_with_it(qapp, tmp_path):
    left = tmp_path / "2026-11-28T010203Z.txt"
    left.write_text("Fatal Python error: Segmentation fault\n")
    notices = Notices()

    tell_fault(notices, None)
    assert notices.texts == ()
    tell_fault(notices, left)

    (told,) = notices.texts
    assert told.startswith("The last window was ended by a fault in the program (")
    assert f"Where it was then is written in {left}. Please send that file" in told
    assert about_program().startswith("xsconsole ")
    assert "PySide 6" in about_program()
