"""Certificates that a pool trusts, and lists of those it no longer does."""

import string
from collections.abc import Mapping
from datetime import datetime

from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.pool import Pool

_SAFE = frozenset(string.ascii_letters + string.digits + "_.-")


def _assert_name(name: str, code: str) -> None:
    if not name.endswith(".pem") or name.startswith(".") or not _SAFE.issuperset(name):
        raise XapiError(code, name)


async def install(call: Call, name: str, text: str) -> None:
    """Trust a certificate of an authority, under a name."""
    _assert_name(name, "CERTIFICATE_NAME_INVALID")
    if _named(call.pool, name):
        raise XapiError("CERTIFICATE_ALREADY_EXISTS", name)
    _record(call.pool, text, name=name, kind="ca", purpose=())


async def uninstall(call: Call, name: str, force: bool = False) -> None:
    _assert_name(name, "CERTIFICATE_NAME_INVALID")
    found = _named(call.pool, name)
    if not found and not force:
        raise XapiError("CERTIFICATE_DOES_NOT_EXIST", name)
    for ref in found:
        call.pool.db.destroy("Certificate", ref)


async def names(call: Call) -> tuple[str, ...]:
    return tuple(row["name"] for _, row in call.pool.db.rows("Certificate") if row["type"] == "ca")


async def install_trusted(call: Call, pool: str, ca: bool, text: str, purpose: tuple[str, ...]) -> None:
    """Trust a certificate for some purposes; one of no authority is pinned, and needs one."""
    call.pool.db.row("pool", pool)
    if not ca and not purpose:
        raise XapiError("TRUSTED_CERTIFICATE_INVALID")
    ref = _record(call.pool, text, name="", kind="ca" if ca else "pinned", purpose=purpose)
    wide = call.pool.db.get("Certificate", ref, "fingerprint_sha256")
    for other, row in tuple(call.pool.db.rows("Certificate")):
        if other != ref and row["fingerprint_sha256"] == wide:
            call.pool.db.destroy("Certificate", ref)
            raise XapiError("CERTIFICATE_ALREADY_EXISTS", other)


async def uninstall_trusted(call: Call, pool: str, certificate: str) -> None:
    call.pool.db.row("pool", pool)
    if call.pool.db.get("Certificate", certificate, "type") not in ("ca", "pinned"):
        raise XapiError("TRUSTED_CERTIFICATE_INVALID")
    call.pool.db.destroy("Certificate", certificate)


async def install_list(call: Call, name: str, text: str) -> None:
    """Keep a list of certificates that are not trusted any more."""
    from cryptography import x509  # noqa: PLC0415

    _assert_name(name, "CRL_NAME_INVALID")
    if name in call.pool.revocations:
        raise XapiError("CRL_ALREADY_EXISTS", name)
    try:
        x509.load_pem_x509_crl(text.encode())
    except ValueError as failure:
        raise XapiError("CRL_CORRUPT", name) from failure
    call.pool.revocations.add(name)


async def uninstall_list(call: Call, name: str) -> None:
    _assert_name(name, "CRL_NAME_INVALID")
    if name not in call.pool.revocations:
        raise XapiError("CRL_DOES_NOT_EXIST", name)
    call.pool.revocations.discard(name)


async def lists(call: Call) -> tuple[str, ...]:
    return tuple(sorted(call.pool.revocations))


async def sync(call: Call) -> None:
    """Let all hosts have the same certificates: here they have no others."""
    del call


def _named(pool: Pool, name: str) -> list[str]:
    return pool.db.find("Certificate", type="ca", name=name)


def _record(pool: Pool, text: str, *, name: str, kind: str, purpose: tuple[str, ...]) -> str:
    # It takes long to import, and hardly anybody installs certificates.
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415

    try:
        read = x509.load_pem_x509_certificate(text.encode())
    except ValueError as failure:
        raise XapiError("TRUSTED_CERTIFICATE_INVALID") from failure
    now: datetime = pool.clock.now()
    if now < read.not_valid_before_utc:
        raise XapiError("TRUSTED_CERTIFICATE_NOT_VALID_YET", now, read.not_valid_before_utc)
    if now > read.not_valid_after_utc:
        raise XapiError("TRUSTED_CERTIFICATE_EXPIRED", now, read.not_valid_after_utc)
    wide = read.fingerprint(hashes.SHA256()).hex(":").upper()
    return pool.db.create(
        "Certificate",
        name=name,
        type=kind,
        not_before=read.not_valid_before_utc,
        not_after=read.not_valid_after_utc,
        fingerprint=wide,
        fingerprint_sha256=wide,
        fingerprint_sha1=read.fingerprint(hashes.SHA1()).hex(":").upper(),
        purpose=purpose,
    )


CALLS: Mapping[str, Handler] = {
    "pool.install_ca_certificate": install,
    "pool.uninstall_ca_certificate": uninstall,
    "pool.certificate_install": install,
    "pool.certificate_uninstall": uninstall,
    "pool.certificate_list": names,
    "pool.certificate_sync": sync,
    "pool.install_trusted_certificate": install_trusted,
    "pool.uninstall_trusted_certificate": uninstall_trusted,
    "pool.crl_install": install_list,
    "pool.crl_uninstall": uninstall_list,
    "pool.crl_list": lists,
}
