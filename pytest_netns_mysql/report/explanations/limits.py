"""A limit that is reached: 1040, 1129, 1203, 1226."""

from __future__ import annotations

import re
from collections import Counter

from pytest_netns_mysql.mysql.dialects.quoting import literal
from pytest_netns_mysql.mysql.mysqld.instance import Instance
from pytest_netns_mysql.mysql.mysqld.processlist import host_of
from pytest_netns_mysql.report.explanations.accounts import account_in_force, origin_of, quoted
from pytest_netns_mysql.report.explanations.answers import ask, variable
from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.failure import Failure
from pytest_netns_mysql.report.model import Explanation

_HOST = re.compile(r"Host '([^']+)'")
_RESOURCE = re.compile(r"User '(.+)' has exceeded the '(\w+)' resource \(current value: (\d+)\)")
_OPTIONS = {
    "max_questions": ("MAX_QUERIES_PER_HOUR", "statements"),
    "max_queries": ("MAX_QUERIES_PER_HOUR", "statements"),
    "max_updates": ("MAX_UPDATES_PER_HOUR", "updates"),
    "max_connections": ("MAX_CONNECTIONS_PER_HOUR", "connections"),
}
_MOST_HOLDERS = 4


def _holders(server: Instance | None, context: Context, user: str = "") -> str:
    """Return who holds the connections of a server, the most first, such as ``3 of 'app' from 192.0.2.2 (...)``."""
    if server is None:
        return ""
    counted = Counter(
        (row[1], host_of(row[2]))
        for row in ask(server, "SHOW PROCESSLIST")
        if row[0] not in map(str, server.administrator.numbers)
        and row[4] != "Daemon"
        and row[1] not in ("system user", "unauthenticated user")
        and user in ("", row[1])
    )
    lines = [
        f"{number} of {name} from {context.with_namespace(host)}" for (name, host), number in counted.most_common()
    ]
    more = len(lines) - _MOST_HOLDERS
    return ", ".join([*lines[:_MOST_HOLDERS], *([f"and of {more} more"] if more > 0 else [])])


def too_many_connections(failure: Failure, context: Context) -> Explanation:
    """Explain 1040: the connections of the whole server are used up."""
    limit = variable(failure.server, "max_connections")
    held = _holders(failure.server, context)
    own = len(failure.server.administrator.numbers) if failure.server else 0
    administrators = f"{own} of the administrator, by the private socket"
    return Explanation(
        f"the server has no connection left: max_connections is {limit or 'reached'}",
        (f"open connections: {', '.join(filter(None, [held, administrators]))}",),
        (
            "close connections that are no longer needed; those of netns_connect stay open until the test ends",
            f'or raise the limit: netns_mysqld.execute("SET GLOBAL max_connections = {_more(limit)}")',
        ),
    )


def _more(limit: str) -> int:
    return 2 * int(limit) if limit.isdigit() and int(limit) > 50 else 100


def too_many_of_user(failure: Failure, context: Context) -> Explanation:
    """Explain 1203: an account has as many connections as each may have."""
    limit = variable(failure.server, "max_user_connections")
    account = account_in_force(failure, context)
    user = account[0] if account else failure.attempt.user if failure.attempt else ""
    held = _holders(failure.server, context, user)
    return Explanation(
        f"{quoted(account) if account else user or 'the account'} has all the connections that it may have: "
        f"max_user_connections is {limit or 'reached'}",
        (f"open connections: {held}",) if held else (),
        (
            "close connections that are no longer needed; those of netns_connect stay open until the test ends",
            'or lift the limit: netns_mysqld.execute("SET GLOBAL max_user_connections = 0")',
        ),
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
        what = f"the account {quoted(account)} may have {number} at once ({resource}), and has"
    else:
        held, what = "", f"the account {quoted(account)} may make {number} in an hour ({resource}), and has made"
    what += " it" if value == "1" else " them"
    return Explanation(
        what,
        (f"open connections: {held}",) if held else (),
        (f"ALTER USER {quoted(account)} WITH {option} 0", "or use fewer: close connections, or keep one open"),
    )


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
    details = [f"errors counted from {ip}: {errors}" for ip, errors in rows]
    return Explanation(
        f"the server blocks {context.with_namespace(host)}: too many connections from there broke off before a login "
        f"(max_connect_errors = {limit})",
        (*details, "each account from there is refused until the host cache is emptied"),
        (
            'netns_mysqld.execute("FLUSH HOSTS")'
            if failure.server is not None and "mariadb" in failure.server.spec.kind.name.lower()
            else 'netns_mysqld.execute("TRUNCATE TABLE performance_schema.host_cache")',
            'or raise the limit: netns_mysqld.execute("SET GLOBAL max_connect_errors = 100000")',
        ),
    )
