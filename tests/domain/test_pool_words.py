import pytest

from xsconsole.domain.wording.pool import UNKNOWN_MEND, sentences


def test_a_sentence_holds_what_the_pool_said() -> None:
    assert sentences("INTERNAL_ERROR", ["Not_found"])[0] == "The pool failed in itself: Not_found."
    assert sentences("HOST_NOT_ENOUGH_PCPUS", ["8", "4"])[0] == "The host has 4 processors, and the machine wants 8."


@pytest.mark.parametrize("parameters", [[], ["", ""]])
def test_what_the_pool_did_not_say_is_left_out(parameters: list[str]) -> None:
    assert sentences("SR_BACKEND_FAILURE_73", parameters)[0] == "The storage failed."
    assert sentences("HOST_NOT_ENOUGH_PCPUS", parameters)[0] == "The pool refused: HOST_NOT_ENOUGH_PCPUS."


def test_a_long_text_of_the_pool_is_one_line_and_cut() -> None:
    failed, _ = sentences("SR_BACKEND_FAILURE_73", ["", "first line\nsecond " + "x" * 1000])

    assert failed.startswith("The storage failed: first line second xxx")
    assert len(failed) < 200


def test_braces_in_what_the_pool_says_are_only_text() -> None:
    assert sentences("INTERNAL_ERROR", ["{0} {9} {"])[0] == "The pool failed in itself: {0} {9} {."


def test_a_code_that_nobody_foresaw_is_shown_as_it_is() -> None:
    assert sentences("ERROR_OF_TOMORROW", []) == ("The pool refused: ERROR_OF_TOMORROW.", UNKNOWN_MEND)


def test_which_storage_is_full_is_said_where_it_is_known() -> None:
    failed, mend = sentences(
        "SR_BACKEND_FAILURE_44", ["", "no space", ""], ["“SAN-1” (2 GiB free)", "“SAN-2” (9 GiB free)"]
    )

    assert failed == "There is not enough room in the storage “SAN-1” (2 GiB free) or “SAN-2” (9 GiB free)."
    assert mend.startswith("Free space there")
    assert sentences("SR_BACKEND_FAILURE_44", ["", "no space", ""])[0] == "The storage is full."
