"""A login that the server refused: 1045, 1130, 1698, 1820, 1862, 3118, 3955, 4151."""

from __future__ import annotations

import re
from dataclasses import replace

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.report.explanations.accounts import (
    client_of,
    fixture_of,
    login_of,
    origin_of,
    quoted,
)
from pytest_netns_mysql.report.explanations.answers import variable
from pytest_netns_mysql.report.explanations.calls import call_of, options_of, place_of, with_tls
from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.failure import Failure
from pytest_netns_mysql.report.explanations.tls import first_login_without_tls, tls_required
from pytest_netns_mysql.report.model import Explanation

_MOST = 4
_MOST_REASONS = 3
_LONGEST = 80
_NOTHING_GIVEN = "using password: NO"
_ASKED = re.compile(r"\w+_password\b")
_ANY_CERTIFICATE = "a certificate that the server's CA signed"
_ACCOUNT_REFUSED = 1698  # ER_ACCESS_DENIED_NO_PASSWORD_ERROR: some plugins end in 1045


class _Login:
    """A login that was refused: the user, the origin, the account that the server picked.

    Attributes:
        failure: The failure.
        user: The user.
        address: The client's address, or its host name.
        explanation: What the server does with such a login, or None if it cannot be asked.
        account: The account whose credentials count, or None.
        context: What may be looked at.
        server: The server, or None if it is not known.
    """

    def __init__(self, failure: Failure, context: Context) -> None:
        """Find out what the server does with such a login."""
        self.failure = failure
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

    @property
    def picked_it(self) -> tuple[str, ...]:
        """The sentence that tells for whom the server picked the account; only of a user with several accounts."""
        return (f"the server picked it for {self.who}",) if len(self.of_user) > 1 else ()


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
    if not login.explanation.allowed and login.explanation.error == _ACCOUNT_REFUSED:
        return no_password_login(failure, context)
    if not login.explanation.allowed and login.explanation.error == failure.number:
        return Explanation(login.explanation.reason, login.picked_it, login.explanation.remedies[:2])
    is_given = _NOTHING_GIVEN not in failure.message and login.explanation.has_password is not False
    return (is_given and first_login_without_tls(failure, login.account)) or _wrong_password(login, failure.message)


def host_not_allowed(failure: Failure, context: Context) -> Explanation:
    """Explain 1130: no account of any user has a host that matches the client's."""
    return _no_account(_Login(failure, context))


def without_account(failure: Failure, context: Context) -> Explanation | None:
    """Explain a login for which there is no account, whatever its error; None if there is an account.

    MySQL does not tell that an account is missing: it asks the client for the password of a plugin that it chooses.
    """
    login = _Login(failure, context)
    if login.explanation is None or login.account is not None:
        return None
    found = _no_account(login)
    plugin = _ASKED.search(failure.message)
    asked = f"the plugin {plugin[0]}" if plugin else "a plugin of its choice"
    hides = f"MySQL hides that by asking for a password of {asked}, hence the client's {_short(failure.message)}"
    return replace(found, details=(*found.details[:2], hides))


def _short(message: str) -> str:
    return f'"{message if len(message) <= _LONGEST else message[:_LONGEST] + "..."}"'


def _no_account(login: _Login) -> Explanation:
    user = login.user or "this user"
    what = f"{user} has no account that matches {login.origin}"
    if not login.of_user:
        what = f"there is no account for the user {user}, from {login.origin} or elsewhere"
    details = [f"{each.account}: {each.reason}" for each in login.of_user[:_MOST_REASONS]]
    if len(login.of_user) > _MOST_REASONS:
        details = [f"the accounts of {user}: {', '.join(each.account for each in login.of_user[:_MOST])}"]
    host = login.address or "the client's address"
    remedies = [f'netns_account("{user}", host="{host}"), or CREATE USER {quoted((user, host))}']
    if places := _namespaces(login):
        call = call_of(login.failure)
        account = f"account={user}" if call == "netns_connect" and user.isidentifier() else f'user="{user}", ...'
        remedies.append(f'or connect from a host that an account has: {call}("{places[0]}", {account})')
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
        login.picked_it,
        (with_tls(login.failure), f"or drop the requirement: ALTER USER {login.picked} REQUIRE NONE"),
    )


