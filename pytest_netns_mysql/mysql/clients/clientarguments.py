"""The arguments of netns_account, netns_connect and netns_argv, checked before anything is sent."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pytest_netns_mysql.endpoint import Endpoint
from pytest_netns_mysql.errors import ClientError

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_Server = TypeVar("_Server", bound="Instance")

_LAST_OF_BMP = "\uffff"  # the server's names are utf8mb3, see the manual, "Identifier Case Sensitivity" and "utf8mb3"
_ACCOUNT, _ARGV = "netns_account", "netns_argv"
# What a quoted name or string may be where a backslash escapes, and where it does not: both end at the same quote.
_QUOTED = r"""`(?:[^`]|``)*`|'(?:[^'\\]|''|\\[^'"])*'|"(?:[^"\\]|""|\\[^'"])*\""""
_TOKEN = re.compile(rf"(?P<quoted>{_QUOTED})|(?P<comment>--|\#|/\*)|(?P<word>[\w$]+)|(?P<other>.)", re.DOTALL)
_OPTIONS_OF_ACCOUNTS = ("user", "host", "password", "grants", "schema", "require", "server")


def text(value: Any, name: str, *, fixture: str, longest: int | None = None) -> str:
    """Return an argument that must be a string without NUL that can be written in UTF-8.

    Args:
        value: What was given.
        name: The argument's name.
        fixture: The fixture that it was given to.
        longest: How many characters the server takes, or None for any number.

    Raises:
        ClientError: The argument is something else.
    """
    where = f"{fixture}({name}=...)"
    if not isinstance(value, str):
        raise ClientError(
            f"{name} must be a string, got {value!r}", where=where, remedies=[f"write {name}='...'", *_text_of(value)]
        )
    if "\0" in value:
        raise ClientError(
            f"{name} must not have a NUL in it, got {value!r}: client programs and the server would read half of it",
            where=where,
            remedies=["leave the NUL out"],
        )
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ClientError(
            f"{name} must be text that can be written in UTF-8, got {value!r}",
            where=where,
            tried=[str(error)],
            remedies=["leave out what is half of a surrogate pair, or no text"],
        ) from error
    if longest is not None and len(value) > longest:
        raise ClientError(
            f"{name} must not be longer than {longest} characters, got {len(value)}: {value!r}",
            where=where,
            remedies=["write a shorter one"],
        )
    return value


def _text_of(value: Any) -> list[str]:
    return [f"{value!r} as text: {value.decode()!r}"] if isinstance(value, bytes) and value.isascii() else []


def name(value: Any, argument: str, *, longest: int) -> str:
    """Return the name of an account or a schema, which the server keeps as it is written.

    Args:
        value: What was given.
        argument: The argument's name.
        longest: How many characters the server takes.

    Raises:
        ClientError: The argument is no string, or the server would keep another name.
    """
    written = text(value, argument, fixture=_ACCOUNT, longest=longest)
    why = None
    if any(letter > _LAST_OF_BMP for letter in written):
        why = "characters beyond U+FFFF, such as an emoji, which the server's names cannot have"
    elif argument == "host" and not written.isascii():
        why = "characters beyond ASCII, which the server replaces"
    elif written != written.strip():
        why = "white space at its ends, which the server removes"
    if why is not None:
        raise ClientError(
            f"{argument} must not have {why}, got {value!r}",
            where=f"{_ACCOUNT}({argument}=...)",
            remedies=["write another one"],
        )
    return written


def grants(value: Any) -> tuple[str, ...]:
    """Return what stands between GRANT and TO, once for each statement.

    Raises ClientError where it is no text, or would be more or less than one GRANT.
    """
    if not isinstance(value, str | Iterable) or isinstance(value, bytes | Mapping):
        raise ClientError(
            f"grants must be a string or several, got {value!r}",
            where=f"{_ACCOUNT}(grants=...)",
            remedies=["write what stands between GRANT and TO: grants=['SELECT ON shop.*']"],
        )
    several = (value,) if isinstance(value, str) else tuple(value)
    return tuple(_clause(text(one, "grants", fixture=_ACCOUNT), "grants") for one in several)


def requirement(value: Any) -> str:
    """Return what stands behind REQUIRE, or nothing; raise ClientError where it is no text, or more than a clause."""
    written = text(value, "require", fixture=_ACCOUNT)
    return _clause(written, "require") if written else written


def _clause(written: str, argument: str) -> str:
    fault = None if written.strip() else "is empty"
    for token in _TOKEN.finditer(written):
        if token["comment"]:
            fault = f"has a comment in it, {token['comment']}"
        elif token["other"] == ";":
            fault = "is several statements"
        elif token["other"] in ("'", '"', "`"):
            fault = "has a quote that does not end, or a backslash before a quote"
        elif argument == "grants" and (token["word"] or "").upper() == "TO":
            fault = "says TO whom: that is the new account"
        if fault is not None:
            break
    if fault is None:
        return written
    allowed = {
        "grants": "write what stands between GRANT and TO, each in a string of its own: 'SELECT ON shop.*'",
        "require": "write what stands behind REQUIRE: 'X509', or \"SUBJECT '/CN=app'\"",
    }
    raise ClientError(
        f"{argument}: {written!r} {fault}", where=f"{_ACCOUNT}({argument}=...)", remedies=[allowed[argument]]
    )


