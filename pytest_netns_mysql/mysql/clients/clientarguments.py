"""Checks of the arguments of netns_account, netns_connect and netns_argv, before anything is sent to a server."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pytest_netns_mysql.endpoint import Endpoint
from pytest_netns_mysql.errors import ClientError, in_short

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_Server = TypeVar("_Server", bound="Instance")

_LAST_OF_BMP = "\uffff"  # names are utf8mb3 in the server; see the manual, "Schema Object Names"
_ACCOUNT, _ARGV = "netns_account", "netns_argv"
# What the options that all drivers have may be beside text: PyMySQL takes a password as bytes.
_TEXTS = {"user": (), "password": (bytes, bytearray), "database": ()}
# Quoted names and strings that end at the same quote with and without NO_BACKSLASH_ESCAPES.
_QUOTED = r"""`(?:[^`]|``)*`|'(?:[^'\\]|''|\\[^'"])*'|"(?:[^"\\]|""|\\[^'"])*\""""
_TOKEN = re.compile(rf"(?P<quoted>{_QUOTED})|(?P<comment>--|\#|/\*)|(?P<word>[\w$]+)|(?P<other>.)", re.DOTALL)
_ACCOUNT_ARGUMENTS = ("user", "host", "password", "grants", "schema", "require", "server")


def checked_text(value: Any, name: str, *, fixture: str, longest: int | None = None) -> str:
    """Return an argument that must be a string without NUL that can be encoded in UTF-8.

    Args:
        value: The argument.
        name: The argument's name.
        fixture: The fixture that takes the argument, for the error.
        longest: The most characters that the server takes, or None for no limit.

    Raises:
        ClientError: The argument is anything else.
    """
    where = f"{fixture}({name}=...)"
    if not isinstance(value, str):
        raise ClientError(
            f"{name} must be a string, got {in_short(value)}",
            where=where,
            remedies=[f"write {name}='...'", *_decoded(value)],
        )
    if "\0" in value:
        raise ClientError(
            f"{name} must not have a NUL in it, got {in_short(value)}: programs and the server would stop there",
            where=where,
            remedies=["leave the NUL out"],
        )
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ClientError(
            f"{name} must be text that can be encoded in UTF-8, got {in_short(value)}",
            where=where,
            tried=[str(error)],
            remedies=["leave out the surrogates: half of a pair is not a character"],
        ) from error
    if longest is not None and len(value) > longest:
        raise ClientError(
            f"{name} must not be longer than {longest} characters, got {len(value)}: {in_short(value)}",
            where=where,
            remedies=[f"write a shorter {name}"],
        )
    return value


def _decoded(value: Any) -> list[str]:
    return [f"write {value.decode()!r}"] if isinstance(value, bytes) and value.isascii() else []


def checked_name(value: Any, argument: str, *, longest: int) -> str:
    """Return the name of a user, host or schema that the server stores as it is written.

    Args:
        value: The argument.
        argument: The argument's name.
        longest: The most characters that the server takes.

    Raises:
        ClientError: The argument is not a string, or the server would store another name.
    """
    written = checked_text(value, argument, fixture=_ACCOUNT, longest=longest)
    unwanted = None
    if any(letter > _LAST_OF_BMP for letter in written):
        unwanted = "characters beyond U+FFFF, such as an emoji, which are not possible in names"
    elif argument == "host" and not written.isascii():
        unwanted = "characters beyond ASCII, which the server replaces"
    elif written != written.strip():
        unwanted = "white space at its ends, which the server removes"
    if unwanted is not None:
        raise ClientError(
            f"{argument} must not have {unwanted}, got {in_short(value)}",
            where=f"{_ACCOUNT}({argument}=...)",
            remedies=[f"write another {argument}"],
        )
    return written


def checked_grants(value: Any) -> tuple[str, ...]:
    """Return the clauses between GRANT and TO, one for each statement.

    Raises:
        ClientError: A clause is not text, or is less or more than one clause.
    """
    if not isinstance(value, str | Iterable) or isinstance(value, bytes | Mapping):
        raise ClientError(
            f"grants must be a string or a list of strings, got {in_short(value)}",
            where=f"{_ACCOUNT}(grants=...)",
            remedies=["write the part between GRANT and TO: grants=['SELECT ON shop.*']"],
        )
    clauses = (value,) if isinstance(value, str) else tuple(value)
    return tuple(_checked_clause(checked_text(clause, "grants", fixture=_ACCOUNT), "grants") for clause in clauses)


def checked_requirement(value: Any) -> str:
    """Return the clause after REQUIRE, or ''; raise ClientError if the value is not text, or more than one clause."""
    written = checked_text(value, "require", fixture=_ACCOUNT)
    return _checked_clause(written, "require") if written else written


def _checked_clause(written: str, argument: str) -> str:
    fault = None if written.strip() else "is empty"
    for token in _TOKEN.finditer(written):
        if token["comment"]:
            fault = f"has a comment, {token['comment']}"
        elif token["other"] == ";":
            fault = "is several statements"
        elif token["other"] in ("'", '"', "`"):
            fault = "has a quote that does not end, or a backslash before a quote"
        elif argument == "grants" and (token["word"] or "").upper() == "TO":
            fault = "has a TO, which the new account gets by itself"
        if fault is not None:
            break
    if fault is None:
        return written
    allowed = {
        "grants": "write the part between GRANT and TO, one string for each statement: 'SELECT ON shop.*'",
        "require": "write the part after REQUIRE: 'X509', or \"SUBJECT '/CN=app'\"",
    }
    raise ClientError(
        f"{argument}: {written!r} {fault}", where=f"{_ACCOUNT}({argument}=...)", remedies=[allowed[argument]]
    )


