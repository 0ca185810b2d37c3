"""A login that the server refused: 1045, 1130, 1698, 1820, 1862, 3118, 3955, 4151."""

from __future__ import annotations

from pytest_netns_mysql.report.explanations.answers import variable
from pytest_netns_mysql.report.explanations.calls import call_of, gave_certificate, place_of, with_tls
from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.drivererror import Failure
from pytest_netns_mysql.report.explanations.loginaccounts import fixture_of, is_mariadb
from pytest_netns_mysql.report.explanations.loginfacts import Login
from pytest_netns_mysql.report.explanations.noaccount import anonymous, no_account
from pytest_netns_mysql.report.explanations.tlsrefusal import first_login_without_tls, tls_required
from pytest_netns_mysql.report.reportdata import Explanation

_MOST = 4
_ANY_CERTIFICATE = "a certificate that the server's CA signed"
_ACCOUNT_REFUSED = 1698  # ER_ACCESS_DENIED_NO_PASSWORD_ERROR: some plugins end in 1045


def access_denied(failure: Failure, context: Context) -> Explanation:
    """Explain 1045: which account was picked, and what it requires that the client did not bring."""
    login = Login(failure, context)
    if login.explanation is None:
        return Explanation(f"the server refused the user and the password of {login.who}")
    if login.account is None:
        return no_account(login)
    if login.account[0] != login.user:
        return anonymous(login)
    is_refused = not login.explanation.allowed and login.explanation.error == failure.number
    if is_refused and "require_secure_transport" in login.explanation.reason:
        return tls_required(failure, context)  # MariaDB has no number of its own for this
    if missing := _tls_missing(login):
        return missing
    if not login.explanation.allowed and login.explanation.error == _ACCOUNT_REFUSED:
        return no_password_login(failure, context)
    if is_refused:
        return Explanation(login.explanation.reason, login.picked_it, login.explanation.remedies[:2])
    is_given = login.gave_password and login.explanation.has_password is not False
    return (is_given and first_login_without_tls(failure, login.account)) or _wrong_password(login)


def _tls_missing(login: Login) -> Explanation | None:
    """Return which requirement of the account's own the client's TLS does not meet, or None if it meets all."""
    required = () if login.explanation is None else login.explanation.requires_tls
    uses_tls = login.failure.attempt.uses_tls if login.failure.attempt else None
    if len(required) > 1:
        return _certificate(login, required[1:], uses_tls=uses_tls)
    return _tls(login) if required and uses_tls is False else None


def _tls(login: Login) -> Explanation:
    return Explanation(
        f"the account {login.picked} requires TLS, and the connection did not use TLS",
        login.picked_it,
        (with_tls(login.failure), f"or drop the requirement: ALTER USER {login.picked} REQUIRE NONE"),
    )


def _certificate(login: Login, required: tuple[str, ...], *, uses_tls: bool | None) -> Explanation | None:
    is_given = False if uses_tls is False else gave_certificate(login.failure)
    if is_given and required == (_ANY_CERTIFICATE,):
        return None  # the server's CA signed it, or else the handshake would have failed
    what = "a client certificate (REQUIRE X509)" if required == (_ANY_CERTIFICATE,) else ", ".join(required)
    needs_certificate = any(clause.startswith("a certificate") for clause in required)
    if needs_certificate and is_given is False:
        missing = ", and the client presented none"
    elif not needs_certificate and uses_tls is False:
        missing = ", and the connection did not use TLS"
    else:
        thing = (
            "presented another" if is_given else "presented none or another" if needs_certificate else "used another"
        )
        missing = f", and the client {thing}"
        missing += ", or the password is wrong" if login.may_have_wrong_password else ""
    certificate = f'{fixture_of(login.server)}.tls.issue("{login.user}").options'
    call = call_of(login.failure)
    options = f"connect_args={certificate}" if call.endswith("engine") else f"**{certificate}"
    call = f"{call}({place_of(login.failure)}, ..., {options})"
    return Explanation(
        f"the account {login.picked} requires {what}{missing}",
        login.picked_it,
        (
            *((call,) if needs_certificate else ()),
            f"{'or ' if needs_certificate else ''}drop the requirement: ALTER USER {login.picked} REQUIRE NONE",
        ),
    )


