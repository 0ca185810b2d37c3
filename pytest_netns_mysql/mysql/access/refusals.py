"""Why a server refuses a login whose account it has picked, or why it picks none; each check in the server's order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pytest_netns_mysql.mysql.access.explanation import Origin
from pytest_netns_mysql.mysql.access.loginstate import SOCKET_PLUGINS, LoginState, ServerAccount
from pytest_netns_mysql.mysql.access.matching import in_order, is_admitted, matches
from pytest_netns_mysql.mysql.access.origins import LOCALHOST
from pytest_netns_mysql.mysql.access.remedies import ways_in
from pytest_netns_mysql.mysql.dialects.quoting import literal

_EXEMPT = frozenset({"SUPER", "CONNECTION_ADMIN", "CONNECTION ADMIN"})
_ADMINISTRATORS = frozenset({"SUPER", "SERVICE_CONNECTION_ADMIN"})


@dataclass(frozen=True)
class Refusal:
    """Why a login is refused.

    Attributes:
        error: The number of the server's error.
        reason: The reason, in a sentence without a period.
        remedies: What would let the login in.
    """

    error: int
    reason: str
    remedies: tuple[str, ...]


@dataclass(frozen=True)
class Login:
    """A login of a known origin.

    Attributes:
        user: The user name.
        origin: Where it comes from.
        state: The state of the server.
        kind: The kind of the endpoint: ``mysql`` or ``admin``.
        uses_tls: Whether the client uses TLS, or None for a client that does whatever is required.
    """

    user: str
    origin: Origin
    state: LoginState
    kind: str = "mysql"
    uses_tls: bool | None = None

    @property
    def is_local(self) -> bool:
        """True if the client uses the socket file."""
        return self.origin.address == LOCALHOST

    @property
    def picked(self) -> ServerAccount | None:
        """The account that the server picks, or None."""
        ordered = in_order(self.user, self.state)
        return next((account for account in ordered if matches(account, self.origin, self.state)), None)


def before_account(login: Login) -> Refusal | None:
    """Return why the server refuses a client before it looks for the user, or None."""
    state, address = login.state, login.origin.address
    cached = state.hosts.get(address)
    limit = state.number("max_connect_errors")
    if cached is not None and state.resolves_names and 0 < limit <= cached.errors:
        return Refusal(
            1129,
            f"the server blocks {address} after {cached.errors} interrupted logins (max_connect_errors is {limit})",
            ("TRUNCATE TABLE performance_schema.host_cache", "find out what connects and does not log in"),
        )
    if is_admitted(login.origin, state):
        return None
    if login.picked is not None:
        return Refusal(
            1130,
            f"the server overlooks {login.picked} where it decides which hosts may connect at all: it takes the host "
            f"for text that {_place(login)} is compared with",
            (f"write the address alone: RENAME USER {login.picked} TO {literal(login.user)}@{literal(address)}",),
        )
    return Refusal(1130, f"no account of any user matches {_place(login)}", _creating(login))


def without_account(login: Login) -> Refusal:
    """Return why no account is picked for a client that may go on to the login."""
    user = literal(login.user)
    theirs = [account for account in login.state.accounts if account.user == login.user]
    if not theirs:
        other = next((each.user for each in login.state.accounts if each.user.lower() == login.user.lower()), None)
        reason = f"there is no user {user}" + (
            f": user names are case-sensitive, and there is {other}" if other else ""
        )
        return Refusal(1045, reason, ((f"log in as {other}",) if other else ()) + _creating(login))
    if all(account.is_role and not account.host for account in theirs):
        return Refusal(1045, f"{user} is a role, and roles cannot log in", ("grant the role to an account",))
    return Refusal(1045, f"no account of {user} matches {_place(login)}", _creating(login))


def _place(login: Login) -> str:
    return "the socket file (localhost)" if login.is_local else str(login.origin).replace(", ", " or ")


def _creating(login: Login) -> tuple[str, ...]:
    return ways_in(login.user, login.origin, login.state)


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
            f"{account} needs the authentication plugin {names}, which the server has not loaded",
            (f"ALTER USER {account} IDENTIFIED BY '...'", f"INSTALL PLUGIN {account.plugins[0]} SONAME '...'"),
        )
    if not login.is_local and SOCKET_PLUGINS.issuperset(usable):
        return Refusal(
            1698,
            f"{account} logs in by {usable[0]}, which accepts clients of the socket file only",
            ("connect by the socket file", f"ALTER USER {account} IDENTIFIED BY '...'"),
        )
    if usable == ["mysql_no_login"]:
        return Refusal(1045, f"{account} has the plugin mysql_no_login: nobody logs in as this account", ())
    return None


def _temporary_lock(login: Login, account: ServerAccount) -> Refusal | None:
    if account.name not in login.state.temporarily_locked:
        return None
    return Refusal(3955, f"{account} is locked after failed logins", (f"ALTER USER {account} ACCOUNT UNLOCK",))


def _tls(login: Login, account: ServerAccount) -> Refusal | None:
    if not account.tls:
        return None
    if not login.state.has_tls and not login.is_local:
        return _no_tls(1045, f"{account} requires TLS")
    if login.uses_tls is False:
        return Refusal(
            1045,
            f"{account} requires {', '.join(account.tls)}, and the client does not use TLS",
            ("connect with TLS", f"ALTER USER {account} REQUIRE NONE"),
        )
    return None


def _no_tls(error: int, requirement: str) -> Refusal:
    return Refusal(
        error,
        f"{requirement}, and the server cannot do TLS",
        ("give the server certificates: the options ssl_ca, ssl_cert, ssl_key",),
    )


def _offline(login: Login, account: ServerAccount) -> Refusal | None:
    if not login.state.is_on("offline_mode") or account.privileges & _EXEMPT:
        return None
    return Refusal(
        3032, f"the server is in offline mode, and {account} lacks CONNECTION_ADMIN", (_set("offline_mode"),)
    )


def _set(variable: str, value: str = "OFF") -> str:
    return f"SET GLOBAL {variable} = {value}"


def _lock(login: Login, account: ServerAccount) -> Refusal | None:
    if account.is_role:
        return Refusal(
            login.state.errors.locked, f"{account} is a role: its account is locked", ("grant the role to an account",)
        )
    if account.is_locked:
        return Refusal(login.state.errors.locked, f"{account} is locked", (f"ALTER USER {account} ACCOUNT UNLOCK",))
    return None


def _secure_transport(login: Login, _account: ServerAccount) -> Refusal | None:
    if login.is_local or not login.state.is_on("require_secure_transport"):
        return None
    error = login.state.errors.insecure
    if not login.state.has_tls:
        return _no_tls(error, "require_secure_transport is on")
    if login.uses_tls is False:
        reason = "require_secure_transport is on, and the client does not use TLS"
        return Refusal(error, reason, ("connect with TLS", _set("require_secure_transport")))
    return None


def _expired(login: Login, account: ServerAccount) -> Refusal | None:
    if not account.is_expired or not login.state.is_on("disconnect_on_expired_password"):
        return None
    return Refusal(
        1862,
        f"the password of {account} has expired",
        (f"ALTER USER {account} IDENTIFIED BY '...'", f"ALTER USER {account} PASSWORD EXPIRE NEVER"),
    )


def _connections_of_account(login: Login, account: ServerAccount) -> Refusal | None:
    limit, error = account.max_user_connections, 1226
    if not limit:
        limit, error = login.state.number("max_user_connections"), 1203
    if not limit:
        return None
    if _count(login.state, account) < limit:
        return None
    return Refusal(
        error,
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
        f"the server has as many connections as it may have (max_connections is {limit})",
        ("close connections", _set("max_connections", str(2 * limit))),
    )


def _admin_endpoint(login: Login, account: ServerAccount) -> Refusal | None:
    if login.kind != "admin" or account.privileges & _ADMINISTRATORS:
        return None
    privilege = "SERVICE_CONNECTION_ADMIN"
    return Refusal(
        1227,
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
