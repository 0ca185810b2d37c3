"""Why a server refuses a login before it has picked an account, or why it picks none."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_netns_mysql.mysql.access.explanation import Origin
from pytest_netns_mysql.mysql.access.loginstate import LoginState, ServerAccount
from pytest_netns_mysql.mysql.access.matching import in_order, is_admitted, matches
from pytest_netns_mysql.mysql.access.origins import LOCALHOST
from pytest_netns_mysql.mysql.access.remedies import ways_in
from pytest_netns_mysql.mysql.dialects.quoting import literal

_NO_ACCOUNT = "no account"
_NOT_ALLOWED = "host is not allowed"


@dataclass(frozen=True)
class Refusal:
    """Why a login is refused.

    Attributes:
        error: The number of the server's error.
        summary: The reason in a few words, for a table.
        reason: The reason, in a sentence without a period.
        remedies: What would let the login in.
    """

    error: int
    summary: str
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
            "host is blocked",
            f"the server blocks {address} after {cached.errors} interrupted logins (max_connect_errors is {limit})",
            ("TRUNCATE TABLE performance_schema.host_cache", "find out what connects and does not log in"),
        )
    if is_admitted(login.origin, state):
        return None
    if login.picked is not None:
        return Refusal(
            1130,
            _NOT_ALLOWED,
            f"the server overlooks {login.picked} where it decides which hosts may connect at all: it takes the host "
            f"for text that {_place(login)} is compared with",
            (f"write the address alone: RENAME USER {login.picked} TO {literal(login.user)}@{literal(address)}",),
        )
    return Refusal(1130, _NOT_ALLOWED, f"no account of any user matches {_place(login)}", _creating(login))


def without_account(login: Login) -> Refusal:
    """Return why no account is picked for a client that may go on to the login."""
    user = literal(login.user)
    theirs = [account for account in login.state.accounts if account.user == login.user]
    if not theirs:
        other = next((each.user for each in login.state.accounts if each.user.lower() == login.user.lower()), None)
        reason = f"there is no user {user}" + (
            f": user names are case-sensitive, and there is {other}" if other else ""
        )
        return Refusal(1045, _NO_ACCOUNT, reason, ((f"log in as {other}",) if other else ()) + _creating(login))
    if all(account.is_role and not account.host for account in theirs):
        return Refusal(1045, "a role", f"{user} is a role, and roles cannot log in", ("grant the role to an account",))
    return Refusal(1045, _NO_ACCOUNT, f"no account of {user} matches {_place(login)}", _creating(login))


def _place(login: Login) -> str:
    return "the socket file (localhost)" if login.is_local else str(login.origin).replace(", ", " or ")


def _creating(login: Login) -> tuple[str, ...]:
    return ways_in(login.user, login.origin, login.state)
