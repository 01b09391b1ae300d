"""Files that consoles write for each other, given where another of them is wanted."""

import pytest

from xsconsole.domain import enrolment
from xsconsole.domain.paper_kinds import PAPERS
from xsconsole.domain.publication.files import read_decision, read_request
from xsconsole.domain.requests.files import DecisionFile, RequestFile, from_bytes
from xsconsole.errors import Refused
from xsconsole.store.keys import is_signature

READERS = {
    "xsconsole request": lambda content: from_bytes(content, RequestFile),
    "xsconsole decision": lambda content: from_bytes(content, DecisionFile),
    "xsconsole publication request": lambda content: read_request(content, is_signature),
    "xsconsole publication decision": read_decision,
    "xsconsole key": lambda content: enrolment.from_bytes(content, is_signature),
}


@pytest.mark.parametrize("wanted", READERS)
def test_a_file_of_another_kind_is_called_what_it_is_with_what_to_do_with_it(wanted: str) -> None:
    assert READERS.keys() == PAPERS.keys()
    what = wanted.rpartition(" ")[2]
    for given, (told, instead) in PAPERS.items():
        with pytest.raises(Refused) as refused:
            READERS[wanted](f'{{"type": "{given}"}}'.encode())
        if given == wanted:
            assert refused.value.reason == f"The file holds no {what} that this console can read."
            assert refused.value.mend.startswith("Name the file that `xsconsole ")
        else:
            assert (refused.value.reason, refused.value.mend) == (f"{told}; a {what} is wanted here.", instead)
    for content in (b"", b"{}", b"[" * 100_000, b'{"type": 7}', b"\xff"):
        with pytest.raises(Refused, match=f"The file holds no {what} that this console can read."):
            READERS[wanted](content)
