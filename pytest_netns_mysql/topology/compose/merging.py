"""Merging: what a later file, or an extending service, changes; see "Merge" in the specification."""

from __future__ import annotations

from pytest_netns_mysql.topology.compose.yamltext import OVERRIDE, RESET, Items, Mark, Table, Value

_REPLACED = ("command", "entrypoint", "test")
_BY_NAME = {"environment": "=", "labels": "=", "annotations": "=", "sysctls": "=", "args": "=", "networks": ""}
"""The lists that stand for mappings, each with what parts a name from its value."""

_LISTS = ("dns", "dns_search", "env_file", "tmpfs")
"""The lists for which a single text may stand."""


def merged(base: Table, over: Table) -> Table:
    """Return a table with the values of ``over`` merged into those of ``base``; neither is changed."""
    found = Table(over.mark)
    for key in base:
        found.put(key, base[key], base.marks[key])
    for key, value in over.items():
        tag = over.tags.get(key)
        mark = over.marks[key]
        if tag == RESET:
            found.pop(key, None)
            continue
        before = None if tag == OVERRIDE else _normal(key, found.get(key), mark)
        found.put(key, _merged_value(key, before, _normal(key, value, mark)), mark)
    return found


def _normal(key: str, value: Value, mark: Mark) -> Value:
    """Return a value in the form in which it is merged: a mapping for names and values, a list for a text."""
    if key in _LISTS and isinstance(value, str):
        items = Items(mark)
        items.put(value, mark)
        return items
    if key == "extra_hosts" and isinstance(value, Table):
        return _hosts(value)
    if key not in _BY_NAME or not isinstance(value, Items):
        return value
    table = Table(value.mark)
    for item, place in zip(value, value.marks, strict=True):
        if not isinstance(item, str):
            return value  # who reads it finds the fault
        separator = _BY_NAME[key]
        name, found, text = item.partition(separator) if separator else (item, "", "")
        table.put(name, text if found else None, place)
    return table


def _hosts(table: Table) -> Items:
    """Return the list that a mapping of ``extra_hosts`` stands for."""
    items = Items(table.mark)
    for name, value in table.items():
        for address in value if isinstance(value, Items) else [value]:
            # What is no text stays as it is: who reads the list finds the fault.
            items.put(f"{name}={address}" if isinstance(address, str) else address, table.marks[name])
    return items


def _merged_value(key: str, base: Value, over: Value) -> Value:
    if isinstance(over, Table):
        return merged(base if isinstance(base, Table) else Table(over.mark), over)
    if isinstance(over, Items) and isinstance(base, Items) and key not in _REPLACED:
        return _joined(key, base, over)
    if over is None and base is not None:
        return base
    return over


def _joined(key: str, base: Items, over: Items) -> Items:
    """Return the items of both lists; what stands for the same place in a container is taken from the second."""
    found = Items(over.mark)
    kept: dict[object, tuple[Value, Mark]] = {}
    for items in (base, over):
        for item, mark in zip(items, items.marks, strict=True):
            kept[_identity(key, item)] = item, mark
    for item, mark in kept.values():
        found.put(item, mark)
    return found


def _identity(key: str, item: Value) -> object:
    if key == "volumes":
        target = volume_target(item)
        return id(item) if target is None else target
    if isinstance(item, str):
        return item
    if isinstance(item, Table) and key in ("secrets", "configs"):
        name = item.get("target") or item.get("source")
        return name if isinstance(name, str) else id(item)
    if isinstance(item, Table) and all(isinstance(value, str | None) for value in item.values()):
        return tuple(sorted((name, str(value)) for name, value in item.items()))
    return id(item)


def volume_target(item: Value) -> str | None:
    """Return the path in the container of an entry of ``volumes``, or None if it is not understood."""
    if isinstance(item, str):
        return _split(item)[1]
    target = item.get("target") if isinstance(item, Table) else None
    return target.rstrip("/") if isinstance(target, str) else None


def volume_source(item: Value) -> str | None:
    """Return the path on the host of an entry of ``volumes``; None for a named volume, and for other kinds."""
    if isinstance(item, str):
        source = _split(item)[0]
        return source if source.startswith((".", "/", "~")) else None
    if not isinstance(item, Table) or item.get("type", "bind") != "bind":
        return None
    path = item.get("source")
    return path if isinstance(path, str) else None


def _split(text: str) -> tuple[str, str]:
    """Return the source and the target of ``SOURCE:TARGET:MODE``; the source is empty for a target alone."""
    source, found, rest = text.partition(":")
    if not found:
        return "", source.rstrip("/")
    return source, rest.partition(":")[0].rstrip("/")
