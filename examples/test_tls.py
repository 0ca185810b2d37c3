"""TLS in every namespace: the server's own CA, certificates for clients, and a server that insists on it."""

from pathlib import Path

import mysql.connector
import pytest

from pytest_netns_mysql import AccountFactory, ConnectFactory, MySQLServer, factories

pytestmark = pytest.mark.netns_mysqld(flavor="mysql")  # which makes its certificates itself

strict = factories.mysqld(
    bind_address="192.0.2.2/red", options={"port": 3311, "require_secure_transport": True}, scope="module"
)
over_tls = factories.client(strict)


def cipher(connection: mysql.connector.MySQLConnection) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
        ((_, value),) = cursor.fetchall()
        return str(value)


@pytest.mark.netns("red", "blue")
def test_a_connection_that_verifies_the_server(netns_mysqld: MySQLServer, netns_connect: ConnectFactory) -> None:
    """The certificate that mysqld makes for itself names no address; one for its endpoints does."""

    def connect(ca: Path) -> mysql.connector.MySQLConnection:
        connection: mysql.connector.MySQLConnection = netns_connect(
            ssl_ca=str(ca), ssl_verify_cert=True, ssl_verify_identity=True
        )
        return connection

    with pytest.raises(mysql.connector.Error, match=r"(?i)certificate verify failed"):
        connect(netns_mysqld.tls.ca)
    with netns_mysqld.tls.endpoints_certified() as certified:
        assert cipher(connect(certified.ca)).startswith("TLS_")


def test_an_account_that_requires_a_certificate(
    netns_mysqld: MySQLServer, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    app = netns_account("app", host="192.0.2.2", require="X509")
    with pytest.raises(mysql.connector.Error, match="Access denied"):
        netns_connect("red", account=app)
    assert cipher(netns_connect("red", account=app, **netns_mysqld.tls.issue("app").options))


def test_an_account_that_requires_its_own_certificate(
    netns_mysqld: MySQLServer, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    billing = netns_mysqld.tls.issue("billing", O="Shop", OU="Billing")
    account = netns_account("billing", host="192.0.2.2", require=billing.require)
    assert billing.subject == "/O=Shop/OU=Billing/CN=billing"
    assert cipher(netns_connect("red", account=account, **billing.options))
    with pytest.raises(mysql.connector.Error, match="Access denied"):
        netns_connect("red", account=account, **netns_mysqld.tls.issue("somebody").options)


@pytest.mark.netns("red", "blue")
def test_a_server_that_requires_tls_gets_it(over_tls: mysql.connector.MySQLConnection) -> None:
    assert cipher(over_tls).startswith("TLS_")


def test_a_server_that_requires_tls_refuses_the_rest(strict: MySQLServer) -> None:
    strict.execute("CREATE USER plain@'192.0.2.2'")
    with pytest.raises(mysql.connector.Error) as refused:
        strict.connect("red", user="plain", ssl_disabled=True)
    assert refused.value.errno == 3159  # insecure transport is prohibited
