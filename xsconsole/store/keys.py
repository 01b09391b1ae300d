"""This console's signing key, and the keyring of the operating system where there is one."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, Protocol, TypeVar

import keyring
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from keyring.backend import KeyringBackend
from keyring.core import recommended
from keyring.errors import KeyringError, PasswordDeleteError

from xsconsole.domain.ids import ConsoleId
from xsconsole.domain.signing import key_fingerprint
from xsconsole.errors import KeyLocked, Refused
from xsconsole.store import files
from xsconsole.store.sqlite import failures

T = TypeVar("T")

FILE_NAME = "console.key"
KEY_SERVICE = "xsconsole signing key"
PASSWORD_SERVICE = "xsconsole pool"
PASSPHRASE_VARIABLE = "XSCONSOLE_PASSPHRASE"


class PassphraseProvider(Protocol):
    async def __call__(self, *, is_new: bool) -> str | None:
        """Return the passphrase of the key file, or the one to protect a new file with; None where nobody has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """An open key. `fingerprint` is the SHA-256 of its raw public key."""

    private: Ed25519PrivateKey
    public_key: bytes = field(init=False)
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        # Worked out once: each group of rows names it, and each of its signed heads.
        object.__setattr__(self, "public_key", self.private.public_key().public_bytes_raw())
        object.__setattr__(self, "fingerprint", key_fingerprint(self.public_key))

    def __repr__(self) -> str:
        return f"SigningKey({self.fingerprint})"

    def sign(self, covered: bytes) -> bytes:
        return self.private.sign(covered)


def is_signature(public_key: bytes, signature: bytes, covered: bytes) -> bool:
    """Whether the owner of a raw public key signed exactly these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, covered)
    except (InvalidSignature, ValueError):
        return False
    return True


class Keyring:
    """The operating system's keyring. It may ask the user something, so every call waits in a thread."""

    def __init__(self, backend: KeyringBackend) -> None:
        self._backend = backend

    async def get(self, service: str, name: str) -> str | None:
        return await asyncio.to_thread(self._backend.get_password, service, name)

    async def set(self, service: str, name: str, secret: str) -> None:
        await asyncio.to_thread(self._backend.set_password, service, name, secret)

    async def forget(self, service: str, name: str) -> None:
        try:
            await asyncio.to_thread(self._backend.delete_password, service, name)
        except PasswordDeleteError:
            return


def system_keyring() -> Keyring | None:
    """Return the keyring of the operating system; None where there is none that protects what it keeps."""
    backend = keyring.get_keyring()
    return Keyring(backend) if backend.viable and recommended(backend) else None


async def open_key(
    home: Path,
    console: ConsoleId,
    ring: Keyring | None,
    passphrase: PassphraseProvider,
    expected: str | None = None,
) -> SigningKey:
    """Open this console's key, or make one at the first start.

    It lies in `console.key` where that file stands, else in `ring`. `expected` is the fingerprint of the key that
    signed before; where it is given, no other key takes its place silently.

    Raises:
        KeyLocked: no way to open or to protect it, or the expected key is not to be found.
        StoreFailed: the file cannot be written.
    """
    path = home / FILE_NAME
    key = await _from_file(path, passphrase)
    if key is None and ring is not None:
        key = await _from_ring(path, console, ring, may_make=expected is None)
    elif key is None and expected is None:
        key = await _made_in_file(path, passphrase)
    if key is None or (expected is not None and key.fingerprint != expected):
        raise KeyLocked(
            path=str(path),
            reason=f"The key that signed this console's record until now ({expected}) is not to be found.",
            mend=f"If it lies in the keyring of your desktop, start the console there, or put {FILE_NAME} back from a "
            "backup. If it is lost, remove 'key' from settings.json: a new key signs from then on, and every check of "
            "the record says so.",
        )
    return key


