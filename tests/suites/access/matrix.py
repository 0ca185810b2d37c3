"""Each cell of the matrix of examples/access/shop.sql against a real login from there, with the account's password."""

import os

import mysql.connector
import pytest

from pytest_netns_mysql import ClientError, Endpoint, EndpointError, UnknownNamespaceError, factories
from pytest_netns_mysql.mysql.dialects.quoting import literal

netns_mysqld = factories.mysqld(load=os.environ["SHOP"])
USERS = ("", "admin", "app", "backup", "former", "intern", "report", "sync")


def answer(server, column, user, explained):
    """Return the account of a login, or the number of the error.

    TLS is used where the account requires TLS, and where MySQL takes passwords by TLS only.
    """
    password = user if explained.has_password else ""
    uses_tls = "TLS" in explained.requires or (password and server._spec.kind.flavor != "mariadb")
    try:
        connection = server.connect(
            namespace=column.namespace,
            endpoint=column.endpoint,
            user=user,
            password=password,
            ssl_disabled=not uses_tls,
        )
    except mysql.connector.Error as error:
        # Without TLS the driver refuses plugins that the server asks for where there is no account.
        return error.errno if error.errno > 0 else 1045
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER()")
        (((user_of_account, _, host)),) = [row[0].rpartition("@") for row in cursor.fetchall()]
    return f"{literal(user_of_account)}@{literal(host)}"


def test_each_cell_is_what_the_server_answers(netns_mysqld):
    if netns_mysqld._spec.kind.flavor == "mariadb":
        netns_mysqld.execute("SET GLOBAL disconnect_on_expired_password = ON")
    matrix = netns_mysqld.access_matrix()
    assert matrix.users == USERS
    assert len(matrix) == len(USERS) * len(matrix.columns)
    for column in matrix.columns:
        for user in matrix.users:
            found = matrix[user, column.label]
            expected = found.account if found.allowed else found.error
            assert expected == answer(netns_mysqld, column, user, found), (column, str(found))
            assert found == netns_mysqld.explain_login(user, column.namespace, column.endpoint)


def test_users_may_be_chosen(netns_mysqld):
    matrix = netns_mysqld.access_matrix(["nobody", "app", "app"])
    assert matrix.users == ("nobody", "app")
    assert matrix["nobody", "red"].error == 1045
    assert matrix["nobody", "red"].reason == "there is no user 'nobody'"
    assert netns_mysqld.access_matrix("app").users == ("app",)
    assert netns_mysqld.access_matrix([]).as_text().startswith("user  global")


def test_a_namespace_that_cannot_reach_the_server(netns_mysqld, netns):
    with netns.partition("red"):
        found = netns_mysqld.access_matrix(["admin"])["admin", "red"]
    if "db" in netns:  # the server listens in db, and not in red
        assert found.error == 2003
        assert found.reason.startswith("red cannot reach 172.17.0.2/db: ")
    else:
        assert found.error != 2003


def test_bad_arguments(netns_mysqld):
    with pytest.raises(UnknownNamespaceError, match="there is no namespace 'reed'"):
        netns_mysqld.explain_login("app", "reed")
    with pytest.raises(EndpointError, match=r"the server does not listen on 203\.0\.113\.9, port 3306"):
        netns_mysqld.explain_login("app", endpoint=Endpoint("203.0.113.9"))
    with pytest.raises(UnknownNamespaceError, match="there is no namespace 'reed'"):
        netns_mysqld.explain_login("app", endpoint="reed")
    with pytest.raises(ClientError, match="user must be a user name, got 1"):
        netns_mysqld.explain_login(1)
    with pytest.raises(ClientError, match="users must be user names, got 1"):
        netns_mysqld.access_matrix([1])


def test_an_endpoint_may_be_written_as_for_connections(netns_mysqld, netns):
    namespace = "db" if "db" in netns else "red"
    endpoint = netns_mysqld.endpoint(namespace)
    for written in (endpoint, namespace, str(endpoint)):
        assert netns_mysqld.explain_login("app", namespace, written).endpoint == str(endpoint)
