import os
from pathlib import Path

import keyring
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import KeyringLocked, PasswordDeleteError

from xsconsole.domain.ids import ConsoleId
from xsconsole.errors import HomeUnusable, KeyLocked, Refused
from xsconsole.store.keys import (
    FILE_NAME,
    Keyring,
    PassphraseProvider,
    forget_password,
    get_password,
    open_key,
    set_password,
    system_keyring,
)

CONSOLE = ConsoleId("44444444-0000-0000-0000-000000000001")


class MemoryBackend(KeyringBackend):
    """A keyring that keeps its secrets in memory, and can be locked."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.secrets: dict[tuple[str, str], str] = {}
        self.is_locked = False

    def _look(self) -> None:
        if self.is_locked:
            raise KeyringLocked("the user closed the dialog")

    def get_password(self, service: str, username: str) -> str | None:
        self._look()
        return self.secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._look()
        self.secrets[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._look()
        if self.secrets.pop((service, username), None) is None:
            raise PasswordDeleteError


@pytest.fixture
def backend() -> MemoryBackend:
    return MemoryBackend()


@pytest.fixture
def ring(backend: MemoryBackend) -> Keyring:
    return Keyring(backend)


def saying(passphrase: str | None) -> PassphraseProvider:
    async def provide(*, is_new: bool) -> str | None:
        return passphrase

    return provide


async def never_asked(*, is_new: bool) -> str | None:
    raise AssertionError("nobody should be asked")


async def test_a_key_made_in_the_keyring_is_found_there_again_without_a_question(
    tmp_path: Path, backend: MemoryBackend, ring: Keyring
) -> None:
    first = await open_key(tmp_path, CONSOLE, ring, never_asked)
    second = await open_key(tmp_path, CONSOLE, ring, never_asked, expected=first.fingerprint)

    assert first.fingerprint == second.fingerprint
    assert first.sign(b"x") == second.sign(b"x")
    assert len(backend.secrets) == 1
    assert not (tmp_path / FILE_NAME).exists()


async def test_two_homes_have_two_keys_in_one_keyring(tmp_path: Path, ring: Keyring) -> None:
    one = await open_key(tmp_path, CONSOLE, ring, never_asked)
    other = await open_key(tmp_path, ConsoleId("another"), ring, never_asked)

    assert one.fingerprint != other.fingerprint


async def test_without_a_keyring_the_key_is_a_file_that_only_the_passphrase_opens(tmp_path: Path) -> None:
    made = await open_key(tmp_path, CONSOLE, None, saying("correct horse"))
    opened = await open_key(tmp_path, CONSOLE, None, saying("correct horse"), expected=made.fingerprint)

    path = tmp_path / FILE_NAME
    assert opened.fingerprint == made.fingerprint
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert os.listdir(tmp_path) == [FILE_NAME]


async def test_the_passphrase_is_asked_for_as_new_only_when_the_file_is_made(tmp_path: Path) -> None:
    asked = []

    async def provide(*, is_new: bool) -> str | None:
        asked.append(is_new)
        return "secret"

    await open_key(tmp_path, CONSOLE, None, provide)
    await open_key(tmp_path, CONSOLE, None, provide)

    assert asked == [True, False]


async def test_the_file_counts_where_both_stand(tmp_path: Path, ring: Keyring) -> None:
    made = await open_key(tmp_path, CONSOLE, None, saying("secret"))

    opened = await open_key(tmp_path, CONSOLE, ring, saying("secret"))

    assert opened.fingerprint == made.fingerprint


@pytest.mark.parametrize("passphrase", [None, ""])
async def test_with_neither_keyring_nor_passphrase_no_key_is_made(tmp_path: Path, passphrase: str | None) -> None:
    with pytest.raises(KeyLocked) as locked:
        await open_key(tmp_path, CONSOLE, None, saying(passphrase))

    assert "no keyring" in locked.value.reason
    assert "XSCONSOLE_PASSPHRASE" in locked.value.mend
    assert not (tmp_path / FILE_NAME).exists()


@pytest.mark.parametrize(("passphrase", "reason"), [(None, "none was given"), ("wrong", "does not open")])
async def test_a_key_file_stays_closed_without_its_passphrase(
    tmp_path: Path, passphrase: str | None, reason: str
) -> None:
    await open_key(tmp_path, CONSOLE, None, saying("right"))
    before = (tmp_path / FILE_NAME).read_bytes()

    with pytest.raises(KeyLocked, match=reason) as locked:
        await open_key(tmp_path, CONSOLE, None, saying(passphrase))

    assert locked.value.mend
    assert (tmp_path / FILE_NAME).read_bytes() == before


async def test_a_damaged_key_file_is_kept_and_no_new_key_takes_its_place(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"damaged")

    with pytest.raises(KeyLocked, match="damaged"):
        await open_key(tmp_path, CONSOLE, None, saying("secret"))

    assert (tmp_path / FILE_NAME).read_bytes() == b"damaged"


async def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    private = generate_private_key(public_exponent=65537, key_size=2048)
    content = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    (tmp_path / FILE_NAME).write_bytes(content)

    with pytest.raises(KeyLocked, match="another kind"):
        await open_key(tmp_path, CONSOLE, None, saying("secret"))


async def test_a_key_that_lies_elsewhere_is_not_replaced_silently(tmp_path: Path, ring: Keyring) -> None:
    expected = "ab" * 32

    for keyring_here in (None, ring):
        with pytest.raises(KeyLocked) as locked:
            await open_key(tmp_path, CONSOLE, keyring_here, saying("secret"), expected=expected)
        assert expected in locked.value.reason
        assert "settings.json" in locked.value.mend

    assert os.listdir(tmp_path) == []


async def test_another_key_than_the_one_that_signed_before_is_refused(tmp_path: Path, ring: Keyring) -> None:
    await open_key(tmp_path, CONSOLE, ring, never_asked)

    with pytest.raises(KeyLocked, match="not to be found"):
        await open_key(tmp_path, CONSOLE, ring, never_asked, expected="ab" * 32)


async def test_a_keyring_that_stays_locked_locks_the_key(tmp_path: Path, backend: MemoryBackend, ring: Keyring) -> None:
    backend.is_locked = True

    with pytest.raises(KeyLocked, match="closed the dialog"):
        await open_key(tmp_path, CONSOLE, ring, saying("secret"))


async def test_nonsense_in_the_keyring_is_no_key(tmp_path: Path, backend: MemoryBackend, ring: Keyring) -> None:
    await open_key(tmp_path, CONSOLE, ring, never_asked)
    (place,) = backend.secrets
    backend.secrets[place] = "nonsense"

    with pytest.raises(KeyLocked, match="does not give"):
        await open_key(tmp_path, CONSOLE, ring, never_asked)


async def test_of_two_processes_that_make_the_file_the_first_wins(tmp_path: Path) -> None:
    async def while_another_is_faster(*, is_new: bool) -> str | None:
        if is_new:
            await open_key(tmp_path, CONSOLE, None, saying("secret"))
        return "secret"

    ours = await open_key(tmp_path, CONSOLE, None, while_another_is_faster)
    standing = await open_key(tmp_path, CONSOLE, None, saying("secret"))

    assert ours.fingerprint == standing.fingerprint


async def test_a_home_that_is_gone_cannot_keep_a_key(tmp_path: Path) -> None:
    with pytest.raises(HomeUnusable):
        await open_key(tmp_path / "gone", CONSOLE, None, saying("secret"))


async def test_a_key_shows_only_its_fingerprint(tmp_path: Path, ring: Keyring) -> None:
    key = await open_key(tmp_path, CONSOLE, ring, never_asked)

    assert repr(key) == f"SigningKey({key.fingerprint})"


async def test_a_pools_password_is_kept_by_address_and_user(ring: Keyring) -> None:
    await set_password(ring, "https://pool", "root", "p1")
    await set_password(ring, "https://pool", "alice", "p2")

    assert await get_password(ring, "https://pool", "root") == "p1"
    assert await get_password(ring, "https://pool", "alice") == "p2"
    assert await get_password(ring, "https://other", "root") is None


async def test_a_forgotten_password_is_gone_and_forgetting_twice_is_no_error(ring: Keyring) -> None:
    await set_password(ring, "https://pool", "root", "p1")

    await forget_password(ring, "https://pool", "root")
    await forget_password(ring, "https://pool", "root")

    assert await get_password(ring, "https://pool", "root") is None


async def test_without_a_keyring_passwords_are_not_kept_and_that_is_said() -> None:
    assert await get_password(None, "https://pool", "root") is None
    with pytest.raises(Refused, match="no keyring") as refused:
        await set_password(None, "https://pool", "root", "p")
    assert "XSCONSOLE_PASSWORD" in refused.value.mend


async def test_a_locked_keyring_gives_no_password_and_refuses_to_take_one(
    backend: MemoryBackend, ring: Keyring
) -> None:
    backend.is_locked = True

    assert await get_password(ring, "https://pool", "root") is None
    with pytest.raises(Refused, match="closed the dialog"):
        await set_password(ring, "https://pool", "root", "p")


def test_only_a_keyring_that_protects_what_it_keeps_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain(MemoryBackend):
        priority = 0.5  # type: ignore[assignment]

    before = keyring.get_keyring()
    found = []
    no_keyring = NoKeyring()  # type: ignore[no-untyped-call]
    try:
        for backend in (no_keyring, Plain(), MemoryBackend()):
            keyring.set_keyring(backend)
            found.append(system_keyring() is not None)
    finally:
        keyring.set_keyring(before)

    assert found == [False, False, True]
