"""What would let a login in for which no account matches."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, ip_address
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.access.origins import LOCALHOST
from pytest_netns_mysql.mysql.dialects.hostrules import is_name, mysql_network
from pytest_netns_mysql.mysql.dialects.quoting import literal

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.access.explanation import Origin
    from pytest_netns_mysql.mysql.access.loginstate import LoginState, ServerAccount


def ways_in(user: str, origin: Origin, state: LoginState) -> tuple[str, ...]:
    """Return the remedies for a login that no account of a user matches, the best first.

    Args:
        user: The user name.
        origin: Where the login comes from.
        state: The state of the server.
    """
    found = [way for account in state.accounts if account.user == user for way in _by(account, origin, state)]
    host = origin.address or origin.name or "%"
    create = f"CREATE USER {literal(user)}@{literal(host)}, or one with a pattern that matches"
    return *dict.fromkeys(found), create


def _by(account: ServerAccount, origin: Origin, state: LoginState) -> Iterator[str]:
    """Yield what would let the login in by an account that was perhaps meant."""
    meant = meant_network(account.host, state)
    if meant is not None and state.rules.matches(meant, origin.address, None):
        yield f"RENAME USER {account} TO {literal(account.user)}@{literal(meant)}"
    if origin.address == LOCALHOST or state.resolves_names or not is_name(account.host):
        return
    if account.host.lower() != LOCALHOST:
        yield f"start the server with skip_name_resolve = OFF, if {account} is meant"
    elif origin.address and ip_address(origin.address).is_loopback:
        yield f"connect by the socket file, if {account} is meant"


def meant_network(host: str, state: LoginState) -> str | None:
    """Return how a network is to be written that the server does not understand as it is meant; None for others."""
    network = mysql_network(host)
    text, slash, mask = host.partition("/")
    if network is None or not slash or not network.mask:
        return None
    start = ip_address(network.address & network.mask)
    if mask.strip().isdigit() and not state.rules.takes_prefix_lengths:
        return IPv4Network((network.address, int(mask)), strict=False).with_netmask
    return None if text == str(start) else f"{start}/{mask}"
