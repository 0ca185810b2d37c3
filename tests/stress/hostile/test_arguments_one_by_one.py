"""Each argument and key in turn gets each odd value, with all else right: it is taken, or refused in our words."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql import factories
from pytest_netns_mysql.factories.declared import declaration_of
from pytest_netns_mysql.topology import Bridge, Link, Mysqld, Namespace, Topology, dump, from_mapping
from pytest_netns_mysql.topology.diagram import draw
from pytest_netns_mysql.topology.file.load import load
from pytest_netns_mysql.topology.keys import keys_of
from tests.support import oddvalues
from tests.support.factorycalls import call
from tests.support.oddvalues import VALUES, fault_of
from tests.support.stress import IS_LONG, check, scaled
from tests.support.suites import Suite

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

AREA = "Hostile input"
LINK = {"to": "lan", "address": "10.0.0.2/24"}
TABLES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "the topology": (lambda table: table, keys_of(Topology)),
    "red": (lambda table: {"namespaces": {"red": table}}, keys_of(Link, Namespace)),
    "a link": (
        lambda table: {"namespaces": {"red": {**LINK, **table}}, "bridges": {"lan": {}}},
        keys_of(Link, Namespace),
    ),
    "lan": (lambda table: {"namespaces": {"red": LINK}, "bridges": {"lan": table}}, keys_of(Bridge)),
    "mysqld": (lambda table: {"namespaces": {"red": "192.0.2.2/24"}, "mysqld": table}, keys_of(Mysqld)),
}
IN_TOPOLOGIES: dict[Any, Callable[[Any], Topology]] = {
    Link: lambda made: Topology("made", {"red": made}),
    Namespace: lambda made: Topology("made", {"red": made}),
    Bridge: lambda made: Topology("made", {"red": Link("10.0.0.2/24", to="lan")}, {"lan": made}),  # type: ignore[dict-item]
    Mysqld: lambda made: Topology("made", {"red": Namespace()}, mysqld=made),
    Topology: lambda made: made,
}
MARKERS = 9  # of the inner suite
MODULE = """
import conftest
@conftest.MARKERS[{marker}](conftest.VALUES[{value}])
def test_it(netns): pass
"""
ODD_VALUES = Path(oddvalues.__file__).read_text()
NEEDED: dict[Any, dict[str, Any]] = {Link: {"address": "10.0.0.2/24"}, Topology: {"namespaces": {"red": Namespace()}}}


def forms() -> list[Any]:
    """Return the odd values, and in the long form also lists and tables of them."""
    return [form for each in VALUES for form in ([each, [each], {"a": each}] if IS_LONG else [each])]


def read_and_draw(data: Callable[[], Any], kind: str) -> None:
    draw(from_mapping(data()), kind)


def test_keys_of_topologies() -> None:
    faults, tried = [], 0
    for name, (wrap, keys) in TABLES.items():
        for value in forms():
            cases = [(f"{name}.{key}", partial(wrap, {key: value})) for key in keys]
            if name != "a link":
                cases.append((name, partial(wrap, value)))
            tried += len(cases)
            for label, data in cases:
                kind = "svg" if name == "the topology" else "text"
                faults += fault_of(partial(read_and_draw, data, kind), label, value)
    check(AREA, "keys of topologies with odd values are read, or refused in our words", tried, faults)


def test_fields_of_topologies() -> None:
    faults, tried = [], 0
    for kind in IN_TOPOLOGIES:
        for field in kind.__dataclass_fields__:
            for value in forms():
                tried += 1

                def make(kind: Any = kind, field: str = field, value: Any = value) -> None:
                    made = IN_TOPOLOGIES[kind](kind(**{**NEEDED.get(kind, {}), field: value}))
                    draw(made, "text")
                    dump(made)

                faults += fault_of(make, f"{kind.__name__}.{field}", value)
    check(AREA, "fields of topologies with odd values are taken, or refused in our words", tried, faults)


def test_arguments_of_factories() -> None:
    faults, tried, red_blue = [], 0, load("red-blue")
    for factory in factories.__all__:
        parameters = inspect.signature(getattr(factories, factory)).parameters.values()
        names = [parameter.name for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD]
        for name in names:
            for value in forms():
                tried += 1

                def make(factory: str = factory, name: str = name, value: Any = value) -> None:
                    declaration = declaration_of(call(factory, **{name: value}))
                    assert declaration is not None
                    declaration.check(red_blue, [], "here")

                faults += fault_of(make, f"{factory}({name}=)", value)
    check(AREA, "arguments of factories with odd values are taken, or refused in our words", tried, faults)


def test_arguments_of_fixtures(suite: Suite, pytester: pytest.Pytester) -> None:
    suite("hostile/fixture_arguments", oddvalues=ODD_VALUES).assert_outcomes(passed=1)
    tried, *faults = (pytester.path / "faults").read_text().splitlines()
    check(AREA, "arguments of fixtures with odd values are taken, or refused in our words", int(tried), faults)


def test_arguments_of_markers(suite: Suite, pytester: pytest.Pytester) -> None:
    """Each module of the inner suite has a marker with one odd value."""
    step, count = scaled(7, 1), 0
    for marker in range(MARKERS):
        for value in range(marker % step, len(VALUES), step):
            (pytester.path / f"test_{marker}_{value}.py").write_text(MODULE.format(marker=marker, value=value))
            count += 1
    result = suite(
        "def test_it(): pass",
        *("--collect-only", "--tb=short", "--continue-on-collection-errors", "-s"),
        conftest="hostile/marker_arguments",
        oddvalues=ODD_VALUES,
    )
    lines = result.stdout.str().splitlines()
    assert "collected" in "".join(lines)
    faults = [line for line in lines if line.startswith("FAULT ") or "INTERNALERROR" in line]
    check(AREA, "arguments of markers with odd values are taken, or refused in our words", count, faults)
