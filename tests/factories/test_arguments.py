"""Arguments of factories and of other public functions: a wrong kind is told at the call, with what is allowed."""

from __future__ import annotations

import inspect
import math
import re
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_netns_mysql import factories
from pytest_netns_mysql.errors import EndpointError, LoadError, NetnsError, SettingError
from pytest_netns_mysql.factories.declared import declaration_of
from pytest_netns_mysql.kernel.namespaces.capabilitynames import to_mask
from pytest_netns_mysql.run.starting import spec_of_arguments
from pytest_netns_mysql.topology import Bridge, Link, Mysqld, Namespace, Topology, dump, from_mapping
from pytest_netns_mysql.topology.file.load import load
from pytest_netns_mysql.topology.keys import keys_of

NEEDED: dict[str, Any] = {
    "bind_address": "192.0.2.2/red",
    "source": "netns_mysqld",
    "namespace": "red",
    "namespaces": ["red", "blue"],
    "argv": ["haproxy"],
}


def call(factory: str, **arguments: object) -> object:
    """Call a factory with these arguments, and those that it needs."""
    function = getattr(factories, factory)
    parameters = inspect.signature(function).parameters.values()
    needed = {one.name: NEEDED[one.name] for one in parameters if one.default is one.empty and one.name in NEEDED}
    return function(**{**needed, **arguments})


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
            "load = '~no-such-user/a' cannot be a path: there is no home of such a",
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
    assert told.startswith("load = ") or re.search(r"test_arguments\.py, line \d+", caught.value.where or "")


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


# ---- whatever comes, it is one of our errors, and short


def _nested(depth: int, of: Callable[[object], object]) -> object:
    value: object = 0
    for _ in range(depth):
        value = of(value)
    return value


KEYS = sorted(keys_of(Link, Namespace, Bridge, Topology))
TEXTS = [
    *(
        "192.0.2.2/24",
        "2001:db8::2/64",
        "172.18.0.2/16",
        "192.0.2.1",
        "::",
        "*",
        "127.0.0.1/8",
        "3306",
        "192.0.2.2/red",
    ),
    *("global", "lan", "red", "blue", "all", "default", "10mbit", "20ms", "1%", "~no-such-user", "..", ""),
    *("\x1b[31m", "\u202e", "\ud800", "a\0b", "a\nb", "9" * 400 + "mbit", "9" * 400 + "s", "x" * 20_000),
]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.binary(max_size=5),
    st.sampled_from(TEXTS),
    st.builds(lambda: 10**6000),  # which has no repr that hypothesis could show
    st.builds(object),
    st.builds(lambda: _nested(3000, lambda value: [value])),
    st.builds(lambda: _nested(3000, lambda value: {"a": value})),
)
NAMES = st.one_of(st.sampled_from(KEYS), st.text(max_size=8), st.integers(), st.none())
JUNK = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3), st.tuples(inner, inner)
    ),
    max_leaves=8,
)
EXAMPLES = settings(max_examples=150, suppress_health_check=list(HealthCheck))


def is_told(action: Callable[[], object]) -> bool:
    """Run what may raise our errors alone; return True where it did, having looked at the message."""
    try:
        action()
    except NetnsError as error:
        text = str(error)
        assert len(text) < 10_000
        assert not [one for one in text if one != "\n" and unicodedata.category(one) in ("Cc", "Cf", "Cs")]
        return True
    return False


def table(*kinds: type, **own: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Give tables of a topology's file with junk in some of their keys."""
    return st.fixed_dictionaries({}, optional={**dict.fromkeys(keys_of(*kinds), JUNK), **own})


LINKS = st.fixed_dictionaries(
    {
        "to": st.sampled_from(["lan", "wan", "red", "global"]),
        "address": st.sampled_from(["10.0.0.2/24", "10.1.0.2/16"]),
    },
    optional=dict.fromkeys(["interface", "mtu", "mac", "rate", "delay", "loss", "gateway"], JUNK),
)
TOPOLOGIES = table(
    Topology,
    namespaces=st.dictionaries(st.sampled_from(["red", "blue"]), st.one_of(JUNK, table(Link, Namespace), LINKS)),
    bridges=st.dictionaries(
        st.sampled_from(["lan", "wan"]),
        st.one_of(JUNK, table(Bridge, namespace=st.sampled_from(["red", "lan", "no-such"]))),
    ),
    mysqld=st.one_of(JUNK, table(Mysqld)),
)


@EXAMPLES
@given(st.one_of(JUNK, TOPOLOGIES), JUNK)
def test_from_mapping_of_anything(data: Any, name: Any) -> None:
    is_told(lambda: from_mapping(data))
    is_told(lambda: from_mapping({"namespaces": {"red": "192.0.2.2/24"}}, name=name, source=name))


@EXAMPLES
@given(st.data())
def test_a_topology_of_anything(data: st.DataObject) -> None:
    for kind in (Link, Namespace, Bridge, Mysqld, Topology):
        fields: Any = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(kind.__dataclass_fields__, JUNK)))

        def make(kind: Any = kind, fields: Any = fields) -> None:
            made = kind(**fields)
            topologies: dict[Any, Callable[[], Any]] = {
                Link: lambda: Topology("made", {"red": made}),
                Namespace: lambda: Topology("made", {"red": made}),
                Bridge: lambda: Topology("made", {"red": Link("10.0.0.2/24", to="lan")}, {"lan": made}),  # type: ignore[dict-item]
                Mysqld: lambda: Topology("made", {"red": Namespace()}, mysqld=made),
                Topology: lambda: made,
            }
            topology = topologies[kind]()
            _ = topology.plan
            dump(topology)

        is_told(make)


@EXAMPLES
@given(JUNK)
def test_load_and_dump_of_anything(value: Any) -> None:
    is_told(lambda: load(value))
    is_told(lambda: load("red-blue", base=value))
    assert is_told(lambda: dump(value))


RED_BLUE = load("red-blue")


@pytest.mark.parametrize("factory", factories.__all__)
@EXAMPLES
@given(data=st.data())
def test_a_factory_given_anything(factory: str, data: st.DataObject) -> None:
    """What the call takes, the check at collection takes, or tells."""
    parameters = inspect.signature(getattr(factories, factory)).parameters.values()
    names = [one.name for one in parameters if one.kind is not one.VAR_KEYWORD]
    wrong = data.draw(st.sampled_from(names))
    value = data.draw(st.one_of(JUNK, st.dictionaries(st.text(max_size=5), JUNK, max_size=2)))

    def make() -> None:
        declaration = declaration_of(call(factory, **{wrong: value}))
        assert declaration is not None
        declaration.check(RED_BLUE, [], "here")

    is_told(make)
