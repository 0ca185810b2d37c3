"""What a topology file may say: its keys, what each of them takes, and its short forms."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, get_type_hints

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from pytest_netns_mysql.errors import in_short
from pytest_netns_mysql.topology.faults import Faults, written

_Texts = str | list[str]
_Address = Annotated[
    _Texts | UnsetType,
    Meta(description="an address with a prefix length, or a list of them", examples=["192.0.2.2/24"]),
]
_Name = Annotated[str | UnsetType, Meta(description="a name", examples=["eth0"])]
_Mac = Annotated[str | UnsetType, Meta(description="a MAC address", examples=["02:00:5e:00:53:01"])]
_Switch = Annotated[bool | UnsetType, Meta(description="true or false", examples=[True])]
_Mtu = Annotated[
    Annotated[int, Meta(ge=68, le=65535)] | UnsetType,
    Meta(description="a number of bytes from 68 to 65535", examples=[1400]),
]
_Routes = Annotated[
    dict[str, str] | UnsetType,
    Meta(description="a table of destinations and gateways", examples=[{"10.0.0.0/8": "192.0.2.1"}]),
]
_Masquerade = Annotated[
    bool | _Texts | UnsetType, Meta(description="true, or a list of interfaces", examples=[["veth-red"]])
]
_Publish = Annotated[
    dict[str, str] | UnsetType,
    Meta(description="a table of ports, and the address and port behind each", examples=[{"3306": "172.17.0.2:3306"}]),
]
_Table = Annotated[dict[Any, Any] | UnsetType, Meta(description="a table")]


class LinkTable(Struct, forbid_unknown_fields=True):
    """List the keys of a link."""

    address: _Address = UNSET
    to: Annotated[str | UnsetType, Meta(description="a namespace or a bridge", examples=["router"])] = UNSET
    gateway: Annotated[
        _Texts | bool | UnsetType, Meta(description="an address, a list of them, or false", examples=["192.0.2.1"])
    ] = UNSET
    interface: _Name = UNSET
    mac: _Mac = UNSET
    mtu: _Mtu = UNSET
    rate: Annotated[str | UnsetType, Meta(description="a rate", examples=["10mbit"])] = UNSET
    delay: Annotated[str | UnsetType, Meta(description="a time", examples=["20ms"])] = UNSET
    loss: Annotated[str | UnsetType, Meta(description="per cent", examples=["1%"])] = UNSET
    outer_address: Annotated[
        _Texts | bool | UnsetType,
        Meta(description="an address with a prefix length, a list of them, or false", examples=["192.0.2.1/24"]),
    ] = UNSET
    outer_interface: _Name = UNSET
    outer_mac: _Mac = UNSET


class NamespaceTable(LinkTable):
    """List the keys of a namespace: its own, and those of its one link."""

    links: Annotated[list[Any] | UnsetType, Meta(description="a list of tables", examples=[[{"to": "router"}]])] = UNSET
    routes: _Routes = UNSET
    forwarding: _Switch = UNSET
    masquerade: _Masquerade = UNSET
    publish: _Publish = UNSET
    hosts: Annotated[_Texts | UnsetType, Meta(description="a list of host names", examples=[["red.db.test"]])] = UNSET
    external: Annotated[
        str | int | UnsetType,
        Meta(description="a name under /run/netns, a path, or a pid", examples=["/run/netns/red"]),
    ] = UNSET


class BridgeTable(Struct, forbid_unknown_fields=True):
    """List the keys of a bridge."""

    address: _Address = UNSET
    namespace: _Name = UNSET
    interface: _Name = UNSET
    mtu: _Mtu = UNSET
    to: Annotated[_Texts | UnsetType, Meta(description="a list of bridges", examples=[["lan"]])] = UNSET


class MysqldTable(Struct, forbid_unknown_fields=True):
    """List the keys of the server."""

    bind_address: Annotated[
        _Texts | UnsetType,
        Meta(description="an address, or a list of them", examples=[["127.0.0.1", "192.0.2.2/red"]]),
    ] = UNSET
    admin_address: Annotated[str | UnsetType, Meta(description="an address", examples=["192.0.2.2/red"])] = UNSET
    mysqlx_bind_address: Annotated[
        _Texts | UnsetType, Meta(description="an address, or a list of them", examples=[["192.0.2.2/red"]])
    ] = UNSET
    options: Annotated[
        dict[str, str | int | float | bool] | UnsetType,
        Meta(description="a table of mysqld's options", examples=[{"max_connections": 5}]),
    ] = UNSET
    load: Annotated[
        _Texts | UnsetType, Meta(description="an SQL file, a folder of them, or a list of these", examples=["seed"])
    ] = UNSET


class TopologyTable(Struct, forbid_unknown_fields=True):
    """List the keys of a topology."""

    namespaces: _Table = UNSET
    bridges: _Table = UNSET
    forwarding: _Switch = UNSET
    routes: _Routes = UNSET
    masquerade: _Masquerade = UNSET
    publish: _Publish = UNSET
    hosts: Annotated[
        dict[str, _Texts] | UnsetType,
        Meta(description="a table of host names and addresses", examples=[{"red.db.test": "192.0.2.2"}]),
    ] = UNSET
    mysqld: _Table = UNSET
    description: Annotated[str | UnsetType, Meta(description="a line of text", examples=["what it is for"])] = UNSET


def decode(kind: type[Struct], data: Mapping[Any, Any], path: str, faults: Faults) -> dict[str, Any]:
    """Return the keys of a table that are set and of their kind; note a fault for each other, naming it."""
    rest: dict[str, Any] = {}
    for key, value in data.items():
        if value is None:
            continue
        if isinstance(key, str):
            rest[key] = dict(value) if isinstance(value, Mapping) else value
        else:
            faults.add(
                f"a key is text, and this is {in_short(key)}", f"{path}.{in_short(key)}".removeprefix("."), "quote it"
            )
    if not _fits(kind, rest):
        rest = {key: one for key, value in rest.items() for one in _good(kind, key, value, path, faults)}
    found = msgspec.convert(rest, kind)
    return {name: value for name in kind.__struct_fields__ if (value := getattr(found, name)) is not UNSET}


def _fits(kind: type[Struct], table: Mapping[str, Any]) -> bool:
    """Return True for a table whose keys are known, and whose values are of their kinds."""
    try:
        msgspec.convert(table, kind)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError, TypeError):  # also UnicodeEncodeError
        return False
    return True


def _good(kind: type[Struct], name: str, value: object, path: str, faults: Faults) -> list[object]:
    """Return in a list what of a key's value is of its kind, if anything is; note a fault for what is not."""
    if name in kind.__struct_fields__ and _fits(kind, {name: value}):
        return [value]
    if not isinstance(value, dict) or name not in kind.__struct_fields__ or not _fits(kind, {name: {}}):
        _note(kind, name, value, path, faults)
        return []
    good = {}
    for key, one in value.items():
        if _fits(kind, {name: {key: one}}):
            good[key] = one
        else:
            _note_entry(kind, name, key, one, path, faults)
    return [good]


