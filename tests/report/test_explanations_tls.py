"""Explanations of TLS handshakes that fail, and of passwords that need TLS."""

from __future__ import annotations

import ssl
import subprocess
import sys
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

OWN_CA = (
    'trust the server\'s own CA: netns_connect("red", ..., ssl_ca=str(netns_mysqld.tls.ca))'
    if sys.version_info < (3, 13)
    else "trust the server's own CA: with netns_mysqld.tls.endpoints_certified() as certified: "
    'netns_connect("red", ..., ssl_ca=str(certified.ca))'
)


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
        "TLS: the client does not trust the server's certificate: another CA than that in ssl_ca signed it"
    )
    assert found.details[0].startswith("the server's certificate is signed by its own CA, CN=MySQL_Server_")
    assert found.details[1] == "the client trusts CN=another authority alone: ssl_ca=ca.pem"
    assert found.remedies == (
        OWN_CA,
        "or do not verify: ssl_verify_cert=False, which hides the error",
    )


def test_a_certificate_that_is_of_no_authority(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory, netns_mysqld: MySQLServer
) -> None:
    app, stranger = netns_account("app", host="192.0.2.%"), netns_mysqld.tls.issue("stranger").certificate
    found = explained(lambda: netns_connect("red", account=app, ssl_ca=str(stranger), ssl_verify_cert=True))
    assert found.what == f"TLS: ssl_ca={stranger.name} is no CA certificate, so the client trusts no server by it"
    assert found.details[0] == "it is the certificate of CN=stranger"


def test_the_ca_that_is_to_be_trusted(
    netns_account: AccountFactory, netns_connect: ConnectFactory, netns_mysqld: MySQLServer
) -> None:
    app = netns_account("app", host="192.0.2.%")
    if sys.version_info < (3, 13):
        assert netns_connect("red", account=app, ssl_ca=str(netns_mysqld.tls.ca), ssl_verify_cert=True).is_connected()
    with netns_mysqld.tls.endpoints_certified() as certified:
        assert netns_connect("red", account=app, ssl_ca=str(certified.ca), ssl_verify_cert=True).is_connected()


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
    if driver == "mysql.connector" and sys.version_info >= (3, 13):
        assert found.what == (
            "TLS: the certificate that mysqld makes by itself has no Authority Key Identifier, and Python 3.13 and "
            "later refuse it"
        )
        assert found.remedies[0] == OWN_CA
        return
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
        "caching_sha2_password needs TLS or the server's RSA public key for the first login of an account, and the "
        "client had neither"
    )
    assert found.details[0].startswith("mysql said: ERROR 2061: ")
    assert found.remedies == ("remove --ssl-mode=DISABLED", "or pass --get-server-public-key")


def test_a_password_of_a_driver_without_tls(
    explained: Explained, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    app = netns_account("app", host="192.0.2.%", password="secret")
    found = explained(lambda: netns_connect("red", account=app, ssl_disabled=True))
    assert found.what == (
        "without TLS mysql.connector cannot make the first login of 'app'@'192.0.2.%' by caching_sha2_password, "
        "whatever the password"
    )
    assert found.remedies == (
        "remove ssl_disabled=True from the call of netns_connect",
        "or log in once with TLS before: the server then remembers the password until it ends",
    )
    netns_connect("red", account=app).close()
    assert netns_connect("red", account=app, ssl_disabled=True).is_connected()
