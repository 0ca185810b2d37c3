"""Variables of the official image: what is made of them on a server, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql import MySQLServer, SettingError
from pytest_netns_mysql.mysql.load.imagevariables import ImageVariables
from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec
from pytest_netns_mysql.mysql.seed.loader import load_into
from pytest_netns_mysql.topology import from_mapping

ODD = {
    "MYSQL_DATABASE": "an `odd`_1%",
    "MYSQL_USER": "it's",
    "MYSQL_PASSWORD": "a\\'b\"c",
    "MYSQL_ROOT_PASSWORD": "",
    "MYSQL_ALLOW_EMPTY_PASSWORD": "yes",
    "MYSQL_ROOT_HOST": "192.0.2.%",
}


@pytest.fixture
def variables(tmp_path: Path) -> ImageVariables:
    """Variables whose values need to be quoted."""
    return ImageVariables(ODD, tmp_path, where="here")


@pytest.fixture
def loaded(netns_mysqld: MySQLServer, variables: ImageVariables) -> MySQLServer:
    """The run's server with what the variables make."""
    load_into(netns_mysqld, [variables.load()])
    return netns_mysqld


@pytest.mark.live
def test_names_and_passwords_are_taken_as_they_are(loaded: MySQLServer) -> None:
    options: dict[str, Any] = {"user": "it's", "password": ODD["MYSQL_PASSWORD"], "database": "an `odd`_1%"}
    with loaded.connect(namespace="red", **options) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER(), DATABASE()")
        assert cursor.fetchone() == ("it's@%", "an `odd`_1%")
    accounts = loaded.execute("SELECT user, host FROM mysql.user WHERE user IN ('root', 'it''s') ORDER BY host")
    assert [tuple(map(str, account)) for account in accounts] == [
        ("it's", "%"),
        ("root", "192.0.2.%"),
        ("root", "localhost"),
    ]


def statements(variables: dict[str, str], folder: Path) -> list[str]:
    return ImageVariables(variables, folder, where="here").statements()


def test_root_needs_a_password_or_the_permission_to_have_none(tmp_path: Path) -> None:
    grant = "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION"
    assert statements({"MYSQL_RANDOM_ROOT_PASSWORD": "1"}, tmp_path) == []
    assert statements({"MYSQL_ROOT_PASSWORD": ""}, tmp_path) == []
    assert statements({"MYSQL_ALLOW_EMPTY_PASSWORD": "1"}, tmp_path) == [
        "CREATE USER 'root'@'%' IDENTIFIED BY ''",
        grant,
    ]
    assert statements({"MYSQL_ROOT_PASSWORD": "x"}, tmp_path) == ["CREATE USER 'root'@'%' IDENTIFIED BY 'x'", grant]
    assert statements({"MYSQL_ROOT_PASSWORD": "x", "MYSQL_ROOT_HOST": "localhost"}, tmp_path) == []


def test_a_user_needs_a_password(tmp_path: Path) -> None:
    assert statements({"MYSQL_USER": "app"}, tmp_path) == []
    assert statements({"MYSQL_USER": "app", "MYSQL_PASSWORD": "x"}, tmp_path) == [
        "CREATE USER 'app'@'%' IDENTIFIED BY 'x'"
    ]


def test_a_file_has_a_value_for_a_variable(tmp_path: Path) -> None:
    (tmp_path / "schema.txt").write_text("shop\n\n")
    assert statements({"MYSQL_DATABASE_FILE": "schema.txt"}, tmp_path) == ["CREATE DATABASE IF NOT EXISTS `shop`"]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (
            {"MYSQL_DATABSE": "shop"},
            "the variable MYSQL_DATABSE is not used here\n"
            "  where: shop.toml: mysqld.environment\n"
            "  tried: used: MYSQL_DATABASE, MYSQL_USER, MYSQL_PASSWORD, MYSQL_ROOT_PASSWORD, MYSQL_ROOT_HOST, "
            "MYSQL_ALLOW_EMPTY_PASSWORD, MYSQL_RANDOM_ROOT_PASSWORD, and the first five with _FILE\n"
            "  do: write MYSQL_DATABASE",
        ),
        (
            {"MYSQL_USER": "root", "MYSQL_PASSWORD": "x"},
            "MYSQL_USER is root, which the image refuses: it takes the name of another account\n"
            "  where: shop.toml: mysqld.environment\n"
            "  do: remove MYSQL_USER and MYSQL_PASSWORD: MYSQL_ROOT_PASSWORD makes 'root'@'%'",
        ),
        (
            {"MYSQL_PASSWORD_FILE": "/nowhere/x"},
            "the file /nowhere/x cannot be read: No such file or directory\n"
            "  where: shop.toml: mysqld.environment\n"
            "  do: write the file, or correct the path",
        ),
    ],
)
def test_what_is_wrong_is_told(variables: dict[str, str], message: str) -> None:
    data = {"namespaces": {"red": "192.0.2.2/24"}, "mysqld": {"environment": variables}}
    with pytest.raises(SettingError) as error:
        ServerSpec._of_topology(from_mapping(data, source="shop.toml"))
    assert str(error.value) == message