def _wrong_password(login: Login) -> Explanation:
    has_password = login.explanation is None or login.explanation.has_password is not False
    if not has_password and login.gave_password:
        what = f"the client gave a password, and the account {login.picked} has none"
    elif not has_password:
        what = f"the server refused {login.who} without a password, as the account {login.picked}"
    elif not login.gave_password:
        what = f"the client gave no password, and the account {login.picked} has one"
    elif login.later:
        what = f"the server picked {login.picked}, not {login.later[0]}, and the password is wrong for it"
    else:
        what = f"wrong password for {login.picked}, which the server picked for {login.who}"
    details = [f"{login.picked} goes first because its host is more specific"] if login.later else []
    if len(login.later) > 1:
        details.append(f"these match too, and are not used: {', '.join(login.later[:_MOST])}")
    details += _besides(login, is_password_wrong=login.gave_password and has_password)
    change = f"or change the password of the account: ALTER USER {login.picked} IDENTIFIED BY '...'"
    drop = f"or let {login.later[0]} be picked: DROP USER {login.picked}" if login.later else change
    return Explanation(what, tuple(details), (_with_account(login), drop))


def _besides(login: Login, *, is_password_wrong: bool) -> list[str]:
    """Return what besides the password stands in the way of a login, or that nothing does."""
    if login.explanation is None:
        return []
    if not login.explanation.allowed:
        return [f"with the right password it would be refused, too: {login.explanation.reason}"]
    if not is_password_wrong:
        return []
    if more := ", ".join(login.explanation.requires):
        return [f"the host matches, and the account is not locked; besides the password it requires {more}"]
    return ["the host matches, the account is not locked and requires nothing more"]


def _with_account(login: Login) -> str:
    """Return the line of a test that makes the picked account and connects as it."""
    user, host = login.account or ("app", "%")
    name = user if user.isidentifier() else "app"
    place = place_of(login.failure)
    return f'{name} = netns_account("{user}", host="{host}", ...); netns_connect({place}, account={name})'


def no_password_login(failure: Failure, context: Context) -> Explanation:
    """Explain 1698: the account's plugin takes no password."""
    login = Login(failure, context)
    if login.account is None:
        return no_account(login)
    reason = login.explanation.reason if login.explanation and not login.explanation.allowed else ""
    # Without the name of a plugin, ALTER USER would keep the one that takes no password.
    by = "VIA mysql_native_password USING PASSWORD('...')"
    if not is_mariadb(login.server):
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
    login = Login(failure, context)
    what = f"the account {login.picked} is locked"
    remedies: tuple[str, ...] = (f"ALTER USER {login.picked} ACCOUNT UNLOCK",)
    found = login.explanation
    if found is not None and not found.allowed and found.error == failure.number:
        remedies = found.remedies[:2]
        what = found.reason if f"{found.account} is a role" in found.reason else what
    return Explanation(what, login.picked_it, remedies)


def blocked(failure: Failure, context: Context) -> Explanation:
    """Explain 3955: too many failed logins in a row."""
    login = Login(failure, context)
    return Explanation(
        f"the account {login.picked} is locked for a time, after too many wrong passwords (FAILED_LOGIN_ATTEMPTS)",
        (failure.message.partition(". ")[2] or failure.message,),
        (f"ALTER USER {login.picked} ACCOUNT UNLOCK",),
    )


def expired(failure: Failure, context: Context) -> Explanation:
    """Explain 1862 and 1820: the password has expired."""
    login = Login(failure, context)
    refused = failure.number == 1862
    effect = "the server refuses the login" if refused else "the server runs nothing but a change of the password"
    account = login.picked if login.account else "of this connection"
    return Explanation(
        f"the password of the account {account} has expired, so {effect}",
        _why_refused(failure, login) if refused else login.picked_it,
        (f"ALTER USER {account} IDENTIFIED BY '...', with the password that the test sends",),
    )


def _why_refused(failure: Failure, login: Login) -> tuple[str, ...]:
    """Return why the server refuses a login that it could let in for a change of the password."""
    disconnects = variable(failure.server, "disconnect_on_expired_password")
    reason = f"disconnect_on_expired_password = {disconnects}" if disconnects else ""
    told = f"{reason}: a client that does not say that it can change the password is not let in"
    return (*((told,) if reason else ()), *login.picked_it)
