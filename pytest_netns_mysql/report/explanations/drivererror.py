"""The error of a driver, a client program or a socket that ended a test: its number, its server, its connection."""

from __future__ import annotations

import errno
import re
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import FrameType
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import ClientError, NetnsError
from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
from pytest_netns_mysql.mysql.mysqld.processlist import host_of
from pytest_netns_mysql.report.explanations.answers import ask
from pytest_netns_mysql.report.explanations.concernedserver import connection_number, server_of

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.attempts import Attempt
    from pytest_netns_mysql.mysql.mysqld.instance import Instance
    from pytest_netns_mysql.report.explanations.context import Context

_NUMBERED = re.compile(r"^(\d{4,5})(?: \(\w+\))?: ")
_PROGRAM = re.compile(
    r"^(?:\w+: )?(?:\[?ERROR\]?|Got error:) (?:\[.*?\] )*(\d{4,5})(?: \(\w+\))?(?: at line \d+)?: (.*)$", re.M
)
_DRIVERS = ("mysql.connector", "mysqlx", "pymysql", "MySQLdb", "mariadb", "aiomysql", "asyncmy", "pytest_netns_mysql")
_PASSWORD = re.compile(r"(\bIDENTIFIED\b[^']*?\bBY )'[^']*'", re.IGNORECASE)
_STATEMENTS = ("query", "statement", "operation", "sql", "q")
_SOCKET_ERRORS = (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT)
_LOST = -1  # mysql.connector's number for a connection that is closed, and that of X DevAPI for most errors
SOME_CLIENT = "the client"
"""What stands for the namespace of a client if that is not known."""
_NOWHERE: tuple[str, int | None] = ("the address", None)
TLS = 2026
"""The number of the error for a TLS handshake that failed: CR_SSL_CONNECTION_ERROR."""
SOCKET = 2003
"""The number of the error for a socket that cannot be connected: CR_CONN_HOST_ERROR."""

# X DevAPI and mysqladmin give these errors no number.
_TEXTS = (
    ("Account is locked", 3118),
    ("Account is blocked", 3955),
    ("Access denied; you need (at least one of)", 1227),
    ("to database '", 1044),
    ("Access denied for user", 1045),
    ("is not allowed to connect to this MySQL server", 1130),
    ("is blocked because of many connection errors", 1129),
    ("Cannot connect to host", 2003),
    ("Connection attempt to the server was aborted", 2003),
    ("MySQL Connection not available", 2013),
    ("Cursor is not connected", 2013),
    ("Not connected", 2013),
    ("Authentication plugin", 2059),
    ("requires SSL", 2061),
    ("requires secure connection", 2061),
    ("Couldn't receive server's public key", 2061),
    ("SSL", TLS),
)


@dataclass(frozen=True)
class Session:
    """A connection as the server sees it.

    Attributes:
        number: The number of the connection.
        user: The user.
        host: The client's address or name.
        schema: The selected schema, or ''.
    """

    number: int
    user: str
    host: str
    schema: str = ""


@dataclass(frozen=True)
class Failure:
    """The error of a driver, a client program or a socket.

    Attributes:
        number: The number of the error.
        message: Its message, without the number.
        error: The exception.
        server: The server that it concerns, as far as that is known.
        attempt: The attempt to connect that it ended, or None.
        statement: The statement that it ended, or ''.
        session: The connection in which the statement ran, if it is known and still open.
        connection: The number of that connection, or None.
        namespace: The namespace of the client if the error is not of an attempt, or ``the client`` if it is not known.
        target: The address and the port that a socket was to be connected to, as far as they are known.
        opened: The attempt that opened the connection in which the error arose, or None if it is not known.
    """

    number: int
    message: str
    error: BaseException
    server: Instance | None = None
    attempt: Attempt | None = None
    statement: str = ""
    session: Session | None = None
    connection: int | None = None
    namespace: str = SOME_CLIENT
    target: tuple[str, int | None] = _NOWHERE
    opened: Attempt | None = None


