"""Explanations of TLS handshakes that fail, and of passwords that need TLS."""

from __future__ import annotations

import ssl
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from pytest_netns_mysql import AccountFactory, ArgvFactory, ConnectFactory, MySQLServer, StartFactory
from tests.report.conftest import Explained

pytestmark = pytest.mark.live


@pytest.fixture
def other_authority(tmp_path: Path) -> Path:
    """The certificate of an authority that has not signed the server's."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "another authority")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=timezone.utc))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=timezone.utc))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    file = tmp_path / "ca.pem"
    file.write_bytes(certificate.public_bytes(Encoding.PEM))
    return file


@pytest.mark.parametrize("driver", ["mysql.connector", "pymysql"])
def test_another_authority(
    explained: Explained,
    netns_account: AccountFactory,
    netns_connect: ConnectFactory,
    other_authority: Path,
    driver: str,
) -> None:
    app = netns_account("app", host="192.0.2.%")
    found = explained(
        lambda: netns_connect("red", account=app, ssl_ca=str(other_authority), ssl_verify_cert=True, driver=driver)
    )
    assert found.what == (
        "TLS: the client does not trust the server's certificate: another authority than that in ssl_ca signed it"
    )


@pytest.mark.parametrize("driver", ["mysql.connector", "pymysql"])
def test_another_name(
    explained: Explained,
    netns_account: AccountFactory,
    netns_connect: ConnectFactory,
    netns_mysqld: MySQLServer,
    driver: str,
) -> None:
    app = netns_account("app", host="192.0.2.%")
    ca = str(netns_mysqld.tls.issue("app").ca)
    found = explained(
        lambda: netns_connect(
            "red", account=app, ssl_ca=ca, ssl_verify_cert=True, ssl_verify_identity=True, driver=driver
        )
    )
    assert found.what == ("TLS: the server's certificate is not valid for 192.0.2.2, and the client verifies the name")
    assert found.remedies[1].startswith("or give the server a certificate for its endpoints: with netns_mysqld.tls.")


def test_no_version_in_common(explained: Explained, netns_start_mysqld: StartFactory) -> None:
    server = netns_start_mysqld(bind_address="192.0.2.2/red", options={"port": 3399, "tls_version": "TLSv1.3"})
    server.execute("CREATE USER app@'192.0.2.2'")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    found = explained(lambda: server.connect("red", user="app", driver="pymysql", ssl=context), servers=[server])
    assert found.what == "TLS: client and server have no protocol version in common"
    assert found.details[0] == "the server's tls_version is TLSv1.3"


def test_a_password_without_tls(explained: Explained, netns_account: AccountFactory, netns_argv: ArgvFactory) -> None:
    app = netns_account("app", host="192.0.2.%", password="secret")
    argv = netns_argv("mysql", "--ssl-mode=DISABLED", "-e", "SELECT 1", namespace="red", account=app)
    found = explained(lambda: subprocess.run(argv, check=True, capture_output=True, timeout=60))
    assert found.what == (
        "the client would send its password without TLS, and caching_sha2_password does not allow that"
    )
