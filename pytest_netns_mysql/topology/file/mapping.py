"""Topologies from the mappings that TOML files hold, and TOML files from topologies."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from pytest_netns_mysql.errors import TopologyError, in_short
from pytest_netns_mysql.topology.faults import Faults
from pytest_netns_mysql.topology.keys import SHORTEST, Key, decode, keys_of
from pytest_netns_mysql.topology.model import Bridge, Link, Mysqld, Namespace
from pytest_netns_mysql.topology.planning import planner
from pytest_netns_mysql.topology.tomltext import toml_key
from pytest_netns_mysql.topology.topology import Topology

_EITHER = "an address with a prefix length, or a table"
_LINK = keys_of(Link)
_NAMESPACE = keys_of(Link, Namespace)  # those of a single link stand beside the namespace's own


def read(data: object, *, name: str, source: str) -> Topology:
    """Return the checked topology.

    Args:
        data: What a TOML parser returned for the topology.
        name: The name of the topology.
        source: The file or preset, for messages.

    Raises:
        TopologyError: With every fault.
        EndpointError: If the only fault is an endpoint.
    """
    if not isinstance(data, Mapping):
        raise TopologyError(
            f"a topology must be a table, got {in_short(data)}",
            where=source,
            remedies=[f"the shortest one is {SHORTEST}"],
        )
    faults = Faults(source)
    keys = decode(keys_of(Topology), data, "", faults)
    keys["namespaces"] = _each(keys.get("namespaces", {}), "namespaces", _namespace, faults)
    keys["bridges"] = _each(keys.get("bridges", {}), "bridges", _bridge, faults)
    keys["mysqld"] = Mysqld(**decode(keys_of(Mysqld), keys.get("mysqld", {}), "mysqld", faults))
    topology = Topology(name, **keys, source=source)
    faults.of_file = bool(faults)
    # The cached property: the plan is made here with the faults of the file, and not a second time.
    topology.__dict__["plan"] = planner.plan(topology, faults)
    return topology


def _each(table: Mapping[Any, Any], path: str, read_entry: Any, faults: Faults) -> dict[str, Any]:
    found = {}
    for name, value in table.items():
        if isinstance(name, str):
            found[name] = read_entry(value, f"{path}.{toml_key(name)}", faults)
        else:
            faults.add(
                f"a {path[:-1]}'s name must be text, got {in_short(name)}", f"{path}.{in_short(name)}", "quote it"
            )
    return {name: value for name, value in found.items() if value is not None}


def _namespace(value: object, path: str, faults: Faults) -> Namespace | None:
    if isinstance(value, str) or (
        isinstance(value, list | tuple) and all(isinstance(address, str) for address in value)
    ):
        return Namespace((Link(value),))
    table = _table(
        _NAMESPACE,
        value,
        path,
        faults,
        "an address with a prefix length, a list of them, or a table",
        'red = "192.0.2.2/24"',
    )
    if table is None:
        return None
    link = {key: table.pop(key) for key in _LINK if key in table}
    several = table.pop("links", None)
    if link and several is not None:
        faults.add(
            f"{path} has links, and keys of a link besides: {', '.join(link)}",
            path,
            "move these keys into one of the links",
        )
    links = [Link(**link)] if link else []
    for number, value in enumerate(several or ()):
        place = f"{path}.links[{number}]"
        if isinstance(value, str):
            links.append(Link(value))
        elif (keys := _table(_LINK, value, place, faults, _EITHER, '"192.0.2.2/24"')) is not None:
            links.append(Link(**keys))
    return Namespace(tuple(links), **table)


def _bridge(value: object, path: str, faults: Faults) -> Bridge | None:
    if isinstance(value, str):
        return Bridge(value)
    keys = _table(keys_of(Bridge), value, path, faults, _EITHER, 'lan = "172.18.0.1/16"')
    return None if keys is None else Bridge(**keys)


def _table(
    keys: Mapping[str, Key], value: object, path: str, faults: Faults, takes: str, example: str
) -> dict[str, Any] | None:
    if isinstance(value, Mapping):
        return decode(keys, value, path, faults)
    faults.add(f"{path} = {in_short(value)}: it takes {takes}", path, f"write {example}")
    return None


def dump(topology: Topology) -> str:
    """Return a topology as the text of a TOML file, which ``load`` reads again.

    Raises TopologyError for a value that TOML does not have.
    """
    if not isinstance(topology, Topology):
        raise TopologyError(
            f"dump() takes a Topology, got {in_short(topology)}",
            remedies=["build one: pytest_netns_mysql.from_mapping(...)"],
        )
    import tomli_w

    keys = _plain(topology)
    name = keys.pop("name", "topology")
    keys.pop("source", None)
    keys.pop("notes", None)
    try:
        return tomli_w.dumps({"topology": {name: keys}})
    except (TypeError, ValueError, RecursionError) as error:
        raise TopologyError(
            f"this topology cannot be written as TOML: {error}",
            where=topology.source,
            remedies=["give options a value: true instead of None"],
        ) from error


def _plain(instance: Any) -> dict[str, Any]:
    """Return the fields that differ from their defaults as plain data, without a table of its own for a single link."""
    found: dict[str, Any] = {}
    for field in dataclasses.fields(instance):
        value = getattr(instance, field.name)
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        if value != default:
            found[field.name] = _value(value)
    links = found.pop("links", [])
    if len(links) == 1 and links[0]:
        return {**links[0], **found}
    return {**found, "links": links} if links else found


def _value(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return _plain(value)
    if isinstance(value, Mapping):
        return {name: _value(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_value(entry) for entry in value]
    return value
