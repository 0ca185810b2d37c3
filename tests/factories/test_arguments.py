"""Arguments of factories and of other public functions: a wrong kind is told at the call, with what is allowed."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from pytest_netns_mysql import factories
from pytest_netns_mysql.errors import EndpointError, LoadError, NetnsError, SettingError
from pytest_netns_mysql.factories.declared import declaration_of
from pytest_netns_mysql.kernel.namespaces.capabilitynames import to_mask
from pytest_netns_mysql.run.starting import spec_of_arguments
from tests.support.factorycalls import call

ADDRESSES = "it takes addr/ns as text: one, a comma list, or a list"
SECONDS = "it takes a number of seconds above 0, at most 86400, a day"
LOADS = (
    "it takes an SQL file, a folder of them, a function that takes a connection, its name as text, or a list of these"
)


@pytest.mark.parametrize(
    ("factory", "argument", "value", "error", "told"),
    [
        ("mysqld", "bind_address", 5, EndpointError, f"factories.mysqld(bind_address=5): {ADDRESSES}"),
        ("mysqld", "bind_address", [5], EndpointError, f"factories.mysqld(bind_address=[5]): {ADDRESSES}"),
        ("mysqld", "admin_address", ["a"], EndpointError, "factories.mysqld(admin_address=['a']): it takes an addr/ns"),
        (
            "source",
            "mysqlx_bind_address",
            b"*",
            EndpointError,
            f"factories.source(mysqlx_bind_address=b'*'): {ADDRESSES}",
        ),
        ("replica", "bind_address", None, EndpointError, f"factories.replica(bind_address=None): {ADDRESSES}"),
        (
            "mysqld",
            "options",
            ["port"],
            SettingError,
            "factories.mysqld(options=['port']): it takes a mapping of names to",
        ),
        ("mysqld", "options", {1: 2}, SettingError, "factories.mysqld(options={1: 2}): it takes a mapping of names to"),
        ("group", "options", 0, SettingError, "factories.group(options=0): it takes a mapping of names to values"),
        ("mysqld", "load", 5, LoadError, f"factories.mysqld(load=5): {LOADS}"),
        ("client", "load", [5], LoadError, f"factories.client(load=[5]): {LOADS}"),
        (
            "source",
            "load",
            "~no-such-user/a",
            LoadError,
            "load = '~no-such-user/a' cannot be a path: there is no such user, or the user has no home folder",
        ),
        (
            "mysqld",
            "check_endpoints",
            "yes",
            SettingError,
            "factories.mysqld(check_endpoints='yes'): it takes True or False",
        ),
        ("mysqld", "require_mysqlx", 1, SettingError, "factories.mysqld(require_mysqlx=1): it takes True or False"),
        (
            "mysqld",
            "drop_capabilities",
            5,
            SettingError,
            "factories.mysqld(drop_capabilities=5): it takes a text, or a list",
        ),
        (
            "mysqld",
            "mysqld",
            5,
            SettingError,
            "factories.mysqld(mysqld=5): it takes a value of netns_mysqld, or None",
        ),
        (
            "mysqld",
            "scope",
            "sesion",
            SettingError,
            "factories.mysqld(scope='sesion'): it takes one of session, package,",
        ),
        ("router", "scope", ["session"], SettingError, "factories.router(scope=['session']): it takes one of session,"),
        (
            "mysqld",
            "name",
            "a/b",
            SettingError,
            "factories.mysqld(name='a/b'): it takes a fixture's name: text without",
        ),
        (
            "mysqld",
            "name",
            "request",
            SettingError,
            "factories.mysqld(name='request'): it takes a fixture's name: text",
        ),
        (
            "proxy",
            "name",
            5,
            SettingError,
            "factories.proxy(name=5): it takes a fixture's name: text without blanks and",
        ),
        ("replica", "timeout", "x", SettingError, f"factories.replica(timeout='x'): {SECONDS}"),
        ("replica", "timeout", math.nan, SettingError, f"factories.replica(timeout=nan): {SECONDS}"),
        ("replica", "timeout", 1e300, SettingError, f"factories.replica(timeout=1e+300): {SECONDS}"),
        ("replica", "timeout", True, SettingError, f"factories.replica(timeout=True): {SECONDS}"),
        (
            "replica",
            "source",
            5,
            SettingError,
            "factories.replica(source=5): it takes a server's fixture, by name or as a",
        ),
        (
            "replica",
            "channel",
            None,
            SettingError,
            "factories.replica(channel=None): it takes text of one line, which may",
        ),
        (
            "replica",
            "replication_options",
            [],
            SettingError,
            "factories.replica(replication_options=[]): it takes a mapping",
        ),
        ("group", "namespaces", "red", SettingError, "factories.group(namespaces='red'): it takes a list of texts"),
        ("group", "namespaces", 5, SettingError, "factories.group(namespaces=5): it takes a list of texts"),
        ("group", "single_primary", "no", SettingError, "factories.group(single_primary='no'): it takes True or False"),
        (
            "client",
            "mysqld",
            5,
            SettingError,
            "factories.client(mysqld=5): it takes a server's fixture, by name or as a",
        ),
        ("client", "namespace", 5, SettingError, "factories.client(namespace=5): it takes text of one line"),
        ("client", "endpoint", 5, SettingError, "factories.client(endpoint=5): it takes text of one line"),
        (
            "client",
            "driver",
            5,
            SettingError,
            "factories.client(driver=5): it takes a driver's name, or a function that",
        ),
        ("proxy", "namespace", None, SettingError, "factories.proxy(namespace=None): it takes text of one line"),
        (
            "proxy",
            "mysqld",
            None,
            SettingError,
            "factories.proxy(mysqld=None): it takes a server's fixture, by name or as",
        ),
    ],
)
def test_a_wrong_kind_is_told_with_what_is_allowed_and_where(
    factory: str, argument: str, value: object, error: type[NetnsError], told: str
) -> None:
    with pytest.raises(error) as caught:
        call(factory, **{argument: value})
    assert type(caught.value) is error
    assert caught.value.what.startswith(told)
    assert caught.value.remedies
    assert told.startswith("load = ") or re.search(r"factorycalls\.py, line \d+", caught.value.where or "")


@pytest.mark.parametrize("factory", factories.__all__)
def test_what_is_right_is_taken(factory: str) -> None:
    assert declaration_of(call(factory)) is not None


def test_a_fixture_that_a_factory_returned_names_a_server() -> None:
    server = factories.source(options={"max_connections": 5, "skip_ssl": None, "init_file": __file__}, name="a-server")
    assert declaration_of(factories.replica(server, bind_address="192.0.2.2/red", timeout=86_400)) is not None


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ({"bind_address": 5}, f"netns_start_mysqld(bind_address=5): {ADDRESSES}"),
        ({"options": 5}, "netns_start_mysqld(options=5): it takes a mapping of names to values"),
        ({"check_endpoints": None}, "netns_start_mysqld(check_endpoints=None): it takes True or False"),
    ],
)
def test_a_server_that_a_test_starts_is_checked_in_the_same_way(plan: dict[str, Any], told: str) -> None:
    with pytest.raises(NetnsError) as caught:
        spec_of_arguments(plan)
    assert caught.value.what == told


def test_capabilities_are_names() -> None:
    with pytest.raises(SettingError, match="drop_capabilities must be a name or a list of names, got 5"):
        to_mask(5)  # type: ignore[arg-type]
    with pytest.raises(SettingError, match=r"there is no capability \[5\]"):
        to_mask([[5]])  # type: ignore[list-item]
