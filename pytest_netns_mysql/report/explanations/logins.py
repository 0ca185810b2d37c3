"""A login that the server refused: 1045, 1130, 1698, 1820, 1862, 3118, 3955, 4151."""

from __future__ import annotations

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.report.explanations.accounts import (
    client_of,
    login_of,
    origin_of,
    quoted,
)
from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.failure import Failure
from pytest_netns_mysql.report.explanations.tls import tls_required
from pytest_netns_mysql.report.model import Explanation

_MOST = 4
_MOST_REASONS = 3
_ACCOUNT_REFUSED = 1698  # ER_ACCESS_DENIED_NO_PASSWORD_ERROR: some plugins end in 1045


class _Login:
    """A login that was refused: the user, the origin, the account that the server picked.

    Attributes:
        user: The user.
        address: The client's address, or its host name.
        explanation: What the server does with such a login, or None if it cannot be asked.
        account: The account whose credentials count, or None.
        context: What may be looked at.
        server: The server, or None if it is not known.
    """

    def __init__(self, failure: Failure, context: Context) -> None:
        """Find out what the server does with such a login."""
        user, host = client_of(failure, context) or ("", "")
        if failure.attempt is not None and failure.server is not None:
            user = failure.attempt.user
            host = origin_of(failure.server, failure.attempt) or host
        self.user, self.address, self.context = user, host, context
        self.server = failure.server
        self.explanation = login_of(failure, (user, host))
        candidates = self.explanation.candidates if self.explanation else ()
        self.of_user = [each for each in candidates if each.user == user]
        self.account = next(((each.user, each.host) for each in candidates if each.matches), None)
        self.later = [each.account for each in self.of_user if each.matches and each.account != self.picked]

    @property
    def origin(self) -> str:
        """The client's address with its namespace."""
        return self.context.with_namespace(self.address)

    @property
    def who(self) -> str:
        """The user and where it comes from."""
        return f"{self.user} from {self.origin}"

    @property
    def picked(self) -> str:
        """The account as SQL writes it."""
        return quoted(self.account) if self.account else "no account"


def access_denied(failure: Failure, context: Context) -> Explanation:
    """Explain 1045: which account was picked, and what it requires that the client did not bring."""
    login = _Login(failure, context)
    if login.explanation is None:
        return Explanation(f"the server refused the user and the password of {login.who}")
    if login.account is None:
        return _no_account(login)
    if login.account[0] != login.user:
        return _anonymous(login)
    if "require_secure_transport" in login.explanation.reason:
        return tls_required(failure, context)  # MariaDB has no number of its own for this
    uses_tls = failure.attempt.uses_tls if failure.attempt else None
    requires = login.explanation.requires
    if requires[:1] == ("TLS",) and (len(requires) > 1 or uses_tls is False):
        return _certificate(login, requires[1:]) if len(requires) > 1 else _tls(login)
    if not login.explanation.allowed and login.explanation.error in (failure.number, _ACCOUNT_REFUSED):
        return Explanation(login.explanation.reason, (_picked_it(login),), login.explanation.remedies[:2])
    return _wrong_password(login, failure.message)


def _picked_it(login: _Login) -> str:
    return f"the server picked it for {login.who}"


def host_not_allowed(failure: Failure, context: Context) -> Explanation:
    """Explain 1130: no account of any user has a host that matches the client's."""
    return _no_account(_Login(failure, context))


def without_account(failure: Failure, context: Context) -> Explanation | None:
    """Explain a login for which there is no account, whatever its error; None if there is an account.

    MySQL does not tell that an account is missing: it asks the client for the password of a plugin that it chooses.
    """
    login = _Login(failure, context)
    return _no_account(login) if login.explanation is not None and login.account is None else None


