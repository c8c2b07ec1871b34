"""Certificates for a test's server and its client, of an authority of their own."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class Certificates:
    """Files in PEM."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The authority's certificate."""
        return self.folder / "authority.pem"

    @property
    def server(self) -> Path:
        """The server's key and certificate."""
        return self.folder / "server.pem"

    @property
    def client(self) -> Path:
        """The client's certificate."""
        return self.folder / "client.pem"

    @property
    def client_key(self) -> Path:
        """The client's key."""
        return self.folder / "client.key"


def certificates(folder: Path) -> Certificates:
    """A new authority, a server on this machine, and a client."""
    found = Certificates(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    authority = _signed(_name("Touchline tests"), key, (_name("Touchline tests"), key))
    found.authority.write_bytes(authority.public_bytes(_PEM))
    for name, key_file, file in (
        ("server", found.server, found.server),
        ("client", found.client_key, found.client),
    ):
        own = ec.generate_private_key(ec.SECP256R1())
        signed = _signed(_name(name), own, (authority.subject, key))
        in_pem = own.private_bytes(
            _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        key_file.write_bytes(in_pem)
        with file.open("ab") as out:
            out.write(signed.public_bytes(_PEM))
    return found


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _signed(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    by: tuple[x509.Name, ec.EllipticCurvePrivateKey],
) -> x509.Certificate:
    now = datetime.now(UTC)
    here = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    is_authority = subject == by[0]
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by[0])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(here), critical=False)
        .sign(by[1], hashes.SHA256())
    )
