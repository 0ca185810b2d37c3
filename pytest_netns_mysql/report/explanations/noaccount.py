"""A login for which the server picked no account, or an anonymous one: 1045, 1130."""

from __future__ import annotations

import re
from dataclasses import replace

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.mysql.dialects.quoting import literal
from pytest_netns_mysql.report.explanations.calls import call_of
from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.drivererror import Failure
from pytest_netns_mysql.report.explanations.loginaccounts import quoted
from pytest_netns_mysql.report.explanations.loginfacts import Login
from pytest_netns_mysql.report.reportdata import Explanation

_MOST = 4
_MOST_REASONS = 3
_LONGEST = 80
_ASKED = re.compile(r"\w+_password\b")
_CREATE = "CREATE USER"


def host_not_allowed(failure: Failure, context: Context) -> Explanation:
    """Explain 1130: no account of any user has a host that matches the client's."""
    return no_account(Login(failure, context))


def without_account(failure: Failure, context: Context) -> Explanation | None:
    """Explain a login for which there is no account, whatever its error; None if there is an account.

    MySQL does not tell that an account is missing: it asks the client for the password of a plugin that it chooses.
    """
    login = Login(failure, context)
    if login.explanation is None or login.account is not None:
        return None
    found = no_account(login)
    plugin = _ASKED.search(failure.message)
    asked = f"the plugin {plugin[0]}" if plugin else "a plugin of its choice"
    hides = f"MySQL hides that by asking for a password of {asked}, hence the client's {_short(failure.message)}"
    return replace(found, details=(*found.details[:2], hides))


def _short(message: str) -> str:
    return f'"{message if len(message) <= _LONGEST else message[:_LONGEST] + "..."}"'


def no_account(login: Login) -> Explanation:
    """Explain a login for which the server picked no account."""
    user = login.user or "this user"
    what = f"{user} has no account that matches {login.origin}"
    if not login.of_user:
        what = f"there is no account for the user {user}, from {login.origin} or elsewhere"
    details = [f"{each.account}: {each.reason}" for each in login.of_user[:_MOST_REASONS]]
    if len(login.of_user) > _MOST_REASONS:
        details = [f"the accounts of {user}: {', '.join(each.account for each in login.of_user[:_MOST])}"]
    reason = "" if login.explanation is None else login.explanation.reason
    ways = [] if login.explanation is None else list(login.explanation.remedies)
    if ways and not ways[-1].startswith(_CREATE):  # a login that a new account does not let in, such as one of a role
        return Explanation(reason, tuple(details), tuple(ways[:2]))
    _, _, more = reason.partition(f"there is no user {literal(login.user)}: ")
    others = [way for way in ways if not way.startswith(_CREATE)]
    remedies = [*others, *_ways_in(login, user)]
    also = [way if way.startswith("or ") else f"or {way}" for way in remedies[1:2]]
    return Explanation(what, (*((more,) if more else ()), *details)[:_MOST_REASONS], (remedies[0], *also))


def _ways_in(login: Login, user: str) -> list[str]:
    """Return how a test makes an account that matches, and from which namespace an account lets it in."""
    host = login.address or "the client's address"
    ways = [f'netns_account("{user}", host="{host}"), or CREATE USER {quoted((user, host))}']
    if places := _namespaces(login):
        call = call_of(login.failure)
        account = f"account={user}" if "." not in call and user.isidentifier() else f'user="{user}", ...'
        ways.append(f'or connect from a host that an account has: {call}("{places[0]}", {account})')
    return ways


def _namespaces(login: Login) -> list[str]:
    """Return the namespaces with an address that an account of the user matches."""
    network = login.context.network
    if network is None or login.server is None:
        return []
    rules = login.server._dialect.host_rules
    return [
        name
        for name, namespace in sorted(network.items(), key=lambda item: item[0] == GLOBAL)
        for interface in namespace.addresses
        if not interface.is_loopback
        and any(rules.matches(each.host, str(interface.ip), None) for each in login.of_user)
    ]


def anonymous(login: Login) -> Explanation:
    """Explain a login for which the server picked an account without a user name."""
    others = ", ".join(login.later)
    return Explanation(
        f"the server picked the anonymous account {login.picked} for {login.who}",
        (f"{others} matches too, but a more specific host goes first",) if others else (),
        (
            f"DROP USER {login.picked}",
            f"or CREATE USER {quoted((login.user, login.address))}, whose host is as specific",
        ),
    )
