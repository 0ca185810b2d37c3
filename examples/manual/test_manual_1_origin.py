"""The manual, "Network Namespace Support": why the server sees an address that nobody expected."""

import mysql.connector
import pytest

from pytest_netns_mysql import AccountFactory, ConnectFactory, NamespaceConnection

pytestmark = pytest.mark.netns(topology="red-blue")  # the manual's network, whatever --netns-topology chooses


def user_of(connection: NamespaceConnection) -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT USER()")
        return cursor.fetchone()


def test_a_connection_across_namespaces_has_a_surprising_origin(netns_connect: ConnectFactory) -> None:
    """On one machine, a client outside red asks for 192.0.2.2, and the server sees it come from elsewhere."""
    user = user_of(netns_connect("global", endpoint="red"))
    print(f"--host=192.0.2.2 from the global namespace: {user}")
    assert user == ("global_user@192.0.2.1",)


def test_the_origin_is_that_of_the_namespace_not_of_the_endpoint(netns_connect: ConnectFactory) -> None:
    """The same endpoint gives another USER() in every namespace that a client stands in."""
    users = {name: user_of(netns_connect(name, endpoint="red")) for name in ("global", "red", "blue")}
    for name, user in users.items():
        print(f"{name:6} -> 192.0.2.2: {user}")
    assert users == {
        "global": ("global_user@192.0.2.1",),
        "red": ("red_user@192.0.2.2",),
        "blue": ("blue_user@198.51.100.2",),
    }


def test_an_account_for_the_expected_address_lets_nobody_in(
    netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    """Permissions are hard to assign while the origin is not what it appears to be."""
    admin = netns_account("admin", host="192.0.2.2")
    with pytest.raises(mysql.connector.Error, match=r"'192\.0\.2\.1'.*not allowed to connect") as refused:
        netns_connect("global", account=admin, endpoint="red")
    print(f"{admin} from the global namespace: {refused.value}")
    assert refused.value.errno == 1130


@pytest.mark.netns("red", "blue")
def test_both_ends_in_one_namespace_agree_on_the_address(netns_mysql: NamespaceConnection) -> None:
    """The cure: with both ends in one address space, who comes is who the account says."""
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER(), CURRENT_USER()")
        row = cursor.fetchone()
    print(row)
    assert row in [("red_user@192.0.2.2",) * 2, ("blue_user@198.51.100.2",) * 2]
