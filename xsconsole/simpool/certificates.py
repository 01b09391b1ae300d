"""A host's certificate, signed by itself as on a freshly installed host."""

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from xsconsole.simpool.errors import XapiError

VALIDITY = timedelta(days=3650)
_LONGEST_NAME = 64


def make_certificate(address: str) -> bytes:
    """Return a fresh key and its certificate for an address or a host name, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address[:_LONGEST_NAME] or "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.SubjectAlternativeName([_alternative(address)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _alternative(address: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(address))
    except ValueError:
        # A host's address may be set to anything, also to what no certificate can hold.
        return x509.DNSName(address.encode("ascii", "replace").decode())


def server_context(pem: bytes) -> ssl.SSLContext:
    """Return what a TLS server needs, made of a key and its certificate in PEM."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    show(context, pem)
    return context


def show(context: ssl.SSLContext, pem: bytes) -> None:
    """Let a TLS server show a certificate to everybody who connects from now on."""
    with tempfile.TemporaryDirectory() as folder:
        # The library reads keys from files only.
        path = Path(folder) / "host.pem"
        path.write_bytes(pem)
        context.load_cert_chain(path)


def public_part(pem: bytes) -> str:
    """Return the certificate without its key."""
    return x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.PEM).decode()


def validity(pem: bytes) -> tuple[datetime, datetime]:
    """Return from when to when a certificate is good."""
    read = x509.load_pem_x509_certificate(pem)
    return read.not_valid_before_utc, read.not_valid_after_utc


def joined(certificate: str, key: str, chain: str, now: datetime) -> bytes:
    """Return a key, its certificate and those that vouch for it as one text, if they belong together.

    Raises:
        XapiError: SERVER_CERTIFICATE_INVALID and its relatives.
    """
    try:
        read = x509.load_pem_x509_certificate(certificate.encode())
    except ValueError as failure:
        raise XapiError("SERVER_CERTIFICATE_INVALID") from failure
    try:
        private = serialization.load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as failure:
        raise XapiError("SERVER_CERTIFICATE_KEY_INVALID") from failure
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if private.public_key().public_bytes(*form) != read.public_key().public_bytes(*form):
        raise XapiError("SERVER_CERTIFICATE_KEY_MISMATCH")
    if now < read.not_valid_before_utc:
        raise XapiError("SERVER_CERTIFICATE_NOT_VALID_YET", now, read.not_valid_before_utc)
    if now > read.not_valid_after_utc:
        raise XapiError("SERVER_CERTIFICATE_EXPIRED", now, read.not_valid_after_utc)
    try:
        others = x509.load_pem_x509_certificates(chain.encode()) if chain else []
    except ValueError as failure:
        raise XapiError("SERVER_CERTIFICATE_CHAIN_INVALID") from failure
    shown = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in (read, *others))
    plain = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return plain + shown


def fingerprint(pem: bytes) -> str:
    """Return the SHA-256 of the certificate as people read it: pairs of capital digits between colons."""
    return _fingerprint(pem, hashes.SHA256())


def thumbprints(pem: bytes) -> dict[str, str]:
    """Return what a client may ask to be told about the coordinator's certificate, by the words of its question."""
    return {"sha-256:master": fingerprint(pem), "sha-1:master": _fingerprint(pem, hashes.SHA1())}


def _fingerprint(pem: bytes, algorithm: hashes.HashAlgorithm) -> str:
    return x509.load_pem_x509_certificate(pem).fingerprint(algorithm).hex(":").upper()


def by_address(content: bytes) -> dict[str, bytes]:
    """Return the keys and certificates of a file, each as it was made, by the addresses they are for."""
    begin = b"-----BEGIN PRIVATE KEY-----"
    found = {}
    for part in content.split(begin)[1:]:
        pem = begin + part
        name = x509.load_pem_x509_certificate(pem).subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0]
        found[str(name.value)] = pem
    return found
