"""The volume that cloud-init reads: what a reader of ISO 9660 finds on it."""

import io

import pycdlib
import pytest

from xsconsole.domain.ids import Uuid
from xsconsole.engine.provisions.cidata import (
    META_DATA,
    NETWORK_CONFIG,
    UNIT_BYTES,
    USER_DATA,
    image_of,
    meta_data,
    size_of,
)

FILES = {
    USER_DATA: "#cloud-config\nhostname: büro\n" + "# a long line\n" * 40_000,
    NETWORK_CONFIG: "version: 2\n",
    META_DATA: meta_data(Uuid("11111111-2222"), 'web "1"\n'),
}


@pytest.mark.parametrize("names", ["rr_path", "joliet_path"])
def test_whoever_reads_the_volume_finds_every_file_by_its_name(names: str) -> None:
    size_bytes = size_of(FILES)

    image = image_of(FILES, size_bytes)

    assert len(image) == size_bytes
    assert size_bytes % UNIT_BYTES == 0
    volume = pycdlib.PyCdlib()
    volume.open_fp(io.BytesIO(image))
    assert volume.pvd.volume_identifier.decode().strip() == "cidata"
    for name, content in FILES.items():
        found = io.BytesIO()
        volume.get_file_from_iso_fp(found, **{names: f"/{name}"})
        assert found.getvalue().decode() == content
    volume.close()


def test_a_name_with_quotes_and_lines_stays_one_value_of_yaml() -> None:
    assert FILES[META_DATA] == 'instance-id: "11111111-2222"\nlocal-hostname: "web \\"1\\"\\n"\n'


def test_an_empty_text_and_a_small_one_make_the_smallest_disk() -> None:
    assert len(image_of({USER_DATA: "", META_DATA: "x"}, size_of({USER_DATA: ""}))) == UNIT_BYTES
