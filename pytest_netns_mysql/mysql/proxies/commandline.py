"""The command line of a proxy, with placeholders."""

from __future__ import annotations

import os
import string
from collections.abc import Mapping, Sequence

from pytest_netns_mysql.errors import ProxyError, in_short

PLACEHOLDERS = ("address", "port", "server_address", "server_port", "folder")


def check(argv: object, port: object, where: str) -> None:
    """Raise ProxyError for a command line or a port that no proxy can be started with.

    Args:
        argv: The command line, or a function that returns a command line, which is not called.
        port: The port that the proxy is to listen on.
        where: The place of the mistake, for the error.
    """
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65536:
        raise ProxyError(
            f"port must be a number from 1 to 65535, got {in_short(port)}",
            where=where,
            remedies=["write a port, such as port=6446"],
        )
    if callable(argv):
        return
    if isinstance(argv, str | bytes) or not isinstance(argv, Sequence) or not argv:
        raise ProxyError(
            f"argv must be a list of a program and its arguments, got {in_short(argv)}",
            where=where,
            remedies=['write a list, such as ["haproxy", "-f", ...]', "or pass a function that takes the Proxy"],
        )
    for word in argv:
        fault = _fault(word)
        if fault is not None:
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise ProxyError(
                f"argv has {in_short(word)}: {fault}",
                where=where,
                remedies=[f"use the placeholders {known}", "write {{ and }} for a brace that is no placeholder"],
            )


def filled(argv: Sequence[str | os.PathLike[str]], values: Mapping[str, str]) -> list[str]:
    """Return the command line with a value in place of each placeholder."""
    return [os.fspath(word).format_map(values) for word in argv]


def _fault(word: object) -> str | None:
    if not isinstance(word, str | os.PathLike) or not isinstance(os.fspath(word), str):
        return "a word must be a string or a path"
    if "\0" in os.fspath(word):
        return "a word must not have a NUL in it"
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(os.fspath(word)) if field is not None]
    except ValueError:
        return "there is a single brace"
    unknown = [field for field in fields if field not in PLACEHOLDERS]
    return f"there is no placeholder {{{unknown[0]}}}" if unknown else None
