"""A limit that is reached: 1040, 1129, 1135, 1203, 1226."""

from __future__ import annotations

import re
from collections import Counter

from pytest_netns_mysql.mysql.dialects.quoting import literal
from pytest_netns_mysql.mysql.mysqld.instance import Instance
from pytest_netns_mysql.mysql.mysqld.processlist import host_of
from pytest_netns_mysql.report.explanations.answers import ask, variable
from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.drivererror import Failure
from pytest_netns_mysql.report.explanations.loginaccounts import account_in_force, is_mariadb, origin_of, quoted
from pytest_netns_mysql.report.explanations.machinelimits import threads
from pytest_netns_mysql.report.reportdata import Explanation

_HOST = re.compile(r"Host '([^']+)'")
_RESOURCE = re.compile(r"User '(.+)' has exceeded the '(\w+)' resource \(current value: (\d+)\)")
_OPTIONS = {
    "max_questions": ("MAX_QUERIES_PER_HOUR", "statements"),
    "max_queries": ("MAX_QUERIES_PER_HOUR", "statements"),
    "max_updates": ("MAX_UPDATES_PER_HOUR", "updates"),
    "max_connections": ("MAX_CONNECTIONS_PER_HOUR", "connections"),
}
_MOST_HOLDERS = 4
_USUAL = 151  # the default of max_connections


def _holders(server: Instance | None, context: Context, user: str = "") -> str:
    """Return who holds the connections of a server, the most first, such as ``3 of 'app' from 192.0.2.2 (...)``."""
    if server is None:
        return ""
    counted = Counter(
        (row[1], host_of(row[2]))
        for row in ask(server, "SHOW PROCESSLIST")
        if row[0] not in map(str, server._administrator.numbers)
        and row[4] != "Daemon"
        and row[1] not in ("system user", "unauthenticated user")
        and user in ("", row[1])
    )
    lines = [
        f"{number} of {name} from {context.with_namespace(host)}" for (name, host), number in counted.most_common()
    ]
    more = len(lines) - _MOST_HOLDERS
    return ", ".join([*lines[:_MOST_HOLDERS], *([f"and of {more} more"] if more > 0 else [])])


_CLOSE = "close connections that are no longer needed; those of netns_connect stay open until the test ends"


def too_many_connections(failure: Failure, context: Context) -> Explanation:
    """Explain 1040: the connections of the whole server are used up."""
    limit = variable(failure.server, "max_connections")
    held = _holders(failure.server, context)
    own = len(failure.server._administrator.numbers) if failure.server else 0
    sessions = "this plugin's own session" if own == 1 else f"this plugin's own {own} sessions"
    administrators = f"{sessions} (root, Unix socket)" if own else ""
    return Explanation(
        f"the server has no connection left: max_connections is {limit or 'reached'}"
        f"{_set_here(failure, 'max_connections', context)}",
        (f"open connections: {', '.join(filter(None, [held, administrators]))}",),
        (_CLOSE, f"or raise the limit: SET GLOBAL max_connections = {_more(failure, limit)}"),
    )


def _set_here(failure: Failure, name: str, context: Context) -> str:
    """Return the clause that says that a limit was set during this test, or ''; the reset sets limits, too."""
    rows = ask(
        failure.server,
        "SELECT UNIX_TIMESTAMP(SET_TIME) FROM performance_schema.variables_info "
        f"WHERE VARIABLE_SOURCE = 'DYNAMIC' AND VARIABLE_NAME = {literal(name)}",
    )
    is_of_test = bool(rows and rows[0][0] and float(rows[0][0]) >= context.began)
    return ", set by SET GLOBAL in this test" if is_of_test else ""


def _more(failure: Failure, limit: str) -> str:
    """Return the value that a limit of connections had at the start of the server, or a higher one than now."""
    options = failure.server._spec.complete_options() if failure.server else {}
    usual = str(options.get("max_connections", _USUAL))
    if not limit.isdigit() or (usual.isdigit() and int(usual) > int(limit)):
        return usual
    return str(2 * int(limit))


def too_many_of_user(failure: Failure, context: Context) -> Explanation:
    """Explain 1203: an account has as many connections as each may have."""
    limit = variable(failure.server, "max_user_connections")
    account = account_in_force(failure, context)
    user = account[0] if account else failure.attempt.user if failure.attempt else ""
    held = _holders(failure.server, context, user)
    return Explanation(
        f"{quoted(account) if account else user or 'the account'} has all the connections that it may have: "
        f"max_user_connections is {limit or 'reached'}{_set_here(failure, 'max_user_connections', context)}",
        (f"open connections: {held}",) if held else (),
        (_CLOSE, "or lift the limit (0 means no limit): SET GLOBAL max_user_connections = 0"),
    )


def resource_used_up(failure: Failure, context: Context) -> Explanation | None:
    """Explain 1226: a limit of an account, as after WITH in CREATE USER."""
    found = _RESOURCE.search(failure.message)
    if found is None:
        return None
    user, resource, value = found.groups()
    account = account_in_force(failure, context) or (user, "%")
    option, thing = _OPTIONS.get(resource.removesuffix("_per_hour"), (resource.upper(), "connections"))
    number = f"{value} {thing.removesuffix('s') if value == '1' else thing}"
    if resource == "max_user_connections":
        held = _holders(failure.server, context, user)
        what = f"the account {quoted(account)} has its {number} (MAX_USER_CONNECTIONS)"
        way = _CLOSE
    else:
        held, what = "", f"the account {quoted(account)} has used its {number} per hour ({option})"
        way = "or empty the counts of all accounts: FLUSH USER_RESOURCES"
    details = [f"open connections: {held}"] if held else []
    if thing == "connections" and resource != "max_user_connections":
        details = ["connections that are closed count, too: one that is used again counts once"]
    lift = f"lift the limit (0 means no limit): ALTER USER {quoted(account)} WITH {option} 0"
    remedies = (way, f"or {lift}") if way == _CLOSE else (lift, way)
    return Explanation(what, tuple(details), remedies)


def host_blocked(failure: Failure, context: Context) -> Explanation:
    """Explain 1129: too many connections of a client's host broke off before the login."""
    limit = variable(failure.server, "max_connect_errors")
    found = _HOST.search(failure.message)
    host = found[1] if found else ""
    if not host and failure.attempt is not None and failure.server is not None:
        host = origin_of(failure.server, failure.attempt)
    rows = ask(
        failure.server,
        "SELECT IP, SUM_CONNECT_ERRORS FROM performance_schema.host_cache "
        f"WHERE IP = {literal(host)} OR HOST = {literal(host)}",
    )
    counted = ""
    if rows:
        number = int(rows[0][1])
        counted = f"{number} connection{'' if number == 1 else 's'} from {rows[0][0]} ended before a login; "
    empty = "FLUSH HOSTS" if is_mariadb(failure.server) else "TRUNCATE TABLE performance_schema.host_cache"
    return Explanation(
        f"the server blocks {context.with_namespace(host)}: too many connections from there broke off before a login",
        (
            f"{counted}max_connect_errors is {limit} (100 by default)",
            "each account from there is refused until the host cache is emptied",
        ),
        (
            "let what probes the server log in: a bare TCP connection counts as an error",
            f"or empty the host cache: {empty}",
        ),
    )


def no_thread(failure: Failure, _: Context) -> Explanation:
    """Explain 1135: mysqld cannot start a thread for the connection."""
    pid = None if failure.server is None else failure.server.pid
    return threads("mysqld could not start a thread for the connection", "self" if pid is None else str(pid))
