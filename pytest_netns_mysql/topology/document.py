"""What a topology file may say: its keys, and what each of them takes."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_netns_mysql.errors import TopologyError


@dataclass(frozen=True)
class NamespaceTable:
    """Hold what is written about one namespace; ``where`` names its place, for messages.

    Shape: ``short`` tells that it is an address alone, without keys.
    """

    where: str
    address: str
    gateway: str | None = None
    interface: str | None = None
    outer_interface: str | None = None
    short: bool = False

    @property
    def where_address(self) -> str:
        """Return the place of the address."""
        return self.where if self.short else f"{self.where}.address"


@dataclass(frozen=True)
class Document:
    """Hold what is written: every key is known and of its kind, and nothing else is checked."""

    namespaces: Mapping[str, NamespaceTable]
    forwarding: bool
    bind_address: str | tuple[str, ...] | None


@dataclass(frozen=True)
class _Key:
    """Say what a key takes: ``kinds`` in Python, ``takes`` in words, ``example`` as it is written in a file."""

    kinds: tuple[type, ...]
    takes: str
    example: str


_SHORTEST = '[namespaces] and below it red = "192.0.2.2/24"'
_TOP = {
    "namespaces": _Key((Mapping,), "a table", _SHORTEST),
    "forwarding": _Key((bool,), "true or false", "forwarding = true"),
    "mysqld": _Key((Mapping,), "a table", '[mysqld] and below it bind_address = ["127.0.0.1", "192.0.2.2/red"]'),
}
_NAMESPACE = {
    "address": _Key((str,), "an address with a prefix length", 'address = "192.0.2.2/24"'),
    "gateway": _Key((str,), "an address", 'gateway = "192.0.2.1"'),
    "interface": _Key((str,), "a name", 'interface = "vpeer-red"'),
    "outer_interface": _Key((str,), "a name", 'outer_interface = "veth-red"'),
}
_MYSQLD = {
    "bind_address": _Key(
        (str, list, tuple), "an address, or a list of them", 'bind_address = ["127.0.0.1", "192.0.2.2/red"]'
    ),
}
_BIND_ADDRESS = _MYSQLD["bind_address"]
_ONE_NAMESPACE = _Key((str, Mapping), "an address with a prefix length, or a table", 'red = "192.0.2.2/24"')


def read(data: object, source: str) -> Document:
    """Check the keys of the mapping that a TOML file gives; raise TopologyError, naming the key."""
    if not isinstance(data, Mapping):
        raise TopologyError(
            f"a topology is a table, and this is {data!r}", where=source, remedies=[f"the shortest one is {_SHORTEST}"]
        )
    top = _table(data, _TOP, "", source)
    if not top.get("namespaces"):
        raise TopologyError(
            "the topology has no namespace", where=f"{source}: namespaces", remedies=[f"write {_SHORTEST}"]
        )
    mysqld = _table(top.get("mysqld", {}), _MYSQLD, "mysqld", source)
    bind_address = mysqld.get("bind_address")
    if isinstance(bind_address, list | tuple):
        if not all(isinstance(one, str) for one in bind_address):
            raise _wrong_kind(bind_address, _BIND_ADDRESS, "mysqld.bind_address", source)
        bind_address = tuple(bind_address)
    namespaces = {name: _namespace(name, value, source) for name, value in top["namespaces"].items()}
    return Document(namespaces, top.get("forwarding", True), bind_address)


def _namespace(name: object, value: object, source: str) -> NamespaceTable:
    path = f"namespaces.{_written(name)}"
    where = f"{source}: {path}"
    if not isinstance(name, str):
        raise TopologyError(f"a namespace's name is text, and this is {name!r}", where=where, remedies=["quote it"])
    if isinstance(value, str):
        return NamespaceTable(where, value, short=True)
    if not isinstance(value, Mapping):
        raise _wrong_kind(value, _ONE_NAMESPACE, path, source)
    table = _table(value, _NAMESPACE, path, source)
    if "address" not in table:
        raise TopologyError(
            f"{path} has no address", where=where, remedies=[f"write {_NAMESPACE['address'].example} below it"]
        )
    return NamespaceTable(where, **table)


def _table(data: Mapping[str, Any], keys: Mapping[str, _Key], path: str, source: str) -> dict[str, Any]:
    for name, value in data.items():
        place = f"{path}.{_written(name)}".removeprefix(".")
        if name not in keys:
            near = difflib.get_close_matches(str(name), keys, n=1)
            raise TopologyError(
                f"there is no key {place}",
                where=f"{source}: {place}",
                tried=[f"{path or 'a topology'} takes {', '.join(keys)}"],
                remedies=[f"write {near[0]}" if near else _other_place(value, path)],
            )
        if value is not None and not isinstance(value, keys[name].kinds):
            raise _wrong_kind(value, keys[name], place, source)
    return {name: value for name, value in data.items() if value is not None}


def _other_place(value: object, path: str) -> str:
    if path == "" and (isinstance(value, str) or (isinstance(value, Mapping) and "address" in value)):
        return "move it below [namespaces], if it is a namespace"
    return "remove it"


def _wrong_kind(value: object, key: _Key, path: str, source: str) -> TopologyError:
    return TopologyError(
        f"{path} = {value!r}: it takes {key.takes}", where=f"{source}: {path}", remedies=[f"write {key.example}"]
    )


def _written(name: object) -> str:
    """Return a key as it is written in a TOML file."""
    bare = re.fullmatch(r"[A-Za-z0-9_-]+", str(name))
    return str(name) if bare else json.dumps(str(name), ensure_ascii=False)