def _certificate(login: _Login, requires: tuple[str, ...]) -> Explanation:
    what = ", ".join(requires)
    if what == _ANY_CERTIFICATE:
        what = "a client certificate (REQUIRE X509)"
    has_one = "ssl_cert" in options_of(login.failure)
    certificate = f'{fixture_of(login.server)}.tls.issue("{login.user}").options'
    return Explanation(
        f"the account {login.picked} requires {what}, and the client presented {'another' if has_one else 'none'}",
        login.picked_it,
        (
            f"{call_of(login.failure)}({place_of(login.failure)}, ..., **{certificate})",
            f"or drop the requirement: ALTER USER {login.picked} REQUIRE NONE",
        ),
    )


def _wrong_password(login: _Login, message: str) -> Explanation:
    is_given = _NOTHING_GIVEN not in message
    has_password = login.explanation is None or login.explanation.has_password is not False
    if not has_password and is_given:
        what = f"the client gave a password, and the account {login.picked} has none"
    elif not is_given:
        what = f"the client gave no password, and the account {login.picked} has one"
    elif login.later:
        what = f"the server picked {login.picked}, not {login.later[0]}, and the password is wrong for it"
    else:
        what = f"wrong password for {login.picked}, which the server picked for {login.who}"
    details = [f"{login.picked} goes first because its host is more specific"] if login.later else []
    if len(login.later) > 1:
        details.append(f"these match too, and are not used: {', '.join(login.later[:_MOST])}")
    if is_given and has_password:
        is_allowed = login.explanation is None or login.explanation.allowed
        reason = "" if login.explanation is None else login.explanation.reason
        right = "the host matches, the account is not locked and requires nothing more"
        details.append(right if is_allowed else f"with the right password it would be refused, too: {reason}")
    change = f"or change the password of the account: ALTER USER {login.picked} IDENTIFIED BY '...'"
    drop = f"or let {login.later[0]} be picked: DROP USER {login.picked}" if login.later else change
    return Explanation(what, tuple(details), (_with_account(login), drop))


def _with_account(login: _Login) -> str:
    """Return the line of a test that makes the picked account and connects as it."""
    user, host = login.account or ("app", "%")
    name = user if user.isidentifier() else "app"
    place = place_of(login.failure)
    return f'{name} = netns_account("{user}", host="{host}", ...); netns_connect({place}, account={name})'


def no_password_login(failure: Failure, context: Context) -> Explanation:
    """Explain 1698: the account's plugin takes no password."""
    login = _Login(failure, context)
    if login.account is None:
        return _no_account(login)
    reason = login.explanation.reason if login.explanation and not login.explanation.allowed else ""
    # Without the name of a plugin, ALTER USER would keep the one that takes no password.
    by = "VIA mysql_native_password USING PASSWORD('...')"
    if login.server is None or "mariadb" not in login.server.spec.kind.name.lower():
        by = "WITH caching_sha2_password BY '...'"
    return Explanation(
        reason.replace("clients of the socket file only", "connections by the Unix socket alone")
        or f"the account {login.picked} has no password: its plugin lets in a system user by the Unix socket",
        login.picked_it,
        (
            f"for logins over the network: ALTER USER {login.picked} IDENTIFIED {by}",
            "or connect as another account: netns_account(...)",
        ),
    )


def locked(failure: Failure, context: Context) -> Explanation:
    """Explain 3118 of MySQL and 4151 of MariaDB: the account is locked."""
    login = _Login(failure, context)
    return Explanation(
        f"the account {login.picked} is locked",
        login.picked_it,
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
        _why_refused(failure, login) if refused else login.picked_it,
        (f"ALTER USER {account} IDENTIFIED BY '...', with the password that the test sends",),
    )


def _why_refused(failure: Failure, login: _Login) -> tuple[str, ...]:
    """Return why the server refuses a login that it could let in for a change of the password."""
    disconnects = variable(failure.server, "disconnect_on_expired_password")
    reason = f"disconnect_on_expired_password = {disconnects}" if disconnects else ""
    told = f"{reason}: a client that does not say that it can change the password is not let in"
    return (*((told,) if reason else ()), *login.picked_it)
