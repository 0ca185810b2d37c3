"""Reading what decides about logins from a server, as its administrator."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.access.loginstate import CachedHost, LoginReader, LoginState, ProxyGrant, ServerAccount
from pytest_netns_mysql.mysql.dialects.quoting import decoded, literal
from pytest_netns_mysql.mysql.mysqld.processlist import LIST, listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_netns_mysql.mysql.dialects.quoting import RawRow
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_VARIABLES = (
    "skip_name_resolve",
    "require_secure_transport",
    "have_ssl",
    "tls_version",
    "offline_mode",
    "disconnect_on_expired_password",
    "max_connections",
    "max_user_connections",
    "max_connect_errors",
    "check_proxy_users",
    "sha256_password_proxy_users",
    "mysql_native_password_proxy_users",
)
ACTIVE_PLUGINS = (
    "SELECT PLUGIN_NAME FROM information_schema.PLUGINS "
    "WHERE PLUGIN_TYPE = 'AUTHENTICATION' AND PLUGIN_STATUS = 'ACTIVE'"
)
"""The query for the authentication plugins that a server has loaded."""
_QUERIES = (
    f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({', '.join(map(literal, _VARIABLES))})",
    "SHOW GLOBAL STATUS LIKE 'Threads_connected'",
    # The server lists accounts in the order in which it tries them: it holds them in memory like this.
    "SELECT GRANTEE, PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES",
    ACTIVE_PLUGINS,
    "SELECT Host, User, Proxied_host, Proxied_user FROM mysql.proxies_priv",
    "SELECT IP, IF(HOST_VALIDATED = 'YES', HOST, NULL), SUM_CONNECT_ERRORS FROM performance_schema.host_cache",
    LIST,
    "SELECT COUNT(*) FROM information_schema.TABLES "
    "WHERE TABLE_SCHEMA = 'performance_schema' AND TABLE_NAME = 'temporary_account_locks'",
)
_TEMPORARY_LOCKS = "SELECT USER, HOST FROM performance_schema.temporary_account_locks WHERE LOCKED = 'YES'"
_NO_PRIVILEGE = "USAGE"


def read_state(server: Instance) -> LoginState:
    """Return what decides about logins on a server now. The administrator's private socket always lets us in.

    Raises:
        ServerGoneError: mysqld does not run. The server's own errors are raised, too.
    """
    administrator = server._administrator
    administrator.drop_spare()  # nobody but this plugin knows of that account
    reader = _reader(server)
    accounts, variables, status, privileges, plugins, proxies, hosts, processes, ((has_locks,),) = administrator.ask(
        reader.query, *_QUERIES
    )
    (locks,) = administrator.ask(_TEMPORARY_LOCKS) if has_locks == b"1" else ([],)
    return LoginState(
        rules=server._dialect.host_rules,
        errors=reader.errors,
        accounts=_loaded((reader.account(row) for row in accounts), privileges),
        variables={decoded(name).lower(): decoded(value) for name, value in [*variables, *status]},
        plugins=frozenset(decoded(name) for (name,) in plugins),
        hosts={
            decoded(address): CachedHost(None if name is None else decoded(name), int(errors or 0))
            for address, name, errors in hosts
        },
        proxies=tuple(ProxyGrant(*map(decoded, row)) for row in proxies),
        temporarily_locked=frozenset((decoded(user), decoded(host)) for user, host in locks),
        connections=tuple((each.user, each.host) for each in listed(processes, frozenset())),
        unlimited=reader.unlimited,
    )


def _reader(server: Instance) -> LoginReader:
    from pytest_netns_mysql.mysql.servernames import MARIADB

    if server._spec.kind.flavor == MARIADB:
        from pytest_netns_mysql.mysql.access.mariadbaccounts import MariaDBLogins

        return MariaDBLogins()
    from pytest_netns_mysql.mysql.access.mysqlaccounts import MySQLLogins

    return MySQLLogins()


def _loaded(accounts: Iterable[ServerAccount], privileges: list[RawRow]) -> tuple[ServerAccount, ...]:
    """Return accounts with their privileges and their place in the server's memory, by the rows of USER_PRIVILEGES."""
    positions: dict[str, int] = {}
    by_grantee: dict[str, set[str]] = {}
    for number, (grantee, privilege) in enumerate(privileges):
        name = decoded(grantee)
        positions.setdefault(name, number)
        by_grantee.setdefault(name, set()).add(decoded(privilege))
    found = []
    for account in accounts:
        name = f"'{account.user}'@'{account.host}'"  # without escapes, as the server writes it there
        held = by_grantee.get(name, set()) - {_NO_PRIVILEGE}
        found.append(replace(account, position=positions.get(name), privileges=frozenset(held)))
    return tuple(found)
