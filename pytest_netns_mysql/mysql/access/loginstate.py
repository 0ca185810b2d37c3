"""What decides about logins on a server: its accounts and its settings, as read from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pytest_netns_mysql.mysql.dialects.quoting import literal

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.hostrules import AccountName, HostRules
    from pytest_netns_mysql.mysql.dialects.quoting import RawRow

SOCKET_PLUGINS = frozenset({"auth_socket", "unix_socket"})
"""The plugins that let in nobody but a process of this machine, by the socket file."""


@dataclass(frozen=True)
class ServerAccount:
    """An account of a server.

    Attributes:
        user: The user name, '' for an anonymous account.
        host: The host part.
        plugins: The authentication plugins; on MariaDB there may be several, and one of them suffices.
        has_password: Whether the account has a password.
        is_role: Whether it is a role.
        may_be_role: Whether it is a role or an account that is made like a role of MySQL, and that nobody has.
        is_locked: Whether it is locked by ACCOUNT LOCK.
        is_expired: Whether its password has expired.
        tls: What it requires of TLS, in clauses; empty if it requires nothing.
        max_user_connections: How many connections it may have at a time; 0 for no limit of its own, -1 for none at
            all on MariaDB.
        limits: Its other limits, in clauses.
        position: Its place in the order in which the server tries accounts; None if the server has not loaded it.
        privileges: Its global privileges.
    """

    user: str
    host: str
    plugins: tuple[str, ...] = ()
    has_password: bool = False
    is_role: bool = False
    may_be_role: bool = False
    is_locked: bool = False
    is_expired: bool = False
    tls: tuple[str, ...] = ()
    max_user_connections: int = 0
    limits: tuple[str, ...] = ()
    position: int | None = None
    privileges: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{literal(self.user)}@{literal(self.host)}"

    @property
    def name(self) -> AccountName:
        """The user name and the host."""
        return self.user, self.host


@dataclass(frozen=True)
class ProxyGrant:
    """A grant of PROXY: an account that a proxy user logs in as, see the manual, "Proxy Users"."""

    host: str
    user: str
    proxied_host: str
    proxied_user: str


@dataclass(frozen=True)
class CachedHost:
    """A client in the server's host cache.

    Attributes:
        name: The name of the client's address, or None if the address has none.
        errors: How many interrupted logins came from the address since the last complete one.
    """

    name: str | None
    errors: int


@dataclass(frozen=True)
class LoginState:
    """Everything that a server decides by when a client logs in, as of one moment.

    Attributes:
        rules: How the server compares and sorts hosts.
        errors: The numbers of the errors that differ between kinds of servers.
        accounts: The accounts.
        variables: Global variables, by name.
        plugins: The authentication plugins that are loaded.
        hosts: The host cache, by address.
        proxies: The grants of PROXY.
        temporarily_locked: The accounts that are locked by failed logins.
        connections: User and host of each connection.
        unlimited: The privileges whose accounts the global max_user_connections does not count for.
    """

    rules: HostRules
    errors: LoginErrors
    accounts: tuple[ServerAccount, ...]
    variables: Mapping[str, str]
    plugins: frozenset[str]
    hosts: Mapping[str, CachedHost]
    proxies: tuple[ProxyGrant, ...] = ()
    temporarily_locked: frozenset[AccountName] = frozenset()
    connections: tuple[AccountName, ...] = ()
    unlimited: frozenset[str] = frozenset()

    def is_on(self, variable: str) -> bool:
        """Return True if a global variable is on; False if the server has no such variable."""
        return self.variables.get(variable, "OFF") in ("ON", "1")

    def number(self, variable: str) -> int:
        """Return the value of a global variable that is a number; 0 if the server has no such variable."""
        value = self.variables.get(variable, "0")
        return int(value) if value.removeprefix("-").isdigit() else 0

    @property
    def resolves_names(self) -> bool:
        """True if the server looks up the name of a client's address."""
        return not self.is_on("skip_name_resolve")

    @property
    def has_tls(self) -> bool:
        """True if clients can use TLS."""
        return self.variables.get("have_ssl", "YES") == "YES" and self.variables.get("tls_version") != ""

    def connection_limit(self, account: ServerAccount) -> tuple[int, bool]:
        """Return how many connections an account may have at a time, and whether that is a limit of its own.

        0 is no limit. With a negative number, which MariaDB takes, the account may have no connection.
        """
        if account.max_user_connections:
            return account.max_user_connections, True
        return (0 if account.privileges & self.unlimited else self.number("max_user_connections")), False

    def account(self, name: AccountName) -> ServerAccount | None:
        """Return the account of this name, or None."""
        return next((account for account in self.accounts if account.name == name), None)


@dataclass(frozen=True)
class LoginErrors:
    """The numbers of errors that differ between kinds of servers.

    Attributes:
        locked: For a locked account.
        insecure: For a connection without TLS while the server requires secure transport.
    """

    locked: int
    insecure: int


class LoginReader(Protocol):
    """How what decides about logins is read from one kind of server.

    Attributes:
        errors: The numbers of the errors that differ.
        unlimited: The privileges whose accounts the global max_user_connections does not count for.
        query: The query for the accounts.
    """

    @property
    def errors(self) -> LoginErrors: ...  # noqa: D102 - see Attributes
    @property
    def unlimited(self) -> frozenset[str]: ...  # noqa: D102
    @property
    def query(self) -> str: ...  # noqa: D102

    def account(self, row: RawRow) -> ServerAccount:
        """Return the account of a row that ``query`` returned."""
        ...


def tls_clauses(kind: str, *, cipher: str, issuer: str, subject: str) -> tuple[str, ...]:
    """Return what an account requires of TLS, in clauses.

    Args:
        kind: What follows REQUIRE: '', ``ANY`` (for SSL), ``X509`` or ``SPECIFIED``.
        cipher: The cipher, or ''.
        issuer: The issuer of the client's certificate, or ''.
        subject: The subject of the client's certificate, or ''.
    """
    if not kind:
        return ()
    certificate = ["a certificate that the server's CA signed"] if kind == "X509" else []
    if issuer:
        certificate.append(f"a certificate of the issuer {literal(issuer)}")
    if subject:
        certificate.append(f"a certificate with the subject {literal(subject)}")
    return "TLS", *certificate, *([f"the TLS cipher {cipher}"] if cipher else [])


def limit_clauses(*limits: tuple[int, str]) -> tuple[str, ...]:
    """Return limits in clauses, such as ``at most 5 connections an hour``, without those that are 0."""
    return tuple(f"at most {number} {what} an hour" for number, what in limits if number)
