"""Proxy users: accounts that a plugin maps to others. See the manual, "Proxy Users"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.access.matching import as_seen

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.access.loginstate import ProxyGrant, ServerAccount
    from pytest_netns_mysql.mysql.access.refusals import Login

_SWITCHES = {
    "sha256_password": "sha256_password_proxy_users",
    "mysql_native_password": "mysql_native_password_proxy_users",
}
"""The plugins that map accounts by the grants of PROXY alone, each with the variable that allows it."""


def proxied_account(login: Login, account: ServerAccount) -> ServerAccount | None:
    """Return the account that a proxy user becomes, or None if the account keeps its own privileges."""
    state = login.state
    switches = [_SWITCHES[plugin] for plugin in account.plugins if plugin in _SWITCHES]
    if not state.is_on("check_proxy_users") or not any(map(state.is_on, switches)):
        return None
    for grant in sorted(state.proxies, key=lambda grant: _rank(grant, login)):
        proxied = state.account((grant.proxied_user, grant.proxied_host))
        if proxied is not None and _is_for(grant, login):
            return proxied
    return None


def _is_for(grant: ProxyGrant, login: Login) -> bool:
    address, name = as_seen(login.origin)
    matches = login.state.rules.matches
    is_user = grant.user in ("", login.user)
    return is_user and matches(grant.host, address, name) and matches(grant.proxied_host, address, name)


def _rank(grant: ProxyGrant, login: Login) -> tuple[object, ...]:
    rank = login.state.rules.rank
    return *rank(grant.host), grant.user == "", *rank(grant.proxied_host), grant.proxied_user == ""
