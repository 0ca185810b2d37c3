"""Any argument at all of factories and topologies: the errors are ours, and their messages short."""

from __future__ import annotations

import inspect
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_netns_mysql import factories
from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.factories.declared import declaration_of
from pytest_netns_mysql.topology import Bridge, Link, Mysqld, Namespace, Topology, dump, from_mapping
from pytest_netns_mysql.topology.file.load import load
from pytest_netns_mysql.topology.keys import keys_of
from tests.support.factorycalls import call
from tests.support.stress import scaled

pytestmark = pytest.mark.scaled


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
EXAMPLES = settings(max_examples=scaled(75, 2000), suppress_health_check=list(HealthCheck))


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
@given(st.one_of(JUNK, TOPOLOGIES), JUNK, JUNK)
def test_from_mapping_of_anything(data: Any, name: Any, namespace: Any) -> None:
    is_told(lambda: from_mapping(data))
    is_told(lambda: from_mapping({"namespaces": {"red": namespace}}))  # alone: a fault elsewhere may come first
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
