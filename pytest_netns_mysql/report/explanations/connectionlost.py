"""A connection that ended under its client: 1053, 1927, 2006, 2013, 2055, 4031."""

from __future__ import annotations

import re
import signal
import time
from typing import TYPE_CHECKING

from pytest_netns_mysql import clock
from pytest_netns_mysql.mysql.dialects.quoting import literal
from pytest_netns_mysql.mysql.mysqld.crash import Crash, crash_in
from pytest_netns_mysql.mysql.mysqld.processlist import host_of
from pytest_netns_mysql.report.explanations.answers import ask
from pytest_netns_mysql.report.explanations.drivererror import SOME_CLIENT
from pytest_netns_mysql.report.explanations.loginaccounts import fixture_of
from pytest_netns_mysql.report.explanations.unreachable import faults_between, heal, since
from pytest_netns_mysql.report.reportdata import Explanation

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.attempts import Attempt
    from pytest_netns_mysql.mysql.mysqld.instance import Instance
    from pytest_netns_mysql.report.explanations.context import Context
    from pytest_netns_mysql.report.explanations.drivererror import Failure

_SIGNAL = re.compile(r"\bended by (SIG\w+)")
_KILL = re.compile(r"KILL\s+(?:(?:HARD|SOFT)\s+)?(?:CONNECTION\s+)?(\d+)\s*;?\s*$", re.IGNORECASE)
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
        server._await_end_of_crash()
    if server is not None and not server.is_running:
        return _server_ended(server, who)
    if server is not None and (started := _started_after(server, failure)):
        when = "during the test" if started >= context.began else "before the test, after the connection was opened"
        return Explanation(
            f"{fixture_of(server)} was started again {when}, and {who} ended with the mysqld before",
            (f"mysqld runs since {time.strftime('%H:%M:%S', time.localtime(started))}",),
            ("open a new connection after restart() or restore()",),
        )
    if kill := _kill(server, number):
        return kill
    faults = faults_between(failure, context, *_places(failure))
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
    found = _SIGNAL.search(server._describe())
    if server._has_died:
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


def _started_after(server: Instance, failure: Failure) -> float:
    """Return when the server was started again after the connection was opened, or 0.0.

    RESTART by SQL starts mysqld without the help of this plugin: then its Uptime tells, in whole seconds.
    """
    opened = _opening(failure)
    if opened is None:
        return 0.0
    noted = [at for at, what in server._lifecycle if what == "started again" and at >= opened.at]
    rows = [] if noted else ask(server, "SHOW GLOBAL STATUS LIKE 'Uptime'")
    started = noted[-1] if noted else clock.now() - float(rows[0][1]) - 1 if rows else 0.0
    return started if started > opened.at else 0.0


def _opening(failure: Failure) -> Attempt | None:
    """Return the attempt that opened the connection, by the connection itself or else by its number."""
    if failure.opened is not None or failure.server is None or failure.connection is None:
        return failure.opened
    attempts = failure.server._attempts.since(0.0)
    return next((each for each in reversed(attempts) if each.connection == failure.connection), None)


def _places(failure: Failure) -> tuple[str, ...]:
    """Return the namespaces of both ends of the connection, as far as they are known."""
    attempt = failure.attempt or _opening(failure)
    if attempt is not None:
        return attempt.namespace, attempt.endpoint.namespace
    return () if failure.namespace == SOME_CLIENT else (failure.namespace,)


def _kill(server: Instance | None, number: int | None) -> Explanation | None:
    for session, user, host, statement in ask(server, _KILLS):
        found = _KILL.match(statement)
        if found and found[1] == str(number):
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
        (f"see what the server logged: {fixture_of(failure.server)}.error_log",),
    )


def _killer(server: Instance | None, session: str, user: str, host: str) -> str:
    if server is not None and session in map(str, server._administrator.numbers):
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
