"""Certificates from the server's own CA, for its clients and for its endpoints."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql import clock
from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import CertificateError, in_short
from pytest_netns_mysql.mysql.dialects.quoting import literal

if TYPE_CHECKING:
    from cryptography import x509

    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_LIFE = datetime.timedelta(days=1)
_CA, _CA_KEY = "ca.pem", "ca-key.pem"


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, in files that exist in the sandbox only, as long as the server.

    Attributes:
        ca: The file of the CA's certificate, in a form that Python 3.13 accepts.
        certificate: The file of the certificate.
        key: The file of the private key.
        subject: The subject as CREATE USER takes it after REQUIRE SUBJECT, such as ``/CN=app``.
        issuer: The issuer as CREATE USER takes it after REQUIRE ISSUER.
    """

    ca: Path
    certificate: Path
    key: Path
    subject: str
    issuer: str

    @property
    def options(self) -> dict[str, Any]:
        """The connection options for these files: ssl_ca, ssl_cert, ssl_key."""
        return {"ssl_ca": str(self.ca), "ssl_cert": str(self.certificate), "ssl_key": str(self.key)}

    @property
    def require(self) -> str:
        """The clause after REQUIRE for an account that only this certificate may use."""
        return f"SUBJECT {literal(self.subject)} AND ISSUER {literal(self.issuer)}"


class Authority:
    """The CA that mysqld created with its data directory, for certificates that the server trusts.

    See the manual, "Creating SSL and RSA Certificates and Keys".
    """

    def __init__(self, server: Instance) -> None:
        """Remember the server."""
        self._server = server

    @property
    def ca(self) -> Path:
        """The file of the CA's certificate, as mysqld created it; the file exists in the sandbox only.

        The certificate has no key usage, so Python 3.13 does not accept it as a CA: use ``Certificate.ca``.
        """
        return self._server.datadir / _CA

    def issue(self, common_name: str, *, names: Iterable[str] = (), **subject: str) -> Certificate:
        """Create a certificate and its key, valid for a day.

        Args:
            common_name: The CN of the subject.
            names: Host names and addresses for the subjectAltName extension.
            **subject: Further parts of the subject, by their names in RFC 4514: ``O="Shop", OU="Billing"``.

        Raises:
            CertificateError: cryptography is not installed, the subject is not valid, or the server has no CA.
        """
        try:
            from cryptography import x509
        except ImportError as error:
            raise CertificateError(
                "certificates need the package cryptography, which is not installed",
                remedies=["pip install pytest-netns-mysql[tls]"],
            ) from error
        parts, others = {**subject, "CN": common_name}, _texts(names)
        if others is None or not all(isinstance(part, str) for part in parts.values()):
            raise CertificateError(
                f"a subject and its names are texts, got {in_short(parts)} and names={in_short(names)}",
                remedies=["write issue('app', names=['db.test', '192.0.2.2'])"],
            )
        with self._server.network[GLOBAL]:
            ca, ca_key = self._read_ca()
            try:
                name = x509.Name.from_rfc4514_string(
                    ",".join(f"{key}={_escaped(value)}" for key, value in reversed(parts.items()))
                )
            except ValueError as error:
                raise CertificateError(
                    f"the subject {parts} is not valid: {error}",
                    remedies=["use the names of RFC 4514: CN, O, OU, L, ST, C"],
                ) from error
            folder = self._server.folder / "tls"
            folder.mkdir(mode=0o700, exist_ok=True)
            if not (folder / _CA).exists():
                _write(folder / _CA, _pem(_with_key_usage(ca, ca_key)))
            certificate, key = _sign(name, others, ca, ca_key)
            stem = f"{len(list(folder.iterdir())) // 2}-{''.join(c if c.isalnum() else '_' for c in common_name)[:40]}"
            files = folder / f"{stem}-cert.pem", folder / f"{stem}-key.pem"
            _write(files[0], certificate)
            _write(files[1], key)
            self._server._lend(folder, *files)
        return Certificate(folder / _CA, *files, _as_mysql(name), _as_mysql(ca.subject))

    @contextlib.contextmanager
    def endpoints_certified(self) -> Iterator[Certificate]:
        """Let the server use a certificate for the addresses of its endpoints until the block ends.

        With ``ssl_verify_identity=True`` clients can then verify the server: the certificate that mysqld created with
        its data directory names no address. See the manual, "ALTER INSTANCE RELOAD TLS". Raises CertificateError as
        ``issue`` does.
        """
        server = self._server
        endpoints = [endpoint for endpoint in server.endpoints if not endpoint.is_wildcard]
        names = dict.fromkeys(
            name for endpoint in endpoints for name in (endpoint.address, str(endpoint.ip or endpoint.address))
        )
        issued = self.issue("mysqld", names=names)
        ((certificate, key),) = server.execute("SELECT @@ssl_cert, @@ssl_key")
        self._use(str(issued.certificate), str(issued.key))
        try:
            yield issued
        finally:
            if server.is_running:
                self._use(certificate, key)

    def _use(self, certificate: str, key: str) -> None:
        self._server.execute("SET GLOBAL ssl_cert = %s, GLOBAL ssl_key = %s", certificate, key)
        self._server.execute("ALTER INSTANCE RELOAD TLS")

    def _read_ca(self) -> tuple[x509.Certificate, Any]:
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            ca = x509.load_pem_x509_certificate(self.ca.read_bytes())
            return ca, load_pem_private_key(self.ca.with_name(_CA_KEY).read_bytes(), None)
        except OSError as error:
            raise CertificateError(
                f"server {self._server.name} has no CA: {error.strerror}",
                where=str(error.filename),
                remedies=["leave out auto_generate_certs=OFF: with that option mysqld creates no CA"],
            ) from error


