"""A login that the server refused: 1045, 1130, 1698, 1820, 1862, 3118, 3955, 4151."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.mysql.clients.hostpatterns import AccountName, matches
from pytest_netns_mysql.mysql.dialects.quoting import literal
from pytest_netns_mysql.mysql.mysqld.instance import Instance
from pytest_netns_mysql.report.explanations.accounts import (
    account_in_force,
    all_accounts,
    client_of,
    origin_of,
    quoted,
)
from pytest_netns_mysql.report.explanations.answers import ask
from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.failure import Failure
from pytest_netns_mysql.report.model import Explanation

_MOST = 4
_SOCKET_PLUGINS = ("auth_socket", "unix_socket")


@dataclass(frozen=True)
class _Facts:
    """What an account requires.

    Attributes:
        plugin: The authentication plugin.
        has_password: Whether it has a password.
        tls: '' for nothing, ``ANY`` for TLS, ``X509`` for a client certificate, ``SPECIFIED`` for a certain one.
        subject: The subject that the certificate must have, or ''.
    """

    plugin: str
    has_password: bool
    tls: str
    subject: str


def _facts(server: Instance | None, account: AccountName) -> _Facts | None:
    user, host = map(literal, account)
    rows = ask(
        server,
        "SELECT plugin, authentication_string, ssl_type, x509_subject FROM mysql.user "
        f"WHERE User = {user} AND Host = {host}",
    )
    return _Facts(rows[0][0], rows[0][1] not in ("", "invalid"), rows[0][2], rows[0][3]) if rows else None


class _Login:
    """A login that was refused: the user, the origin, the account that the server picked."""

    def __init__(self, failure: Failure, context: Context) -> None:
        self.failure, self.context = failure, context
        user, host = client_of(failure, context) or ("", "")
        if not user and failure.attempt is not None:
            user = failure.attempt.user
        self.user, self.address = user, host
        if failure.attempt is not None and failure.server is not None:
            self.address = origin_of(failure.server, failure.attempt) or host
        self.account = account_in_force(failure, context)
        self.of_user = [account for account in all_accounts(failure.server) if account[0] == user]

    @property
    def origin(self) -> str:
        return self.context.with_namespace(self.address)

    @property
    def who(self) -> str:
        return f"{self.user} from {self.origin}"

    @property
    def picked(self) -> str:
        return quoted(self.account) if self.account else "no account"


def access_denied(failure: Failure, context: Context) -> Explanation:
    """Explain 1045: which account was picked, and what it requires that the client did not bring."""
    login = _Login(failure, context)
    if login.account is None:
        return _no_account(login)
    if login.account[0] != login.user:
        return _anonymous(login)
    facts = _facts(failure.server, login.account)
    if facts is None:
        return _wrong_password(login, None)
    uses_tls = failure.attempt.uses_tls if failure.attempt else None
    if facts.tls and not uses_tls and not (uses_tls is None and facts.tls == "ANY"):
        return _tls(login, facts)
    if facts.tls not in ("", "ANY"):
        return _certificate(login, facts)
    if facts.plugin in _SOCKET_PLUGINS:
        return _socket(login, facts.plugin)
    return _wrong_password(login, facts)


def host_not_allowed(failure: Failure, context: Context) -> Explanation:
    """Explain 1130: no account of any user has a host that matches the client's."""
    return _no_account(_Login(failure, context))


def _no_account(login: _Login) -> Explanation:
    hosts = [host for _, host in login.of_user]
    user = login.user or "this user"
    what = f"{user} has no account that matches {login.origin}"
    if not hosts:
        what = f"there is no account for the user {user}, from {login.origin} or elsewhere"
    details = [f"the accounts of {user}: {', '.join(map(quoted, login.of_user[:_MOST]))}"] if hosts else []
    host = login.address or "the client's address"
    remedies = [f'CREATE USER {quoted((user, host))}, or in the test netns_account("{user}", host="{host}")']
    if places := _namespaces(login):
        remedies.append(f'or connect from where it may: netns_connect("{places[0]}", ...)')
    return Explanation(what, tuple(details), tuple(remedies))


def _namespaces(login: _Login) -> list[str]:
    """Return the namespaces with an address that an account of the user matches."""
    network = login.context.network
    return [
        name
        for name, namespace in sorted(network.items() if network else (), key=lambda item: item[0] == GLOBAL)
        for interface in namespace.addresses
        if not interface.is_loopback and any(matches(host, str(interface.ip)) for _, host in login.of_user)
    ]


