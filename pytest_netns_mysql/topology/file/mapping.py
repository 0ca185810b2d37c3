"""Turn the mapping that a TOML file gives into a topology, and a topology into such a file."""

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
    """Return the topology, checked; raise TopologyError or EndpointError, naming the key."""
    if not isinstance(data, Mapping):
        raise TopologyError(
            f"a topology is a table, and this is {in_short(data)}",
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
    # Kept, so that what is checked here is not worked out again.
    topology.__dict__["plan"] = planner.plan(topology, faults)
    return topology


def _each(table: Mapping[Any, Any], path: str, one: Any, faults: Faults) -> dict[str, Any]:
    found = {}
    for name, value in table.items():
        if isinstance(name, str):
            found[name] = one(value, f"{path}.{toml_key(name)}", faults)
        else:
            faults.add(
                f"a {path[:-1]}'s name is text, and this is {in_short(name)}", f"{path}.{in_short(name)}", "quote it"
            )
    return {name: value for name, value in found.items() if value is not None}


def _namespace(value: object, path: str, faults: Faults) -> Namespace | None:
    if isinstance(value, str) or (isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)):
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
            f"{path} has links, and {', '.join(link)} of a link beside them",
            path,
            "move these into one of the links",
        )
    links = [Link(**link)] if link else []
    for number, one in enumerate(several or ()):
        place = f"{path}.links[{number}]"
        if isinstance(one, str):
            links.append(Link(one))
        elif (keys := _table(_LINK, one, place, faults, _EITHER, '"192.0.2.2/24"')) is not None:
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
    """Return a topology as the text of a TOML file that ``load`` reads again.

    Raises TopologyError for a value that TOML cannot hold.
    """
    if not isinstance(topology, Topology):
        raise TopologyError(
            f"dump takes a Topology, and this is {in_short(topology)}",
            remedies=["build one: pytest_netns_mysql.from_mapping(...)"],
        )
    import tomli_w

    keys = _plain(topology)
    name = keys.pop("name", "topology")
    keys.pop("source", None)
    try:
        return tomli_w.dumps({"topology": {name: keys}})
    except (TypeError, ValueError, RecursionError) as error:
        raise TopologyError(
            f"TOML cannot hold this topology: {error}",
            where=topology.source,
            remedies=["give options a value: true instead of None"],
        ) from error


def _plain(instance: Any) -> dict[str, Any]:
    """Return the fields that are not at their defaults, down to plain data; a single link's stand beside the others."""
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
        return {name: _value(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_value(one) for one in value]
    return value
