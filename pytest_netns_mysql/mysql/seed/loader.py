"""Loading SQL files and functions into a server, or into a schema of a server."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import LoadError
from pytest_netns_mysql.mysql.kinds import mariadb
from pytest_netns_mysql.mysql.load.loads import Function, Load, source_of
from pytest_netns_mysql.mysql.mysqld import optionfile

if TYPE_CHECKING:
    import mysql.connector

    from pytest_netns_mysql.mysql.load.scan import Scan
    from pytest_netns_mysql.mysql.load.script import Statement
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

    Amends = Callable[[Statement, mysql.connector.Error], bytes | None]
    """Returns what to send instead of a statement that the server refused: b'' to leave it out, None for an error."""

_ERROR_AT_LINE = re.compile(r"^ERROR\b.*? at line (\d+)(?: in file: '(.+?)')?:", re.MULTILINE)  # of the client program
_SMALL = 256 << 10  # bytes: reading such a file is faster than starting the client program, which takes 10 ms
_LARGE = 64 << 10  # bytes: a larger file may have statements longer than max_allowed_packet
_LARGEST_PACKET = 1 << 30  # bytes: the maximum of max_allowed_packet
_PARSE_ERROR = 1064  # ER_PARSE_ERROR
_SILENT = "mysql ended with exit code {} and printed no error: perhaps the last command has no delimiter"
_CRASHED = "the client program was ended by the signal {}, as where a file reads itself by SOURCE"
_CRASH_REMEDY = "see that no file reads itself by SOURCE, and that CHARSET names no encoding like utf16"
_SERVER_REMEDY = "correct what the server reports; nothing was kept of the data"
_FILE_REMEDY = "correct the line; nothing was kept of the data"


def load_into(server: Instance, loads: Sequence[Load], schema: str | None = None, amends: Amends | None = None) -> None:
    """Load into a server as its administrator.

    Args:
        server: The server.
        loads: The files and functions, in order.
        schema: The schema to select first, if any.
        amends: Decides what to do with refused statements of files, by default an error. Files are then loaded without
            the client program.

    Raises:
        LoadError: A load failed. The error has the file, the line and the server's message.
    """
    for load in loads:
        if load.function is not None:
            _call(server, load, load.function, schema)
        elif load.file is not None:
            _load_file(server, load, load.file, schema if load.schema is None else load.schema, amends)


def _load_file(server: Instance, load: Load, file: Path, schema: str | None, amends: Amends | None) -> None:
    scan = load.scan()
    if scan.fault is not None:
        raise _load_error(
            load, f"{scan.fault.file}, line {scan.fault.line}", scan.fault.what, remedies=[scan.fault.remedy]
        )
    with _loading_variables(server, scan):
        if amends is None and _needs_program(server, scan, small=schema is not None):
            _load_by_program(server, load, file, schema)
        else:
            _load_without_program(server, load, file, schema, scan, amends)


def _needs_program(server: Instance, scan: Scan, *, small: bool) -> bool:
    """Return True if the client program must read a file, or is the faster way.

    Args:
        server: The server.
        scan: What the file needs.
        small: Whether to read a small file without the client program.
    """
    if server._spec.kind.program("mysql") is None:
        return False
    if scan.reads_local:
        return True
    if scan.has_sandbox and not _is_mariadb(server):
        return False  # MySQL's client program refuses the command
    return scan.has_commands or not small or scan.size > _SMALL


def _is_mariadb(server: Instance) -> bool:
    return server._spec.kind.flavor == mariadb.NAME


@contextlib.contextmanager
def _loading_variables(server: Instance, scan: Scan) -> Iterator[None]:
    """Set the global variables that a file needs until the block ends, if the server allows it."""
    import mysql.connector

    wanted = {"local_infile": 1} if scan.reads_local else {}
    if scan.size > _LARGE:
        wanted["max_allowed_packet"] = _LARGEST_PACKET
    before: dict[str, int] = {}
    try:
        for name, value in wanted.items():
            (((old,),),) = server._administrator.ask(f"SELECT @@GLOBAL.{name}")
            if int(old or 0) < value:
                with contextlib.suppress(mysql.connector.Error):  # on a server that others run
                    server._administrator.run(f"SET GLOBAL {name} = {value}")
                    before[name] = int(old or 0)
        yield
    finally:
        for name, value in before.items():
            with contextlib.suppress(mysql.connector.Error):  # the server has ended, which is reported elsewhere
                server._administrator.run(f"SET GLOBAL {name} = {value}")


def _connect(server: Instance, schema: str | None) -> Any:
    options: dict[str, Any] = {} if schema is None else {"database": schema}
    return contextlib.closing(server.connect(**options))


def _call(server: Instance, load: Load, function: Function, schema: str | None) -> None:
    with _connect(server, schema) as connection:
        try:
            function(connection)
            connection.commit()
        except Exception as error:
            source = str(source_of(function))
            lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == source]
            raise _load_error(
                load, f"{source}, line {lines[-1] if lines else 0}", f"{type(error).__name__}: {error}"
            ) from error


def _load_without_program(
    server: Instance, load: Load, file: Path, schema: str | None, scan: Scan, amends: Amends | None
) -> None:
    """Read a file without the client program, and send its statements one by one."""
    import mysql.connector

    from pytest_netns_mysql.mysql.load import script

    with _connect(server, schema) as connection:
        statement = script.Statement(b"", file, 0)
        try:
            for statement in script.statements(
                file,
                mariadb=_is_mariadb(server),
                dollars=scan.has_dollars and not _is_mariadb(server) and _takes_dollars(connection),
                status=lambda: connection._status,
            ):
                _send(connection, statement, amends)
        except mysql.connector.Error as error:
            message = f"ERROR {error.errno} ({error.sqlstate}) at line {statement.line}: {error.msg}"
            raise _load_error(load, f"{statement.file}, line {statement.line}", message) from error
        except script.ScriptError as error:
            remedies = ["install the client program mysql", "remove the command"] if error.needs_program else []
            message = f"ERROR at line {error.line}: {error}"
            raise _load_error(load, f"{error.file}, line {error.line}", message, remedies=remedies) from error


def _send(connection: Any, statement: Statement, amends: Amends | None) -> None:
    """Send a statement and drop its rows; raise the server's error unless the statement is amended or left out."""
    import mysql.connector

    try:
        for _ in connection.cmd_query_iter(statement.text):
            if connection.unread_result:
                connection.get_rows(raw=True)
    except mysql.connector.Error as error:
        instead = None if amends is None else amends(statement, error)
        if instead is None:
            raise
    else:
        return
    if instead:
        _send(connection, replace(statement, text=instead), amends)


