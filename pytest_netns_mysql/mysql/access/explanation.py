"""The explanation of a login: which account the server picks for a user and an origin, and why."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_netns_mysql.mysql.dialects.quoting import literal

_MOST_CANDIDATES = 8
_MOST_PRIVILEGES = 4


def _in_short(clause: str) -> str:
    """Return a clause as between GRANT and TO with its first privileges."""
    what, on, place = clause.rpartition(" ON ")
    privileges = what.split(", ")
    if len(privileges) <= _MOST_PRIVILEGES:
        return clause
    more = len(privileges) - _MOST_PRIVILEGES
    return f"{', '.join(privileges[:_MOST_PRIVILEGES])} and {more} more{on}{place}"


@dataclass(frozen=True)
class Origin:
    """Where a connection comes from, as the server sees it.

    Attributes:
        address: The IP address, or ``localhost`` for a connection by a Unix socket; '' if no connection is possible.
        name: The host name of the address, or None where the server does not resolve names or finds none.
    """

    address: str
    name: str | None = None

    def __str__(self) -> str:
        """Return the address, and the name behind it."""
        return self.address if self.name is None else f"{self.address}, {self.name}"


@dataclass(frozen=True)
class Candidate:
    """An account that could be meant by a login.

    Attributes:
        account: The account as SQL writes it, such as ``'app'@'192.0.2.%'``.
        user: Its user name, '' for an anonymous account.
        host: Its host part.
        matches: Whether it matches the user and the origin.
        reason: Why it matches or does not, in a clause.
    """

    account: str
    user: str
    host: str
    matches: bool
    reason: str


@dataclass(frozen=True)
class HiddenAccount:
    """An account that matches a login, and that the server does not pick because a more specific account matches, too.

    Attributes:
        account: The account as SQL writes it.
        privileges: What it may do and the login may not, each as between GRANT and TO.
    """

    account: str
    privileges: tuple[str, ...]

    def __str__(self) -> str:
        """Return the account and what it alone has, in short."""
        clauses = [_in_short(clause) for clause in self.privileges[:_MOST_PRIVILEGES]]
        more = len(self.privileges) - _MOST_PRIVILEGES
        if more > 0:
            clauses.append(f"and {more} more grants")
        return self.account + (f", which alone has {'; '.join(clauses)}" if clauses else "")


@dataclass(frozen=True)
class LoginExplanation:
    """Whether a user may log in from an origin, and by which account. ``str()`` returns a few lines for a person.

    Attributes:
        user: The user name that the client gives.
        origin: Where the connection comes from.
        namespace: The client's namespace, or None if an origin was given instead.
        endpoint: The endpoint that the client connects to, as ``addr/ns``.
        account: The account that the server picks, as CURRENT_USER() shows it but quoted, or None.
        allowed: Whether the login succeeds with the right credentials and what else the account requires.
        error: The number of the server's error for a login that is not allowed, else None. It is 2003, the clients'
            own, where the client cannot reach the endpoint. After an account with the host ``%`` was dropped, the
            server answers with 1045 where 1130 is said here, until FLUSH PRIVILEGES.
        reason: Why the login is allowed or not, in one sentence.
        requires: What the client must bring, in clauses, such as ``TLS`` or ``the plugin auth_socket``.
        remedies: What would let the login in, the best first; empty if it is allowed.
        candidates: Each account that could be meant, in the server's own order: the first that matches is picked.
        authenticated_as: The account whose credentials the client gives; another than ``account`` for a proxy user.
        has_password: Whether the account that the client authenticates as has a password; None without an account.
        requires_tls: What the account itself requires of TLS, in clauses; a part of ``requires``.
        limits: The resource limits of the account, in clauses.
        hidden: The accounts whose privileges the login lacks because a more specific account comes first.
        summary: Why the login is refused, in a few words, as a matrix has it; '' if it is allowed.
    """

    user: str
    origin: Origin
    namespace: str | None
    endpoint: str
    account: str | None
    allowed: bool
    error: int | None
    reason: str
    requires: tuple[str, ...]
    remedies: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    authenticated_as: str | None = None
    has_password: bool | None = None
    requires_tls: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    hidden: tuple[HiddenAccount, ...] = ()
    summary: str = ""

    def __str__(self) -> str:
        """Return the explanation in a few lines, like an error of this plugin."""
        client = f"{self.namespace} ({self.origin})" if self.namespace and self.origin.address else ""
        client = client or self.namespace or str(self.origin)
        result = f"allowed as {self.account}" if self.allowed else f"refused with error {self.error}"
        lines = [f"{literal(self.user)} from {client} to {self.endpoint}: {result}", f"  why: {self.reason}"]
        if self.requires:
            lines.append(f"  requires: {', '.join(self.requires)}")
        if self.limits:
            lines.append(f"  limits: {', '.join(self.limits)}")
        lines += (f"  hidden: {hidden}" for hidden in self.hidden)
        lines += (
            f"  account: {candidate.account}: {candidate.reason}" for candidate in self.candidates[:_MOST_CANDIDATES]
        )
        if len(self.candidates) > _MOST_CANDIDATES:
            lines.append(f"  account: and {len(self.candidates) - _MOST_CANDIDATES} more")
        return "\n".join([*lines, *(f"  do: {remedy}" for remedy in self.remedies)])
