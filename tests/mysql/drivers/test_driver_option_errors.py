"""Options in the words of drivers that are not installed here; modules stand in for them."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from typing import Any

import pytest

from pytest_netns_mysql import ClientError
from pytest_netns_mysql.mysql.drivers.functions import of_function
from pytest_netns_mysql.mysql.drivers.syncoptions import TAKERS, X


@pytest.fixture(params=["MySQLdb", "mariadb"])
def connect(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return the connect function of a module that is imported."""
    module = types.ModuleType(request.param)
    module.connect = lambda **options: options  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, request.param, module)
    return module.connect  # type: ignore[no-any-return]


def test_common_names(connect: Callable[..., Any]) -> None:
    options = {"username": "app", "passwd": "x", "db": "shop", "connection_timeout": 7, "autocommit": True}
    driver = of_function(connect)
    assert driver.has_known_options
    assert driver.with_common_names(options) == {
        "user": "app",
        "password": "x",
        "database": "shop",
        "connection_timeout": 7,
        "autocommit": True,
    }
    assert driver.own_options(options) == {
        "user": "app",
        "password": "x",
        "database": "shop",
        "connect_timeout": 7,
        "autocommit": True,
    }
    assert driver.own_options({"allow_local_infile": True, "socket": "/s"}) == {
        "connect_timeout": 10,
        "local_infile": True,
        "unix_socket": "/s",
    }


def test_an_option_that_is_not_known(connect: Callable[..., Any]) -> None:
    with pytest.raises(ClientError, match=r"^(mysqlclient|mariadb) takes no option buffered=, an option of mysql"):
        of_function(connect).own_options({"buffered": True})


def test_a_name_twice(connect: Callable[..., Any]) -> None:
    with pytest.raises(ClientError, match=r"^connection_timeout is given twice, as connect_timeout= and as "):
        of_function(connect).own_options({"connect_timeout": 1, "connection_timeout": 2})


@pytest.mark.parametrize(
    ("module", "options", "expected"),
    [
        ("MySQLdb", {"ssl_disabled": True}, {"ssl_mode": "DISABLED"}),
        ("MySQLdb", {"ssl_disabled": False}, {"ssl_mode": "REQUIRED"}),
        (
            "MySQLdb",
            {"ssl_ca": "ca.pem", "ssl_cert": "c.pem", "ssl_key": "k.pem", "ssl_verify_identity": True},
            {"ssl": {"ca": "ca.pem", "cert": "c.pem", "key": "k.pem"}, "ssl_mode": "VERIFY_IDENTITY"},
        ),
        ("MySQLdb", {"ssl_verify_cert": True, "ssl_verify_identity": False}, {"ssl_mode": "VERIFY_CA"}),
        ("mariadb", {"ssl_disabled": True}, {"ssl": False}),
        ("mariadb", {"ssl_disabled": False, "ssl_ca": "ca.pem"}, {"ssl": True, "ssl_ca": "ca.pem"}),
    ],
)
def test_tls(monkeypatch: pytest.MonkeyPatch, module: str, options: dict[str, Any], expected: dict[str, Any]) -> None:
    made = types.ModuleType(module)
    made.connect = lambda **_: None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module, made)
    assert of_function(made.connect).own_options(options) == {"connect_timeout": 10, **expected}


def test_x_devapi_counts_in_milliseconds() -> None:
    assert X.to_own({"connection_timeout": 7, "db": "shop", "ssl_disabled": True}, others=TAKERS) == {
        "connect_timeout": 7000,
        "schema": "shop",
        "ssl_mode": "disabled",
    }
    assert X.to_own({"connect_timeout": 7000}) == {"connect_timeout": 7000}


def test_an_unknown_function_gets_the_options_as_written() -> None:
    def connect(**options: Any) -> None: ...

    driver = of_function(connect)
    assert not driver.has_known_options
    assert driver.with_common_names({"db": 1, "x": 2}) == driver.own_options({"db": 1, "x": 2}) == {"db": 1, "x": 2}