def failure_of(error: BaseException, context: Context) -> Failure | None:
    """Return the failure of a driver, a client program or a socket in an exception or in one of its causes."""
    for cause in causes(error):
        found = _number_and_message(cause)
        if found is None:
            continue
        number, message = found
        frames = [frame for frame in _frames(cause) if _module(frame).startswith(_DRIVERS)]
        namespace, target = _socket(cause)
        server, attempt, opened = server_of(cause, message, frames, context, target)
        connection = connection_number(frames) if attempt is None else None
        session = None if connection is None else _session(connection, server)
        statement = _statement(frames)
        failure = Failure(number, message, cause, server, attempt, statement, session, connection, namespace, target)
        return replace(failure, opened=opened)
    return None


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what it wraps, followed, or arose from, each once."""
    waiting, seen = [error], set[int]()
    while waiting:
        cause = waiting.pop(0)
        if id(cause) in seen or (isinstance(cause, NetnsError) and not isinstance(cause, ClientError)):
            continue  # our other errors say themselves what is wrong
        seen.add(id(cause))
        yield cause
        inner = [getattr(cause, "orig", None), *getattr(cause, "exceptions", ()), cause.__cause__]
        inner.append(None if cause.__suppress_context__ else cause.__context__)
        waiting += [each for each in inner if isinstance(each, BaseException)]


def _number_and_message(error: BaseException) -> tuple[int, str] | None:
    if isinstance(error, subprocess.CalledProcessError):
        output = "\n".join(map(_text, (error.stderr, error.stdout)))
        found = _PROGRAM.search(output)
        return _by_text(output) if found is None else (int(found[1]), found[2])
    if isinstance(error, ssl.SSLError):
        return TLS, str(error)
    if isinstance(error, OSError):
        # A TimeoutError without a number may be of a future or of asyncio.
        is_of_socket = error.errno in _SOCKET_ERRORS or (
            isinstance(error, TimeoutError) and _socket(error)[1] is not _NOWHERE
        )
        return (SOCKET, str(error)) if is_of_socket else None
    if not _is_of_driver(error):
        return None
    number = getattr(error, "errno", None)
    if not isinstance(number, int):
        number = error.args[0] if error.args and isinstance(error.args[0], int) else _LOST
    message = str(getattr(error, "msg", None) or (error.args[1] if len(error.args) > 1 else error))
    message = _NUMBERED.sub("", message)
    if "[SSL" in message or "certificate verify failed" in message:
        number = TLS  # whatever number the driver gives
    elif number < 1000:
        number = (_by_text(message) or (number, ""))[0]
    return number, message


def _by_text(message: str) -> tuple[int, str] | None:
    return next(((number, message) for text, number in _TEXTS if text in message), None)


def _is_of_driver(error: BaseException) -> bool:
    """Return True for an error class of PEP 249, whichever driver it is of, and of X DevAPI."""
    bases = [base for base in type(error).__mro__ if base.__name__ in ("Error", "MySQLError", "MariadbError")]
    return any(base.__module__.split(".")[0] in {name.split(".")[0] for name in _DRIVERS} for base in bases)


def _text(output: Any) -> str:
    return output.decode(errors="replace") if isinstance(output, bytes) else str(output or "")


def _frames(error: BaseException) -> Iterator[FrameType]:
    traceback = error.__traceback__
    while traceback is not None:
        yield traceback.tb_frame
        traceback = traceback.tb_next


def _socket(error: BaseException) -> tuple[str, tuple[str, int | None]]:
    """Return the namespace of a client and the address that it connects to, from a command line or the frames."""
    command = getattr(error, "cmd", None)
    if isinstance(command, list | tuple):
        words = " ".join(map(str, command))
        found, host = re.search(r"--network-namespace=(\S+)", words), re.search(r"--host[= ](\S+)", words)
        port = re.search(r"--port[= ](\d+)", words)
        place = (host[1], int(port[1])) if host and port else _NOWHERE
        return (found[1] if found else SOME_CLIENT), place
    namespace, target = SOME_CLIENT, _NOWHERE
    for frame in _frames(error):
        owner, address = frame.f_locals.get("self"), frame.f_locals.get("address")
        namespace = owner.name if isinstance(owner, Namespace) else namespace
        if isinstance(address, tuple) and len(address) > 1 and isinstance(address[1], int):
            target = str(address[0]), address[1]
    return namespace, target


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _statement(frames: list[FrameType]) -> str:
    for frame in frames:
        for name in _STATEMENTS:
            value = frame.f_locals.get(name)
            if isinstance(value, str | bytes) and value:
                return _PASSWORD.sub(r"\1'...'", " ".join(_text(value).split()))
    return ""


def _session(number: int, server: Instance | None) -> Session | None:
    found = next((row for row in ask(server, "SHOW PROCESSLIST") if row[0] == str(number)), None)
    return None if found is None else Session(number, found[1], host_of(found[2]), found[3])