def check_fields(kind: type[Struct], function: str, values: Mapping[str, object]) -> None:
    """Raise TopologyError for arguments of a class of the model that are not what its table in a file takes."""
    faults = Faults(f"{function}(...)")
    decode(kind, values, "", faults)
    faults.check()


def _note_entry(kind: type[Struct], name: str, entry: object, value: object, path: str, faults: Faults) -> None:
    place = f"{path}.{written(name)}.{written(entry)}".removeprefix(".")
    faults.add(f"{place} = {in_short(value)} is of the wrong kind", place, f"write {_example(name, _meta(kind, name))}")


def _note(kind: type[Struct], name: str, value: object, path: str, faults: Faults) -> None:
    place = f"{path}.{written(name)}".removeprefix(".")
    keys = kind.__struct_fields__
    if name not in keys:
        near = difflib.get_close_matches(name, keys, n=1)
        faults.add(
            f"there is no key {place}",
            place,
            f"write {near[0]}" if near else _other_place(kind, value),
            tried=[f"{path or 'a topology'} takes {', '.join(keys)}"],
        )
        return
    meta = _meta(kind, name)
    faults.add(
        f"{place} = {in_short(value)}: it takes {meta.description}",
        place,
        f"write {_example(name, meta)}",
    )


def _meta(kind: type[Struct], name: str) -> Meta:
    """Return what is said of a key."""
    metadata: tuple[Meta, ...] = get_type_hints(kind, include_extras=True)[name].__metadata__
    return next(one for one in metadata if one.description)


def _example(name: str, meta: Meta) -> str:
    if meta.examples:
        return toml(name, meta.examples[0])
    if name == "mysqld":
        return '[mysqld] and below it bind_address = ["127.0.0.1", "192.0.2.2/red"]'
    if name == "bridges":
        return '[bridges] and below it lan = {address = "172.18.0.1/16"}'
    return '[namespaces] and below it red = "192.0.2.2/24"'


def toml(name: str, value: object) -> str:
    """Return a key and its value as TOML has them, on one line."""
    if isinstance(value, dict):
        return f"{name} = {{{', '.join(toml(written(key), one) for key, one in value.items())}}}"
    return f"{name} = {msgspec.json.encode(value).decode().replace(',', ', ')}"


def _other_place(kind: type[Struct], value: object) -> str:
    if kind is MysqldTable:
        return "move it below [mysqld.options], if it is an option of mysqld"
    if kind is TopologyTable and (isinstance(value, str) or (isinstance(value, Mapping) and "address" in value)):
        return "move it below [namespaces], if it is a namespace"
    return "remove it"
