"""Keys are pinned to people by files that prove who has them."""

import msgspec
import pytest

from tests.domain.test_approval import ALICE, BOB, key, person
from xsconsole.domain.enrolment import enrolled, from_bytes, key_file, to_bytes, typed_fingerprint
from xsconsole.domain.workflow import default_workflow
from xsconsole.errors import Ambiguous, Refused
from xsconsole.store.keys import is_signature


def test_a_key_is_pinned_to_who_is_named_or_to_somebody_new() -> None:
    workflow = msgspec.structs.replace(default_workflow(), people=(person("ann", ALICE),))
    file = from_bytes(to_bytes(key_file(BOB, "Ben")), is_signature)

    added, ben = enrolled(workflow, file)
    second, ann = enrolled(workflow, file, "ANN")

    assert (ben.name, ben.fingerprints) == ("Ben", (BOB.fingerprint,))
    assert added.people[0] == workflow.people[0]
    assert ann.fingerprints == (ALICE.fingerprint, BOB.fingerprint)
    assert enrolled(second, file, "ann") == (second, ann)


def test_a_key_of_somebody_else_a_name_of_two_and_a_forged_file_are_refused() -> None:
    two = (person("ann", ALICE), msgspec.structs.replace(person("other", key(9)), name="Ann"))
    workflow = msgspec.structs.replace(default_workflow(), people=two)

    with pytest.raises(Refused, match="is Ann's already"):
        enrolled(workflow, key_file(ALICE, "Ben"))
    with pytest.raises(Ambiguous, match="2 people are called"):
        enrolled(workflow, key_file(BOB, "Ann"))
    with pytest.raises(Refused, match="holds no key that this console can read"):
        from_bytes(b"{}", is_signature)
    forged = msgspec.structs.replace(key_file(BOB, "Ben"), public_key=key_file(ALICE, "x").public_key)
    with pytest.raises(Refused, match="does not match"):
        from_bytes(to_bytes(forged), is_signature)


PLAIN = "0123456789abcdef" * 4
COLONS = ":".join(PLAIN.upper()[at : at + 2] for at in range(0, 64, 2))


@pytest.mark.parametrize(
    "typed",
    [
        PLAIN,
        f"  {PLAIN.upper()} ",
        COLONS,
        COLONS.replace(":", " "),
        f"SHA256:{PLAIN}",
        f"sha-256: {COLONS}",
        f"SHA256 Fingerprint={COLONS}",
    ],
)
def test_a_fingerprint_is_read_however_it_was_printed(typed: str) -> None:
    assert typed_fingerprint(typed) == PLAIN


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        (PLAIN[:-1], "has 63 digits; 64 are needed"),
        (PLAIN + "0", "has 65 digits"),
        (f"{PLAIN} {PLAIN}", "2 fingerprints in one line"),
        (PLAIN[:-1] + "g", "“g” is no hexadecimal digit"),
        ("MD5:" + COLONS[:47], "by MD5 is of another kind"),
        ("SHA1 Fingerprint=" + COLONS[:59], "by SHA1 is of another kind"),
        ("SHA256:" + "uNiVztksCsDhcc0u9e8BrrJXVGDdaXFXKRfpYAp6Cyk", "how ssh prints"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", "a key itself"),
        ("", "has 0 digits"),
    ],
)
def test_what_is_no_fingerprint_of_ours_is_refused_with_what_it_is(typed: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        typed_fingerprint(typed)

    assert reason in refused.value.reason
    assert refused.value.mend
