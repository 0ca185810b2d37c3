"""Why a server refuses a login whose account it has picked; each check in the server's order."""

from __future__ import annotations

from collections.abc import Callable

from pytest_netns_mysql.mysql.access.explanation import Origin
from pytest_netns_mysql.mysql.access.loginstate import SOCKET_PLUGINS, LoginState, ServerAccount
from pytest_netns_mysql.mysql.access.origins import LOCALHOST
from pytest_netns_mysql.mysql.access.refusals import Login, Refusal

_EXEMPT = frozenset({"SUPER", "CONNECTION_ADMIN", "CONNECTION ADMIN"})
_ADMINISTRATORS = frozenset({"SUPER", "SERVICE_CONNECTION_ADMIN"})
_NO_TLS_OF_CLIENT = "client without TLS"

Check = Callable[[Login, ServerAccount], Refusal | None]


def of_account(login: Login, account: ServerAccount) -> Refusal | None:
    """Return why the server refuses a client whose credentials are right, or None."""
    found = (check(login, account) for check in _CHECKS)
    return next((refusal for refusal in found if refusal is not None), None)


def _plugin(login: Login, account: ServerAccount) -> Refusal | None:
    usable = [plugin for plugin in account.plugins if plugin in login.state.plugins]
    if not usable:
        names = " or ".join(account.plugins)
        return Refusal(
            1524,
            "plugin is not loaded",
            f"{account} needs the authentication plugin {names}, which the server has not loaded",
            (f"ALTER USER {account} IDENTIFIED BY '...'", f"INSTALL PLUGIN {account.plugins[0]} SONAME '...'"),
        )
    if not login.is_local and SOCKET_PLUGINS.issuperset(usable):
        return Refusal(
            1698,
            "socket file only",
            f"{account} logs in by {usable[0]}, which accepts clients of the socket file only",
            ("connect by the socket file", f"ALTER USER {account} IDENTIFIED BY '...'"),
        )
    if usable == ["mysql_no_login"]:
        return Refusal(
            1045,
            "nobody logs in as this account",
            f"{account} has the plugin mysql_no_login: nobody logs in as this account",
            (
                f"log in as another account, and GRANT PROXY ON {account} to it",
                f"ALTER USER {account} IDENTIFIED BY '...'",
            ),
        )
    return None


def _temporary_lock(login: Login, account: ServerAccount) -> Refusal | None:
    if account.name not in login.state.temporarily_locked:
        return None
    return Refusal(
        3955,
        "locked after failed logins",
        f"{account} is locked after failed logins",
        (f"ALTER USER {account} ACCOUNT UNLOCK",),
    )


def _tls(login: Login, account: ServerAccount) -> Refusal | None:
    if not account.tls:
        return None
    if not login.state.has_tls and not login.is_local:
        return _no_tls(1045, f"{account} requires TLS")
    if login.uses_tls is False:
        return Refusal(
            1045,
            _NO_TLS_OF_CLIENT,
            f"{account} requires {', '.join(account.tls)}, and the client does not use TLS",
            ("connect with TLS", f"ALTER USER {account} REQUIRE NONE"),
        )
    return None


def _no_tls(error: int, requirement: str) -> Refusal:
    return Refusal(
        error,
        "server cannot do TLS",
        f"{requirement}, and the server cannot do TLS",
        ("give the server certificates: the options ssl_ca, ssl_cert, ssl_key",),
    )


def _offline(login: Login, account: ServerAccount) -> Refusal | None:
    if not login.state.is_on("offline_mode") or account.privileges & _EXEMPT:
        return None
    return Refusal(
        3032,
        "server is offline",
        f"the server is in offline mode, and {account} lacks CONNECTION_ADMIN",
        (_set("offline_mode"),),
    )


def _set(variable: str, value: str = "OFF") -> str:
    return f"SET GLOBAL {variable} = {value}"


