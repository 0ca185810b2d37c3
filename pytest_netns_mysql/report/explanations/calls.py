"""How the test made the connection or ran the program that failed, so that remedies are in the same form."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.report.explanations.loginaccounts import fixture_of

if TYPE_CHECKING:
    from pytest_netns_mysql.report.explanations.drivererror import Failure

_FIXTURES = {
    "pytest_netns_mysql.mysql.clients.asyncengines": "netns_async_engine",
    "pytest_netns_mysql.mysql.clients.engines": "netns_engine",
    "pytest_netns_mysql.mysql.clients.asyncclients": "netns_connect_async",
    "pytest_netns_mysql.mysql.clients.clients": "netns_connect",
}
_CONNECTS = ("connect_client", "connect_client_async")


def _frames(error: BaseException) -> Iterator[FrameType]:
    traceback = error.__traceback__
    while traceback is not None:
        yield traceback.tb_frame
        traceback = traceback.tb_next


def call_of(failure: Failure) -> str:
    """Return the function by which the test connected, ``netns_connect`` or such as ``netns_mysqld.connect``."""
    modules = {str(frame.f_globals.get("__name__", "")) for frame in _frames(failure.error)}
    fixture = next((fixture for module, fixture in _FIXTURES.items() if module in modules), None)
    if fixture is None:
        return "netns_connect" if failure.attempt is None else f"{fixture_of(failure.server)}.connect"
    return fixture


def option(failure: Failure, name: str, value: str) -> str:
    """Return an option of the driver as an argument of the call by which the test connected."""
    return f'connect_args={{"{name}": {value}}}' if call_of(failure).endswith("engine") else f"{name}={value}"


def options_of(failure: Failure) -> Mapping[str, Any]:
    """Return the driver's options of the failed attempt that the test or the account gave; empty if not known."""
    frames = (frame for frame in _frames(failure.error) if frame.f_code.co_name in _CONNECTS)
    options = (frame.f_locals.get("options") for frame in frames)
    return next((each for each in options if isinstance(each, dict)), {})


def gave_certificate(failure: Failure) -> bool | None:
    """Return True if the client was given a certificate, or None if its options are not known."""
    if program_of(failure):
        return any(str(word).startswith("--ssl-cert") for word in getattr(failure.error, "cmd", ()))
    options = options_of(failure)
    return bool(options.get("ssl_cert")) if options else None


def place_of(failure: Failure) -> str:
    """Return the first argument of the call by which the test connected, such as ``"red"``, or ``...``."""
    return f'"{failure.attempt.namespace}"' if failure.attempt else "..."


def program_of(failure: Failure) -> str:
    """Return the name of the client program that failed, or ''."""
    command = getattr(failure.error, "cmd", None)
    if not isinstance(failure.error, subprocess.CalledProcessError):
        return ""
    names = [Path(str(word)).name for word in command] if isinstance(command, list | tuple) else []
    return next((name for name in names if name.startswith(("mysql", "mariadb"))), "the program")


def said(failure: Failure) -> str:
    """Return the clause with the line of the program that failed, which pytest does not show, or ''."""
    program = program_of(failure)
    return f"{program} said: ERROR {failure.number}: {failure.message[:130]}" if program else ""


def with_tls(failure: Failure) -> str:
    """Return what makes the same connection with TLS, in the form of the driver or of the client program."""
    if program := program_of(failure):
        arguments = list(map(str, getattr(failure.error, "cmd", ())))
        for flag in ("--ssl-mode=DISABLED", "--skip-ssl", "--ssl=0", "--disable-ssl"):
            if flag in arguments:
                return f"remove {flag}"
        return f"pass {'--ssl' if program.startswith('mariadb') else '--ssl-mode=REQUIRED'}"
    if options_of(failure).get("ssl_disabled"):
        return f"remove ssl_disabled=True from the call of {call_of(failure)}"
    return f"connect with TLS: {call_of(failure)}({place_of(failure)}, ..., {option(failure, 'ssl_disabled', 'False')})"


def with_key(failure: Failure) -> str:
    """Return what lets the same client log in without TLS: the server's RSA public key, or an earlier login."""
    if program_of(failure):
        return "or pass --get-server-public-key"
    return "or log in once with TLS before: the server then remembers the password until it ends"