def _no_account(login: _Login) -> Explanation:
    user = login.user or "this user"
    what = f"{user} has no account that matches {login.origin}"
    if not login.of_user:
        what = f"there is no account for the user {user}, from {login.origin} or elsewhere"
    details = [f"{each.account}: {each.reason}" for each in login.of_user[:_MOST_REASONS]]
    if len(login.of_user) > _MOST_REASONS:
        details = [f"the accounts of {user}: {', '.join(each.account for each in login.of_user[:_MOST])}"]
    host = login.address or "the client's address"
    remedies = [f'CREATE USER {quoted((user, host))}, or in the test netns_account("{user}", host="{host}")']
    if places := _namespaces(login):
        remedies.append(f'or connect from where it may: netns_connect("{places[0]}", ...)')
    return Explanation(what, tuple(details), tuple(remedies))


def _namespaces(login: _Login) -> list[str]:
    """Return the namespaces with an address that an account of the user matches."""
    network = login.context.network
    if network is None or login.server is None:
        return []
    rules = login.server.dialect.host_rules
    return [
        name
        for name, namespace in sorted(network.items(), key=lambda item: item[0] == GLOBAL)
        for interface in namespace.addresses
        if not interface.is_loopback
        and any(rules.matches(each.host, str(interface.ip), None) for each in login.of_user)
    ]


def _anonymous(login: _Login) -> Explanation:
    others = ", ".join(login.later)
    return Explanation(
        f"the server picked the anonymous account {login.picked} for {login.who}",
        (f"{others} matches too, but a more specific host goes first",) if others else (),
        (
            f"DROP USER {login.picked}",
            f"or CREATE USER {quoted((login.user, login.address))}, whose host is as specific",
        ),
    )


def _tls(login: _Login) -> Explanation:
    return Explanation(
        f"the account {login.picked} requires TLS, and the connection did not use TLS",
        (_picked_it(login),),
        (
            "connect with TLS: netns_connect(..., ssl_disabled=False)",
            f"or let the account do without: ALTER USER {login.picked} REQUIRE NONE",
        ),
    )


def _certificate(login: _Login, requires: tuple[str, ...]) -> Explanation:
    return Explanation(
        f"the account {login.picked} requires {' and '.join(requires)}, and the client has none",
        (_picked_it(login),),
        (
            f'certificate = netns_mysqld.tls.issue("{login.user}"); netns_connect(..., **certificate.options)',
            f"or let the account do without: ALTER USER {login.picked} REQUIRE NONE",
        ),
    )


def _wrong_password(login: _Login, message: str) -> Explanation:
    is_given = "using password: NO" not in message
    has_password = login.explanation is None or login.explanation.has_password is not False
    details = [_picked_it(login)]
    if not has_password and is_given:
        what = f"the client gave a password, and the account {login.picked} has none"
    elif not is_given:
        what = f"the client gave no password, and the account {login.picked} has one"
    else:
        what = f"wrong password for {login.picked}, the account that the server picked for {login.who}"
        details = [f"all else is right: {login.picked} matches, is not locked and requires nothing more"]
    if login.later:
        others = ", ".join(login.later[:_MOST])
        details.append(f"{others} matches too, but its host is less specific: it does not count")
    return Explanation(
        what,
        tuple(details),
        (
            "connect with what netns_account(...) returned: netns_connect(..., account=app)",
            f"or set it: ALTER USER {login.picked} IDENTIFIED BY '...'",
        ),
    )


def no_password_login(failure: Failure, context: Context) -> Explanation:
    """Explain 1698: the account's plugin takes no password."""
    login = _Login(failure, context)
    if login.account is None:
        return _no_account(login)
    reason = login.explanation.reason if login.explanation and not login.explanation.allowed else ""
    return Explanation(
        reason or f"the account {login.picked} has no password: its plugin lets in a system user by the socket file",
        (_picked_it(login),),
        (
            f"for logins over the network: ALTER USER {login.picked} IDENTIFIED BY '...'",
            "or connect as another account: netns_account(...)",
        ),
    )


def locked(failure: Failure, context: Context) -> Explanation:
    """Explain 3118 of MySQL and 4151 of MariaDB: the account is locked."""
    login = _Login(failure, context)
    return Explanation(
        f"the account {login.picked} is locked",
        (_picked_it(login),),
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
        (_picked_it(login),) if login.address else (),
        (
            f"ALTER USER {account} IDENTIFIED BY '...'",
            f"or never let it expire: ALTER USER {account} PASSWORD EXPIRE NEVER, after the change",
        ),
    )
