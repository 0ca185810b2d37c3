"""What of a netns test's servers can be told to be wrong at collection, before any of them is started."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.errors import ReplicationError, in_short
from pytest_netns_mysql.factories.byname import PLAN

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.kind import Kind
    from pytest_netns_mysql.topology.topology import Topology

_ADDRESSES = ("bind_address", "admin_address", "mysqlx_bind_address")


@dataclass(frozen=True)
class FixturePlan:
    """Say what a factory's fixture will start.

    Shape: ``server`` is what a ServerPlan takes; ``name`` is the fixture's, where it is given; ``namespaces`` must be
    in the topology; ``needs`` are the fixtures of other servers, by name or as a factory returned them.
    """

    factory: str
    server: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None
    namespaces: tuple[str, ...] = ()
    needs: tuple[Any, ...] = ()


def check_servers(
    item: pytest.Item, topology: Topology, kinds: Sequence[Kind], find: Callable[[str], Kind | None]
) -> None:
    """Check the endpoints, options and namespaces of the servers that a test asks for.

    Each is one of ``kinds``, or what ``find`` returns of the name that a factory gives it.

    Raises EndpointError, SettingError, UnknownNamespaceError, GroupError or ServerVersionError, naming the fixture and
    the test.
    """
    info = item._fixtureinfo  # type: ignore[attr-defined]
    for name, plan in plans_of(item):
        where = f"factories.{plan.factory} of the fixture {name}, for {item.nodeid}"
        _check(plan, topology, where)
        named = plan.server.get("mysqld")
        for kind in kinds if named is None else filter(None, [find(named)]):
            kind.refuse({**plan.server, "factory": plan.factory}, where)
    if "netns_mysqld" in info.names_closure:
        from pytest_netns_mysql.mysql.load.load import of_topology

        where = f"{topology.source}: mysqld"
        of_topology(topology)
        _check_server(vars(topology.mysqld), topology, where, f"{where}.options")
        for kind in kinds:
            kind.refuse(vars(topology.mysqld), where)
            if "netns_mysqlx" in info.names_closure:
                kind.refuse({"mysqlx_bind_address": "*"}, f"netns_mysqlx of {item.nodeid}")


def plans_of(item: pytest.Item) -> Iterator[tuple[str, FixturePlan]]:
    """Yield the plans of the fixtures that a test asks for, and of those that these need."""
    info = item._fixtureinfo  # type: ignore[attr-defined]
    manager = item.session._fixturemanager
    waiting = [(name, definitions[-1].func) for name, definitions in info.name2fixturedefs.items()]
    seen = set()
    while waiting:
        name, function = waiting.pop()
        plan = plan_of(function)
        if plan is None or name in seen:
            continue
        seen.add(name)
        yield name, plan
        for need in plan.needs:
            needed = name_of(need, item)
            definitions = manager.getfixturedefs(needed, item)
            if definitions:
                waiting.append((needed, definitions[-1].func))


def name_of(fixture: Any, item: pytest.Item) -> str:
    """Return the name of a fixture, given by name or as a factory of ours returned it; raise ReplicationError."""
    if isinstance(fixture, str):
        return fixture
    plan = plan_of(fixture)
    # A fixture is called after the name that it is assigned to: in a test's class or module, or in a conftest.
    parents = [node.obj for node in item.listchain() if isinstance(node, pytest.Class | pytest.Module)]
    for place in [*reversed(parents), *item.config.pluginmanager.get_plugins()]:
        for name, value in getattr(place, "__dict__", {}).items():
            if plan is not None and plan_of(value) is plan:
                return plan.name or str(name)
    raise ReplicationError(
        f"{in_short(fixture)} is no fixture of a server",
        where=item.nodeid,
        remedies=['name the fixture: factories.replica("netns_mysqld", ...)', "pass what a factory returned"],
    )


def is_planned(fixture: object) -> bool:
    """Return True for a fixture that a factory of ours returned."""
    return plan_of(fixture) is not None


def plan_of(fixture: Any) -> FixturePlan | None:
    """Return the plan that a factory's fixture bears, or None for any other fixture."""
    # Not getattr: pytest.mark, which every test module has, makes any attribute that it is asked for.
    plan = getattr(fixture, "__dict__", {}).get(PLAN)
    return plan if isinstance(plan, FixturePlan) else None


def _check(plan: FixturePlan, topology: Topology, where: str) -> None:
    from pytest_netns_mysql.endpoint import GLOBAL
    from pytest_netns_mysql.mysql.load.load import resolve
    from pytest_netns_mysql.topology.lookup import unknown_namespace

    for name in plan.namespaces:
        if name not in topology.namespaces and name != GLOBAL:
            raise unknown_namespace(name, topology, where=where)
    if "port" in plan.server:
        from pytest_netns_mysql.mysql.proxies import proxy

        proxy.check(plan.server.get("argv", len), plan.server["port"], where)
    if plan.factory == "group":
        from pytest_netns_mysql.mysql.replication.groupplan import check

        check(plan.namespaces, plan.server["options"], where)
    resolve(plan.server.get("load", ()), where=where)
    _check_server(plan.server, topology, where, where)


def _check_server(written: Mapping[str, Any], topology: Topology, where: str, where_options: str) -> None:
    from pytest_netns_mysql.kernel.namespaces import capabilities
    from pytest_netns_mysql.mysql.dialects.options import checked
    from pytest_netns_mysql.mysql.mysqld.listeners import check_names, check_port_options
    from pytest_netns_mysql.topology.planning.endpoints import check_endpoints

    checked(written.get("options", {}), where=where_options)
    if written.get("check_endpoints", True):
        check_port_options(written.get("options", {}), where_options)
    capabilities.mask(written.get("drop_capabilities", ()), where=where)
    for key in _ADDRESSES if written.get("check_endpoints", True) else ():
        if written.get(key) is not None:
            endpoints = check_endpoints(written[key], topology.plan, key, where)
            check_names(endpoints, topology.plan.hosts, key=key, where=where)