def _anonymous(login: _Login) -> Explanation:
    others = ", ".join(quoted(account) for account in login.of_user if matches(account[1], login.address))
    return Explanation(
        f"the server picked the anonymous account {login.picked} for {login.who}",
        (f"{others} matches too, but a more specific host goes first",) if others else (),
        (
            f"DROP USER {login.picked}",
            f"or CREATE USER {quoted((login.user, login.address))}, whose host is as specific",
        ),
    )


def _tls(login: _Login, facts: _Facts) -> Explanation:
    if facts.tls != "ANY":
        return _certificate(login, facts)
    return Explanation(
        f"the account {login.picked} requires TLS, and the connection did not use TLS",
        (f"the server picked it for {login.who}",),
        (
            "connect with TLS: netns_connect(..., ssl_disabled=False)",
            f"or let the account do without: ALTER USER {login.picked} REQUIRE NONE",
        ),
    )


def _certificate(login: _Login, facts: _Facts) -> Explanation:
    kind = "a client certificate (REQUIRE X509)"
    if facts.tls == "SPECIFIED":
        kind = f"a certain client certificate: SUBJECT '{facts.subject}'" if facts.subject else "a certain certificate"
    return Explanation(
        f"the account {login.picked} requires {kind}, and the client did not present it",
        (f"the server picked it for {login.who}",),
        (
            f'certificate = netns_mysqld.tls.issue("{login.user}"); netns_connect(..., **certificate.options)',
            f"or let the account do without: ALTER USER {login.picked} REQUIRE NONE",
        ),
    )


def _wrong_password(login: _Login, facts: _Facts | None) -> Explanation:
    message = login.failure.message
    # X DevAPI says YES for an empty password, too.
    is_given = "using password: NO" not in message
    if facts is not None and not facts.has_password and "using password: YES" in message:
        what = f"the client gave a password, and the account {login.picked} has none"
    elif not is_given:
        what = f"the client gave no password, and the account {login.picked} has one"
    else:
        what = f"wrong password for {login.picked}, the account that the server picked for {login.who}"
    details = [] if is_given and "wrong" in what else [f"the server picked it for {login.who}"]
    if facts is not None and "wrong" in what:
        details.append(f"all else is right: {login.picked} matches, is not locked and requires nothing more")
    later = [quoted(each) for each in login.of_user if each != login.account and matches(each[1], login.address)]
    if later:
        details.append(f"{', '.join(later[:_MOST])} matches too, but its host is less specific: it does not count")
    return Explanation(
        what,
        tuple(details),
        (
            "connect with what netns_account(...) returned: netns_connect(..., account=app)",
            f"or set it: ALTER USER {login.picked} IDENTIFIED BY '...'",
        ),
    )


def _socket(login: _Login, plugin: str) -> Explanation:
    socket = f"its plugin {plugin} lets in a system user by the socket file alone"
    return Explanation(
        f"the account {login.picked} has no password: {socket}",
        (f"the server picked it for {login.who}",),
        (
            f"ALTER USER {login.picked} IDENTIFIED BY '...', for logins over the network",
            "or connect as another account: netns_account(...)",
        ),
    )


def no_password_login(failure: Failure, context: Context) -> Explanation:
    """Explain 1698: the account's plugin takes no password."""
    login = _Login(failure, context)
    facts = _facts(failure.server, login.account) if login.account else None
    if facts is None or login.account is None:
        return _no_account(login)
    return _socket(login, facts.plugin)


def locked(failure: Failure, context: Context) -> Explanation:
    """Explain 3118 of MySQL and 4151 of MariaDB: the account is locked."""
    login = _Login(failure, context)
    return Explanation(
        f"the account {login.picked} is locked",
        (f"the server picked it for {login.who}",),
        (f"ALTER USER {login.picked} ACCOUNT UNLOCK",),
    )


def blocked(failure: Failure, context: Context) -> Explanation:
    """Explain 3955: too many failed logins in a row."""
    login = _Login(failure, context)
    return Explanation(
        f"the account {login.picked} is locked for a time, after too many wrong passwords (FAILED_LOGIN_ATTEMPTS)",
        (failure.message.partition(". ")[2] or failure.message,),
        (f"ALTER USER {login.picked} ACCOUNT UNLOCK",),
    )


def expired(failure: Failure, context: Context) -> Explanation:
    """Explain 1862 and 1820: the password has expired."""
    login = _Login(failure, context)
    refused = failure.number == 1862
    effect = "the server refuses the login" if refused else "the server runs nothing but a change of the password"
    account = login.picked if login.account else "of this connection"
    return Explanation(
        f"the password of the account {account} has expired, so {effect}",
        (f"the server picked it for {login.who}",) if login.address else (),
        (
            f"ALTER USER {account} IDENTIFIED BY '...'",
            f"or never let it expire: ALTER USER {account} PASSWORD EXPIRE NEVER, after the change",
        ),
    )