def _sign(name: x509.Name, names: list[str], ca: x509.Certificate, ca_key: Any) -> tuple[bytes, bytes]:
    """Return a new certificate and its key, both as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(name, ca.subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(map(_general_name, names))), critical=False)
    certificate = builder.sign(ca_key, hashes.SHA256())
    return _pem(certificate), key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _with_key_usage(ca: x509.Certificate, ca_key: Any) -> x509.Certificate:
    """Return a certificate of the same CA and key, with the key usage that Python 3.13 requires of a CA."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
    )
    usage |= {"decipher_only": False, "digital_signature": True, "key_cert_sign": True, "crl_sign": True}
    builder = (
        _builder(ca.subject, ca.subject, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
    )
    return builder.sign(ca_key, hashes.SHA256())


def _builder(subject: x509.Name, issuer: x509.Name, key: Any) -> x509.CertificateBuilder:
    from cryptography import x509

    now = datetime.datetime.fromtimestamp(clock.now(), datetime.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _LIFE)
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def _write(file: Path, content: bytes) -> None:
    # A server in a container may write to the folder, so that a link there must not be followed.
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)


def _texts(names: object) -> list[str] | None:
    """Return the texts that an iterable has, or None for anything else."""
    if isinstance(names, str | bytes) or not isinstance(names, Iterable):
        return None
    several = list(names)
    return several if all(isinstance(name, str) for name in several) else None


def _general_name(text: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        pass
    try:
        return x509.DNSName(text)
    except ValueError as error:
        raise CertificateError(
            f"{in_short(text)} cannot be a name in a certificate: {error}",
            remedies=["write an address, or a host name in ASCII"],
        ) from error


def _as_mysql(name: x509.Name) -> str:
    """Return a subject as MySQL compares it: ``/O=Shop/CN=app``."""
    return "".join(f"/{part.rfc4514_attribute_name}={part.value!s}" for part in name)


def _escaped(value: str) -> str:
    return "".join(f"\\{letter}" if letter in ',+"\\<>;=#' else letter for letter in value)
