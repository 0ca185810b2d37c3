"""Logins that are refused, each for another reason. `pytest logins.py` shows how a failing test explains itself."""

import socket
import subprocess

import pytest

pytestmark = [pytest.mark.netns("red"), pytest.mark.netns_mysqld(flavor="mysql")]


def test_wrong_origin(netns_mysqld, netns_connect):
    with netns_connect("blue", endpoint=netns_mysqld.endpoint("red")).cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("blue_user@192.0.2.2",)


def test_no_account_for_this_host(netns_account, netns_connect):
    app = netns_account("app", host="198.51.100.%")
    netns_account("report", host="192.0.2.2")
    netns_connect("red", account=app)


def test_host_that_no_account_has(netns_account, netns_connect):
    app = netns_account("app", host="198.51.100.%")
    netns_connect("red", account=app)


def test_wrong_password(netns_account, netns_connect):
    netns_account("app", host="192.0.2.%", password="right")
    netns_connect("red", user="app", password="wrong")


def test_account_of_another_host_is_picked(netns_account, netns_connect):
    """The password is the one of 'app'@'%', but the server picks the account with the more specific host."""
    netns_account("app", host="%", password="of everywhere")
    netns_account("app", host="192.0.2.2", password="of red")
    netns_connect("red", user="app", password="of everywhere")


def test_account_requires_tls(netns_account, netns_connect):
    app = netns_account("app", host="192.0.2.2", require="SSL")
    netns_connect("red", account=app, ssl_disabled=True)


def test_account_requires_a_certificate(netns_account, netns_connect):
    app = netns_account("app", host="192.0.2.2", require="X509")
    netns_connect("red", account=app)


def test_account_is_locked(netns_mysqld, netns_account, netns_connect):
    app = netns_account("app", host="192.0.2.2")
    netns_mysqld.execute("ALTER USER app@'192.0.2.2' ACCOUNT LOCK")
    netns_connect("red", account=app)


def test_password_has_expired(netns_mysqld, netns_account, netns_connect):
    app = netns_account("app", host="192.0.2.2", password="old")
    netns_mysqld.execute("ALTER USER app@'192.0.2.2' PASSWORD EXPIRE")
    netns_connect("red", account=app)


def test_account_is_for_the_unix_socket(netns_mysqld, netns_connect):
    netns_mysqld.execute("INSTALL PLUGIN auth_socket SONAME 'auth_socket.so'")
    netns_mysqld.execute("CREATE USER backup@'192.0.2.2' IDENTIFIED WITH auth_socket")
    netns_connect("red", user="backup")


def test_server_requires_tls(netns_mysqld, netns_account):
    netns_account("app", host="192.0.2.2")
    netns_mysqld.execute("SET GLOBAL require_secure_transport = ON")
    netns_mysqld.connect("red", user="app", ssl_disabled=True)


def test_certificate_of_another_authority(other_authority, netns_connect):
    netns_connect("red", ssl_ca=str(other_authority), ssl_verify_cert=True)


def test_password_needs_a_secure_connection(netns_account, netns_argv):
    """The first login of an account by caching_sha2_password needs TLS, or the public key of the server."""
    app = netns_account("app", host="192.0.2.2", password="secret")
    argv = netns_argv("mysql", "--ssl-mode=DISABLED", "--execute=SELECT 1", account=app)
    subprocess.run(argv, check=True, capture_output=True, text=True)


@pytest.mark.netns("red", topology="names.toml")
def test_host_is_blocked(netns_mysqld, netns_account):
    """A health check opens connections and sends nothing: the server blocks its host."""
    netns_account("app", host="red.db.test")
    for _ in range(5):
        with socket.create_connection(("192.0.2.2", 3306)) as health_check:
            health_check.recv(1)
    netns_mysqld.connect("red", user="app")
