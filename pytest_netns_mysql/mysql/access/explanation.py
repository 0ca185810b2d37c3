"""The explanation of a login: which account the server picks for a user and an origin, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """Where a connection comes from, as the server sees it.

    Attributes:
        address: The IP address, or ``localhost`` for a connection by a Unix socket.
        name: The host name of the address, or None where the server does not resolve names or finds none.
    """

    address: str
    name: str | None = None


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
class LoginExplanation:
    """Whether a user may log in from an origin, and by which account.

    Attributes:
        user: The user name that the client gives.
        origin: Where the connection comes from.
        namespace: The client's namespace, or None if an origin was given instead.
        endpoint: The endpoint that the client connects to, as ``addr/ns``.
        account: The account that the server picks, as CURRENT_USER() shows it but quoted, or None.
        allowed: Whether the login succeeds with the right credentials and what else the account requires.
        error: The number of the server's error for a login that is not allowed, else None.
        reason: Why the login is allowed or not, in one sentence.
        requires: What the client must bring, in clauses, such as ``TLS`` or ``the plugin auth_socket``.
        remedies: What would let the login in, the best first; empty if it is allowed.
        candidates: Each account that could be meant, in the server's own order: the first that matches is picked.
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