def of_account(options: Mapping[str, Any]) -> None:
    """Raise ClientError for an argument that netns_account does not take."""
    for name in options:
        if name not in _OPTIONS_OF_ACCOUNTS:
            raise ClientError(
                f"netns_account takes no {name}=",
                remedies=[f"use {', '.join(_OPTIONS_OF_ACCOUNTS)}", "or ALTER USER by netns_mysqld.execute(...)"],
            )


def server(value: Any, default: _Server, *, fixture: str) -> _Server:
    """Return the server that is meant; raise ClientError for a value of another kind."""
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

    if value is None:
        return default
    if isinstance(value, Instance):
        return cast("_Server", value)
    members = isinstance(value, Mapping)
    raise ClientError(
        f"server must be a running server, got {value!r}",
        where=f"{fixture}(server=...)",
        remedies=[
            "pass one of the group's members, such as group.primary"
            if members
            else "pass netns_mysqld, or what a fixture of factories.mysqld, source or replica gives"
        ],
    )


def namespace(value: Any, default: str, *, fixture: str) -> str:
    """Return the name of the namespace that is meant; raise ClientError for what is no name."""
    if value is None:
        return default
    if isinstance(value, str):
        return value
    meant = getattr(value, "name", None)
    raise ClientError(
        f"namespace must be a namespace's name, got {value!r}",
        where=f"{fixture}(namespace=...)",
        remedies=[f"write {meant!r}" if isinstance(meant, str) else "write its name, such as 'red'"],
    )


def endpoint(value: Any, *, fixture: str) -> Endpoint | str | None:
    """Return the endpoint as it was given; raise ClientError for a value of another kind."""
    if value is None or isinstance(value, str | Endpoint):
        return value
    has_one = isinstance(getattr(value, "endpoint", None), Endpoint)
    raise ClientError(
        f"endpoint must be an endpoint, or the name of the namespace that it is in, got {value!r}",
        where=f"{fixture}(endpoint=...)",
        remedies=["pass its .endpoint"] if has_one else ["pass netns_mysqld.endpoint('red')", "write 'red'"],
    )


def options_of_driver(options: Mapping[str, Any], *, fixture: str) -> None:
    """Raise ClientError for a text with a NUL, where the protocol and C libraries would end it."""
    for name, value in options.items():
        if isinstance(value, str):
            text(value, name, fixture=fixture)


def words(program: Any, arguments: Iterable[Any]) -> tuple[str, list[str]]:
    """Return a program and its arguments as text; raise ClientError for what is neither text nor a path."""
    for one in (program, *arguments):
        if not isinstance(one, str | os.PathLike):
            raise ClientError(
                f"a command line is made of strings and paths, got {one!r}",
                where=f"{_ARGV}({program!r}, ...)",
                remedies=[f"write {str(one)!r}" if isinstance(one, int | float) else "write it as a string"],
            )
    plain, *rest = (text(os.fspath(one), "argument", fixture=_ARGV) for one in (program, *arguments))
    if not plain:
        raise ClientError("program must not be empty", where=f"{_ARGV}('', ...)", remedies=["write 'mysql'"])
    return plain, rest
