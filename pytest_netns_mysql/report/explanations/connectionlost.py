"""A connection that ended under its client: 1053, 1927, 2006, 2013, 2055, 4031."""

from __future__ import annotations

import math
import re
import signal
import time
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.dialects.quoting import literal
from pytest_netns_mysql.mysql.mysqld.crash import Crash, crash_in
from pytest_netns_mysql.mysql.mysqld.processlist import host_of
from pytest_netns_mysql.report.explanations.accounts import fixture_of
from pytest_netns_mysql.report.explanations.answers import ask
from pytest_netns_mysql.report.explanations.network import faults_between, heal, since
from pytest_netns_mysql.report.model import Explanation

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.instance import Instance
    from pytest_netns_mysql.report.explanations.context import Context
    from pytest_netns_mysql.report.explanations.failure import Failure

_SIGNAL = re.compile(r"\((SIG\w+)\)")
_LISTENING = ("listen_for_connection_event", "handle_connections_sockets")
_MOST_FRAMES = 3
_IDLE = 4031  # ER_CLIENT_INTERACTION_TIMEOUT
_RAN = """\
SELECT t.PROCESSLIST_ID, t.PROCESSLIST_USER, t.PROCESSLIST_HOST, s.SQL_TEXT FROM performance_schema.{table} s
JOIN performance_schema.threads t USING (THREAD_ID) WHERE s.SQL_TEXT LIKE 'KILL%'"""
_KILLS = " UNION ".join(
    _RAN.format(table=table) for table in ("events_statements_history", "events_statements_current")
)


def lost(failure: Failure, context: Context) -> Explanation:
    """Explain 2013, 2006 and their like: the server ended, the connection was ended, or the network is cut."""
    server, number = failure.server, failure.connection
    who = "the connection" if number is None else f"connection {number}"
    if server is not None:
        server.await_end_of_crash()
    if server is not None and not server.is_running:
        return _server_ended(server, who)
    if server is not None and (started := _started(server)) > _opened(server, number, context):
        return Explanation(
            f"{fixture_of(server)} was started again during the test, and {who} ended with the mysqld before",
            (f"mysqld runs since {time.strftime('%H:%M:%S', time.localtime(started))}",),
            ("open a new connection after restart() or restore()",),
        )
    if kill := _kill(server, number):
        return kill
    faults = [] if context.network is None else faults_between(failure, context)
    if faults:
        fault = faults[-1]
        return Explanation(f"{who} broke off: {fault.what}", (since(fault),), (heal(fault),))
    if "timed out" in failure.message or "imeout" in failure.message:
        return Explanation(
            f"the server did not answer on {who} within the client's read timeout",
            (f"it ran: {failure.statement[:80]}",) if failure.statement else (),
            ("raise the driver's read_timeout, or make the statement faster",),
        )
    if failure.attempt is not None:
        return _during_login(failure)
    return _ended_by_server(who, server)


def idle(failure: Failure, _: Context) -> Explanation:
    """Explain 4031: the server ended a connection that sent nothing for wait_timeout seconds."""
    number = "" if failure.connection is None else f" {failure.connection}"
    return Explanation(
        f"the server ended connection{number} because it was idle for longer than wait_timeout",
        _timeouts(failure.server),
        ("SET SESSION wait_timeout = 28800 in this connection, or reconnect before the next statement",),
    )


def _server_ended(server: Instance, who: str) -> Explanation:
    restart = f"{fixture_of(server)}.restart() starts it again on the same data; then open a new connection"
    if server.crash and (crash := crash_in(server.error_log)):
        return _crashed(crash, server, who, restart)
    found = _SIGNAL.search(server.describe())
    if server.has_died:
        how = f"was ended by {found[1]}" if found else "ended by itself"
    else:
        how = f"was killed by the test ({found[1]})" if found else "was stopped by the test"
    return Explanation(f"{fixture_of(server)} {how}, and all its connections ended", (), (restart,))


def _crashed(crash: Crash, server: Instance, who: str, restart: str) -> Explanation:
    known = {each.value: each.name for each in signal.Signals}
    name = known.get(crash.signal, f"signal {crash.signal}")
    stack = [f"the stack: {', '.join(crash.functions[:_MOST_FRAMES])}"] if crash.functions else []
    if any(function.endswith(_LISTENING) for function in crash.functions):
        return Explanation(
            f"{fixture_of(server)} was ended by {name} while {who} was open",
            (
                "its main thread waited for connections: a signal from outside looks like this (os.kill, kill -SEGV)",
                *stack,
            ),
            (restart,),
        )
    return Explanation(
        f"{fixture_of(server)} crashed while {who} was open",
        (server.crash, *([crash.complaint] if crash.complaint else []), *stack)[:3],
        (restart,),
    )


def _started(server: Instance) -> float:
    rows = ask(server, "SHOW GLOBAL STATUS LIKE 'Uptime'")
    return time.time() - float(rows[0][1]) - 1 if rows else 0.0


def _opened(server: Instance, number: int | None, context: Context) -> float:
    """Return when a connection was opened, in seconds since the epoch; never if that is not known."""
    attempts = [attempt for attempt in server.attempts.since(context.began) if attempt.connection == number]
    return attempts[-1].at if attempts and number is not None else math.inf


def _kill(server: Instance | None, number: int | None) -> Explanation | None:
    for session, user, host, statement in ask(server, _KILLS):
        if number is not None and statement.split()[-1].rstrip(";") == str(number):
            return Explanation(
                f"connection {number} was killed: {_killer(server, session, user, host)} ran {statement}",
                (),
                (
                    "open a new connection after the KILL",
                    f"or KILL QUERY {number} would end the running statement alone",
                ),
            )
    return None


def _during_login(failure: Failure) -> Explanation:
    attempt = failure.attempt
    place = "" if attempt is None else f" of {attempt.user} from {attempt.namespace} to {attempt.endpoint}"
    return Explanation(
        f"the connection{place} broke off during the login",
        (failure.message[:160],),
        ("see what the server logged: netns_mysqld.error_log",),
    )


def _killer(server: Instance | None, session: str, user: str, host: str) -> str:
    if server is not None and session in map(str, server.administrator.numbers):
        return f"{fixture_of(server)}.execute"
    return f"{literal(user)}@{literal(host_of(host))}"


def _ended_by_server(who: str, server: Instance | None) -> Explanation:
    return Explanation(
        f"the server ended {who}: somebody killed it, or it was idle for longer than wait_timeout",
        _timeouts(server),
        ("open a new connection, or reconnect() before the statement",),
    )


def _timeouts(server: Instance | None) -> tuple[str, ...]:
    rows = ask(server, "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wait_timeout', 'interactive_timeout')")
    values = ", ".join(f"{name} = {value} s" for name, value in sorted(rows))
    return (f"the server's defaults: {values}; a session may have its own",) if values else ()
