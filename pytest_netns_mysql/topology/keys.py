"""What each key of a topology takes.

The fields of the classes in ``model`` refer to these keys in their metadata. So files and Python constructors are
checked by the same table, with the same messages.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from pytest_netns_mysql.errors import in_short
from pytest_netns_mysql.topology.faults import Faults
from pytest_netns_mysql.topology.tomltext import toml_key, toml_line

_MTU = range(68, 65536)  # bytes; the shortest is that of IPv4, RFC 791

SHORTEST = '[namespaces] and below it red = "192.0.2.2/24"'
"""The shortest topology, for messages."""

Metadata = Mapping[str, "Key"]


@dataclass(frozen=True)
class Key:
    """What a key takes.

    Attributes:
        takes: What messages say is allowed.
        example: A value that the key takes, for messages.
        fits: Returns True for a value that the key takes.
        entry: What each value of a table takes; None for a key that is no table, and for a table that is read later.
        header: How messages show a table that a file has below a header of its own.
    """

    takes: str
    example: object
    fits: Callable[[object], bool]
    entry: Key | None = None
    header: str = ""

    def remedy(self, name: str) -> str:
        """Return what to write for the key instead, as TOML."""
        return f"write {self.header or toml_line(name, self.example)}"


def _is_text(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:  # of half a surrogate pair, which no file can hold
        return False
    return True


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _are_texts(value: object) -> bool:
    return _is_text(value) or (isinstance(value, list | tuple) and all(map(_is_text, value)))


def _is_switch(value: object) -> bool:
    return isinstance(value, bool)


def _are_texts_or_switch(value: object) -> bool:
    return _is_switch(value) or _are_texts(value)


def _is_mtu(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in _MTU


def _is_option(value: object) -> bool:
    return _is_text(value) or isinstance(value, int | float)


def _is_place(value: object) -> bool:
    return _is_text(value) or (isinstance(value, int) and not isinstance(value, bool))


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


def _key(takes: str, example: object, fits: Callable[[object], bool]) -> Metadata:
    """Return the metadata of a field that stands for a key."""
    return {"key": Key(takes, example, fits)}


def _table(takes: str, example: object, each_takes: str, fits: Callable[[object], bool]) -> Metadata:
    """Return the metadata of a field that stands for a table of single values."""
    return {"key": Key(takes, example, _is_table, entry=Key(each_takes, None, fits))}


def _section(header: str) -> Metadata:
    """Return the metadata of a field that stands for a table with a header of its own."""
    return {"key": Key("a table", None, _is_table, header=header)}


ADDRESS = _key("an address with a prefix length, or a list of them", "192.0.2.2/24", _are_texts)
OUTER_ADDRESS = _key("an address with a prefix length, a list of them, or false", "192.0.2.1/24", _are_texts_or_switch)
GATEWAY = _key("an address, a list of them, or false", "192.0.2.1", _are_texts_or_switch)
OTHER_SIDE = _key("a namespace or a bridge", "router", _is_text)
NAME = _key("a name", "eth0", _is_text)
MAC = _key("a MAC address", "02:00:5e:00:53:01", _is_text)
MTU = _key(f"a number of bytes from {_MTU[0]} to {_MTU[-1]}", 1400, _is_mtu)
RATE = _key("a rate", "10mbit", _is_text)
DELAY = _key("a time", "20ms", _is_text)
LOSS = _key("per cent", "1%", _is_text)
SWITCH = _key("true or false", True, _is_switch)
LINKS = _key("a list of tables", [{"to": "router"}], _is_list)
ROUTES = _table(
    "a table of destinations and gateways", {"10.0.0.0/8": "192.0.2.1"}, "the address of a gateway", _is_text
)
MASQUERADE = _key("true, or a list of interfaces", ["veth-red"], _are_texts_or_switch)
PUBLISH = _table(
    "a table of ports, and the address and port behind each",
    {"3306": "172.17.0.2:3306"},
    "an address and port",
    _is_text,
)
HOST_NAMES = _key("a list of host names", ["red.db.test"], _are_texts)
HOSTS = _table(
    "a table of host names and addresses", {"red.db.test": "192.0.2.2"}, "an address, or a list of them", _are_texts
)
EXTERNAL = _key("a name under /run/netns, a path, or a pid", "/run/netns/red", _is_place)
OTHER_BRIDGES = _key("a list of bridges", ["lan"], _are_texts)
BIND_ADDRESS = _key("an address, or a list of them", ["127.0.0.1", "192.0.2.2/red"], _are_texts)
ADMIN_ADDRESS = _key("an address", "192.0.2.2/red", _is_text)
MYSQLX_BIND_ADDRESS = _key("an address, or a list of them", ["192.0.2.2/red"], _are_texts)
OPTIONS = _table("a table of mysqld's options", {"max_connections": 5}, "text, a number, true or false", _is_option)
LOAD = _key("an SQL file, a folder of them, or a list of these", "seed", _are_texts)
IMAGE = _key("the name of a container image", "mysql:8.4", _is_text)
ENVIRONMENT = _table("a table of variables of the image's entrypoint", {"MYSQL_DATABASE": "shop"}, "text", _is_text)
NAMESPACES = _section(SHORTEST)
BRIDGES = _section('[bridges] and below it lan = {address = "172.18.0.1/16"}')
MYSQLD = _section('[mysqld] and below it bind_address = ["127.0.0.1", "192.0.2.2/red"]')
DESCRIPTION = _key("a line of text", "what it is for", _is_text)


def keys_of(*kinds: type) -> Mapping[str, Key]:
    """Return the keys that the classes of the model have in a file, by name."""
    return {field.name: field.metadata["key"] for kind in kinds for field in fields(kind) if "key" in field.metadata}


def decode(keys: Mapping[str, Key], table: Mapping[Any, Any], path: str, faults: Faults) -> dict[str, Any]:
    """Return the entries of a table that have known keys and allowed values. The others become faults.

    Args:
        keys: The keys that the table may have.
        table: The table, as a TOML parser returns it. A key whose value is None counts as left out.
        path: Where the table stands, such as ``namespaces.red``; empty for the topology itself.
        faults: The faults found so far.
    """
    found: dict[str, Any] = {}
    for name, value in table.items():
        if value is None:
            continue
        place = _below(path, name)
        if not isinstance(name, str):
            faults.add(f"a key must be text, got {in_short(name)}", _below(path, name, quote=False), "quote it")
        elif name not in keys:
            _note_unknown(keys, name, value, path, faults)
        elif not keys[name].fits(value):
            faults.add(f"{place} = {in_short(value)}: it takes {keys[name].takes}", place, keys[name].remedy(name))
        elif keys[name].entry is not None:
            found[name] = _entries(keys[name], name, value, place, faults)
        else:
            found[name] = value
    return found


def check_fields(instance: object, **others: object) -> None:
    """Raise TopologyError if fields of an instance of the model have values that their keys do not take.

    Args:
        instance: What was built in Python.
        others: Values to check in place of those of the instance, by field; None to skip a field.
    """
    keys = keys_of(type(instance))
    values = {name: getattr(instance, name) for name in keys}
    faults = Faults(f"{type(instance).__name__}(...)")
    decode(keys, {**values, **others}, "", faults)
    faults.check()


def _below(path: str, name: object, *, quote: bool = True) -> str:
    return f"{path}.{toml_key(name) if quote else in_short(name)}".removeprefix(".")


def _entries(key: Key, name: str, table: Mapping[Any, Any], path: str, faults: Faults) -> dict[str, Any]:
    """Return the entries of a table that are right; each other becomes a fault."""
    assert key.entry is not None
    found: dict[str, Any] = {}
    for entry, value in table.items():
        place = _below(path, entry)
        if not _is_text(entry):
            faults.add(f"a key of {path} must be text, got {in_short(entry)}", place, "quote it")
        elif not key.entry.fits(value):
            faults.add(f"{place} = {in_short(value)}: it takes {key.entry.takes}", place, key.remedy(name))
        else:
            found[entry] = value
    return found


def _note_unknown(keys: Mapping[str, Key], name: str, value: object, path: str, faults: Faults) -> None:
    place = _below(path, name)
    near = difflib.get_close_matches(name, keys, n=1)
    faults.add(
        f"there is no key {place}",
        place,
        f"write {near[0]}" if near else _other_place(keys, value),
        tried=[f"{path or 'a topology'} takes {', '.join(keys)}"],
    )


def _other_place(keys: Mapping[str, Key], value: object) -> str:
    if "options" in keys:
        return "move it below [mysqld.options], if it is an option of mysqld"
    if "namespaces" in keys and (isinstance(value, str) or (isinstance(value, Mapping) and "address" in value)):
        return "move it below [namespaces], if it is a namespace"
    return "remove it"
