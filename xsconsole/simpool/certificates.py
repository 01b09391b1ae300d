"""A host's certificate, signed by itself as on a freshly installed host."""

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

VALIDITY = timedelta(days=3650)


def make_certificate(address: str) -> bytes:
    """Return a fresh key and its certificate for an address, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def server_context(pem: bytes) -> ssl.SSLContext:
    """Return what a TLS server needs, made of a key and its certificate in PEM."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        # The library reads keys from files only.
        path = Path(folder) / "host.pem"
        path.write_bytes(pem)
        context.load_cert_chain(path)
    return context


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