def check_account_arguments(options: Mapping[str, Any]) -> None:
    """Raise ClientError for an argument that netns_account does not take."""
    for name in options:
        if name not in _ACCOUNT_ARGUMENTS:
            raise ClientError(
                f"netns_account takes no {name}=",
                remedies=[f"use {', '.join(_ACCOUNT_ARGUMENTS)}", "or run ALTER USER by netns_mysqld.execute(...)"],
            )


def checked_server(value: Any, default: _Server, *, fixture: str) -> _Server:
    """Return the server that an argument names.

    Args:
        value: The argument, or None.
        default: The server for None.
        fixture: The fixture that takes the argument, for the error.

    Raises:
        ClientError: The argument is not a server.
    """
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

    if value is None:
        return default
    if isinstance(value, Instance):
        return cast("_Server", value)
    is_group = isinstance(value, Mapping)
    raise ClientError(
        f"server must be a running server, got {in_short(value)}",
        where=f"{fixture}(server=...)",
        remedies=[
            "pass one of the group's members, such as group.primary"
            if is_group
            else "pass netns_mysqld, or the value of a fixture from factories.mysqld, source or replica"
        ],
    )


def checked_namespace(value: Any, default: str, *, fixture: str) -> str:
    """Return the name of the namespace that an argument names.

    Args:
        value: The argument, or None.
        default: The name for None.
        fixture: The fixture that takes the argument, for the error.

    Raises:
        ClientError: The argument is not a string.
    """
    if value is None:
        return default
    if isinstance(value, str):
        return value
    name = getattr(value, "name", None)
    raise ClientError(
        f"namespace must be the name of a namespace, got {in_short(value)}",
        where=f"{fixture}(namespace=...)",
        remedies=[f"write {name!r}" if isinstance(name, str) else "write a name, such as 'red'"],
    )


def checked_endpoint(value: Any, *, fixture: str) -> Endpoint | str | None:
    """Return an argument that must be an endpoint, a string or None.

    Args:
        value: The argument.
        fixture: The fixture that takes the argument, for the error.

    Raises:
        ClientError: The argument is anything else.
    """
    if value is None or isinstance(value, str | Endpoint):
        return value
    has_endpoint = isinstance(getattr(value, "endpoint", None), Endpoint)
    raise ClientError(
        f"endpoint must be an endpoint or the name of a namespace, got {in_short(value)}",
        where=f"{fixture}(endpoint=...)",
        remedies=["pass its .endpoint"] if has_endpoint else ["pass netns_mysqld.endpoint('red')", "write 'red'"],
    )


def check_driver_options(options: Mapping[str, Any], *, fixture: str) -> None:
    """Raise ClientError for a user, password or schema that is not text, and for a string with a NUL.

    The protocol and C libraries would cut the string there.

    Args:
        options: The driver's options.
        fixture: The fixture that takes the options, for the error.
    """
    for name, value in options.items():
        if isinstance(value, str) or (value is not None and name in _TEXTS and not isinstance(value, _TEXTS[name])):
            checked_text(value, name, fixture=fixture)


def checked_words(program: Any, arguments: Iterable[Any]) -> tuple[str, list[str]]:
    """Return a program and its arguments as strings.

    Args:
        program: The program.
        arguments: Its arguments.

    Raises:
        ClientError: A word is neither a string nor a path, or has a NUL, or the program is empty.
    """
    for word in (program, *arguments):
        if not isinstance(word, str | os.PathLike):
            raise ClientError(
                f"a command line takes strings and paths, got {in_short(word)}",
                where=f"{_ARGV}({in_short(program)}, ...)",
                remedies=[f"write {in_short(word)!r}" if isinstance(word, int | float) else "write a string"],
            )
    name, *rest = (checked_text(os.fspath(word), "argument", fixture=_ARGV) for word in (program, *arguments))
    if not name:
        raise ClientError("program must not be empty", where=f"{_ARGV}('', ...)", remedies=["write 'mysql'"])
    return name, rest