async def _from_file(path: Path, passphrase: PassphraseProvider) -> SigningKey | None:
    with failures(path):
        content = await asyncio.to_thread(_content, path)
    if content is None:
        return None
    secret = await passphrase(is_new=False)
    if not secret:
        _ask_for_passphrase(path, f"{path} is protected by a passphrase, and none was given.")
    try:
        private = await asyncio.to_thread(load_pem_private_key, content, secret.encode())
    except (ValueError, TypeError) as failure:
        raise KeyLocked(
            path=str(path),
            reason="The passphrase does not open the console's key, or the file is damaged.",
            mend=f"Try again with the right passphrase, or put {FILE_NAME} back from a backup.",
        ) from failure
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyLocked(
            path=str(path),
            reason="The file holds a key of another kind than Ed25519.",
            mend=f"Put {FILE_NAME} back from a backup.",
        )
    return SigningKey(private=private)


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


async def _from_ring(path: Path, console: ConsoleId, ring: Keyring, *, may_make: bool) -> SigningKey | None:
    try:
        stored = await ring.get(KEY_SERVICE, console)
        if stored is None and may_make:
            await ring.set(KEY_SERVICE, console, Ed25519PrivateKey.generate().private_bytes_raw().hex())
            # What another process may have put there in the meantime counts for both.
            stored = await ring.get(KEY_SERVICE, console)
        return (
            None if stored is None else SigningKey(private=Ed25519PrivateKey.from_private_bytes(bytes.fromhex(stored)))
        )
    except (KeyringError, ValueError) as failure:
        raise KeyLocked(
            path=str(path),
            reason=f"The keyring does not give the console's key: {failure or type(failure).__name__}.",
            mend="Unlock the keyring and try again.",
        ) from failure


async def _made_in_file(path: Path, passphrase: PassphraseProvider) -> SigningKey:
    secret = await passphrase(is_new=True)
    if not secret:
        _ask_for_passphrase(path, "There is no keyring here that could protect the console's signing key.")
    private = Ed25519PrivateKey.generate()
    content = await asyncio.to_thread(
        private.private_bytes, Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(secret.encode())
    )
    with failures(path):
        is_ours = await asyncio.to_thread(files.write_new, path, content)
    theirs = None if is_ours else await _from_file(path, passphrase)
    return theirs or SigningKey(private=private)


def _ask_for_passphrase(path: Path, reason: str) -> NoReturn:
    raise KeyLocked(
        path=str(path),
        reason=reason,
        mend=f"Give a passphrase: set {PASSPHRASE_VARIABLE}, or enter it when asked.",
    )


async def get_password(ring: Keyring | None, url: str, user: str) -> str | None:
    """Return the password of a pool; None where none is kept or the keyring stays closed."""
    if ring is None:
        return None
    try:
        return await ring.get(PASSWORD_SERVICE, _account(url, user))
    except KeyringError:
        return None


async def set_password(ring: Keyring | None, url: str, user: str, password: str) -> None:
    """Keep the password of a pool.

    Raises:
        Refused: there is no keyring, or it stays closed.
    """
    await _in_ring(ring, lambda found: found.set(PASSWORD_SERVICE, _account(url, user), password))


async def forget_password(ring: Keyring | None, url: str, user: str) -> None:
    """Forget the password of a pool; one that is not kept is no error.

    Raises:
        Refused: there is no keyring, or it stays closed.
    """
    await _in_ring(ring, lambda found: found.forget(PASSWORD_SERVICE, _account(url, user)))


def _account(url: str, user: str) -> str:
    return f"{user} at {url}"


async def _in_ring(ring: Keyring | None, work: Callable[[Keyring], Awaitable[None]]) -> None:
    if ring is None:
        raise Refused(
            reason="This system has no keyring that could keep a password.",
            mend="Enter it when asked, or give it in XSCONSOLE_PASSWORD or on standard input.",
        )
    try:
        await work(ring)
    except KeyringError as failure:
        raise Refused(
            reason=f"The keyring refused: {failure or type(failure).__name__}.",
            mend="Unlock the keyring and try again.",
        ) from failure
