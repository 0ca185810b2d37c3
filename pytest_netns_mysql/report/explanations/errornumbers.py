"""The explanation of the error that ended a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_netns_mysql.report.explanations import (
    connectionlost,
    grants,
    limits,
    locks,
    logins,
    noaccount,
    plugins,
    readonly,
    schemas,
    tlsrefusal,
    unreachable,
)
from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.drivererror import Failure, failure_of
from pytest_netns_mysql.report.explanations.machinelimits import machine_limit
from pytest_netns_mysql.report.explanations.wrongorigin import wrong_origin
from pytest_netns_mysql.report.reportdata import Explanation

Explain = Callable[[Failure, Context], "Explanation | None"]
"""Explains a failure with a certain number; None if the failure is not what its number says."""

_BY_NUMBER: Mapping[int, Explain] = {
    1040: limits.too_many_connections,
    1044: grants.on_schema,
    1045: logins.access_denied,
    1049: schemas.unknown_schema,
    1053: connectionlost.lost,
    1129: limits.host_blocked,
    1130: noaccount.host_not_allowed,
    1135: limits.no_thread,
    1142: grants.on_table,
    1143: grants.on_table,
    1146: schemas.unknown_table,
    1203: limits.too_many_of_user,
    1205: locks.wait_timeout,
    1213: locks.deadlock,
    1226: limits.resource_used_up,
    1227: grants.of_server,
    1251: plugins.client_lacks,
    1290: readonly.option_forbids,
    1370: grants.on_routine,
    1396: schemas.account_operation,
    1410: schemas.grant_creates_no_account,
    1449: schemas.definer_missing,
    1524: plugins.not_loaded,
    1698: logins.no_password_login,
    1820: logins.expired,
    1836: readonly.option_forbids,
    1862: logins.expired,
    1927: connectionlost.lost,
    1969: locks.statement_timeout,
    2002: unreachable.cannot_connect,
    2003: unreachable.cannot_connect,
    2005: unreachable.cannot_connect,
    2006: connectionlost.lost,
    2013: connectionlost.lost,
    2026: tlsrefusal.handshake_failed,
    2055: connectionlost.lost,
    2059: plugins.client_lacks,
    2061: plugins.needs_secure_connection,
    3024: locks.statement_timeout,
    3118: logins.locked,
    3159: tlsrefusal.tls_required,
    3572: locks.no_wait,
    3955: logins.blocked,
    4031: connectionlost.idle,
    4151: logins.locked,
}


def explain(error: BaseException, context: Context) -> Explanation | None:
    """Return the explanation of the error that ended a test, or None if there is nothing to say.

    Args:
        error: The exception. What it wraps or arose from is looked at, too.
        context: The test, its network and the servers.
    """
    of_machine = machine_limit(error)
    if of_machine is not None:
        return of_machine
    failure = failure_of(error, context)
    if failure is None:
        return wrong_origin(error, context)
    by_number = _BY_NUMBER.get(failure.number)
    return None if by_number is None else by_number(failure, context)