def _takes_dollars(connection: Any) -> bool:
    """Return True if the server knows strings in dollar quotes. The client program finds out in the same way."""
    import mysql.connector

    try:
        for _ in connection.cmd_query_iter("select $$"):
            connection.get_rows(raw=True)
    except mysql.connector.Error as error:
        return error.errno == _PARSE_ERROR
    return False


def _load_by_program(server: Instance, load: Load, file: Path, schema: str | None) -> None:
    """Load a file by the client program."""
    command = [
        server.program("mysql"),
        *optionfile.as_administrator(server),
        "--default-character-set=utf8mb4",
        "--local-infile=1",
        f"--max-allowed-packet={_LARGEST_PACKET}",
        # Comments as by default in current versions of each program.
        "--skip-comments" if _is_mariadb(server) else "--comments",
        "--loose-commands",  # later versions know SOURCE and other commands only with this option
        *([] if schema is None else [f"--database={schema}"]),
    ]
    environment = {**os.environ, "EDITOR": "true", "VISUAL": "true", "PAGER": "cat"}  # nothing waits for a keyboard
    with server.network[GLOBAL], file.open("rb") as text:
        result = subprocess.run(
            command,
            stdin=text,
            cwd=file.parent,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
    if result.returncode < 0:
        name = signal.Signals(-result.returncode).name
        raise _load_error(load, str(file), _CRASHED.format(name), remedies=[_CRASH_REMEDY])
    place = _ERROR_AT_LINE.search(result.stderr)
    if result.returncode != 0 or place:
        where = f"{file.parent / (place[2] or file)}, line {place[1]}" if place else str(file)
        message = result.stderr[place.start() if place else 0 :].strip().splitlines()
        raise _load_error(load, where, *(message[:3] if place else message[-3:] or [_SILENT.format(result.returncode)]))


def _load_error(load: Load, where: str, *messages: str, remedies: Sequence[str] = ()) -> LoadError:
    return LoadError(
        f"{load.name} could not be loaded",
        where=where,
        tried=messages,
        remedies=[*remedies] or [_FILE_REMEDY if messages[0].startswith("ERROR at line") else _SERVER_REMEDY],
    )