def _lock(login: Login, account: ServerAccount) -> Refusal | None:
    error = login.state.errors.locked
    if account.is_role:
        reason = f"{account} is a role: its account is locked"
        return Refusal(error, "a role", reason, ("grant the role to an account",))
    if account.is_locked:
        summary, reason = "locked", f"{account} is locked"
        if account.may_be_role:
            summary, reason = f"{summary}, perhaps a role", f"{reason}, perhaps a role that nobody has"
        return Refusal(error, summary, reason, (f"ALTER USER {account} ACCOUNT UNLOCK",))
    return None


def _secure_transport(login: Login, _account: ServerAccount) -> Refusal | None:
    if login.is_local or not login.state.is_on("require_secure_transport"):
        return None
    error = login.state.errors.insecure
    if not login.state.has_tls:
        return _no_tls(error, "require_secure_transport is on")
    if login.uses_tls is False:
        reason = "require_secure_transport is on, and the client does not use TLS"
        return Refusal(error, _NO_TLS_OF_CLIENT, reason, ("connect with TLS", _set("require_secure_transport")))
    return None


def _expired(login: Login, account: ServerAccount) -> Refusal | None:
    if not account.is_expired or not login.state.is_on("disconnect_on_expired_password"):
        return None
    return Refusal(
        1862,
        "password has expired",
        f"the password of {account} has expired",
        (f"ALTER USER {account} IDENTIFIED BY '...'", f"ALTER USER {account} PASSWORD EXPIRE NEVER"),
    )


def _connections_of_account(login: Login, account: ServerAccount) -> Refusal | None:
    limit, is_own = login.state.connection_limit(account)
    error, whose = (1226, "account") if is_own else (1203, "user")
    if limit < 0:
        return Refusal(
            error,
            f"no connections of the {whose}",
            f"{account} may have no connection (max_user_connections is {limit})",
            (f"ALTER USER {account} WITH MAX_USER_CONNECTIONS {0 if is_own else 1}",),
        )
    if not limit or _count(login.state, account) < limit:
        return None
    return Refusal(
        error,
        f"too many connections of the {whose}",
        f"{account} has as many connections as it may have (max_user_connections is {limit})",
        ("close connections of the account", f"ALTER USER {account} WITH MAX_USER_CONNECTIONS {limit + 1}"),
    )


def _count(state: LoginState, account: ServerAccount) -> int:
    """Return how many connections an account has: the server lists each with its user and the client's host."""
    found = 0
    for user, host in state.connections:
        seen = Origin(LOCALHOST) if host == LOCALHOST else Origin(host, host)
        found += user == account.user and Login(user, seen, state).picked == account
    return found


def _all_connections(login: Login, account: ServerAccount) -> Refusal | None:
    limit, used = login.state.number("max_connections"), login.state.number("threads_connected")
    reserve = 1 if account.privileges & _EXEMPT else 0  # one more for whoever may help
    if login.kind == "admin" or not limit or used < limit + reserve:
        return None
    return Refusal(
        1040,
        "too many connections",
        f"the server has as many connections as it may have (max_connections is {limit})",
        ("close connections", _set("max_connections", str(2 * limit))),
    )


def _admin_endpoint(login: Login, account: ServerAccount) -> Refusal | None:
    if login.kind != "admin" or account.privileges & _ADMINISTRATORS:
        return None
    privilege = "SERVICE_CONNECTION_ADMIN"
    return Refusal(
        1227,
        "no privilege for the admin endpoint",
        f"{account} lacks {privilege}, which the administrative endpoint requires",
        (f"GRANT {privilege} ON *.* TO {account}", "connect to an ordinary endpoint"),
    )


_CHECKS: tuple[Check, ...] = (
    _all_connections,
    _plugin,
    _temporary_lock,
    _tls,
    _offline,
    _lock,
    _secure_transport,
    _expired,
    _connections_of_account,
    _admin_endpoint,
)
