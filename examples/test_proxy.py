"""A proxy in between: the server sees the proxy's address, whoever the client is.

A grant written for the client's own address worked in the office, and fails in production, behind a proxy. Here the
proxy is MySQL Router; factories.proxy takes any other.
"""

from __future__ import annotations

import mysql.connector
import pytest

from pytest_netns_mysql import AccountFactory, ConnectFactory, Proxy, factories

pytestmark = pytest.mark.netns(topology="red-blue")

router = factories.router(namespace="blue")


@pytest.mark.parametrize("client", ["red", "blue", "global"])
def test_every_client_comes_from_the_proxys_address(
    netns_account: AccountFactory, netns_connect: ConnectFactory, router: Proxy, client: str
) -> None:
    """USER() shows the router, wherever the client is."""
    app = netns_account("app", host=router.origin)
    with netns_connect(client, account=app, endpoint=router.endpoint).cursor() as cursor:
        cursor.execute("SELECT USER()")
        (user,) = cursor.fetchone()
    print(f"from {client} through {router.endpoint}: {user}")
    assert user == "app@198.51.100.2"


def test_a_grant_for_the_clients_address_fails_behind_it(
    netns_account: AccountFactory, netns_connect: ConnectFactory, router: Proxy
) -> None:
    """'app'@'192.0.2.2' is a client of red's on its own; through the router it is nobody."""
    app = netns_account("app", host="192.0.2.2", password="secret")
    netns_connect("red", account=app)  # directly

    netns_account("monitor", host=router.origin)
    with pytest.raises(mysql.connector.Error) as refused:
        netns_connect("red", account=app, endpoint=router.endpoint)
    print("through the router the server says", refused.value)
    assert refused.value.errno == 1045  # ER_ACCESS_DENIED_ERROR
    assert "'app'@'198.51.100.2'" in str(refused.value)

    netns_account("app", host=router.origin, password="secret")
    netns_connect("red", account=app, endpoint=router.endpoint)  # the same user and password, another account


def test_a_host_without_any_account_is_told_so(
    netns_account: AccountFactory, netns_connect: ConnectFactory, router: Proxy
) -> None:
    """Where no account at all may come from the router's address, the server does not even ask for a password."""
    app = netns_account("app", host="192.0.2.2")
    with pytest.raises(mysql.connector.Error) as refused:
        netns_connect("red", account=app, endpoint=router.endpoint)
    assert refused.value.errno == 1130  # ER_HOST_NOT_PRIVILEGED
