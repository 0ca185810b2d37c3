"""The accounts that could be meant by a login, in the server's order, each with the reason why it matches or not."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.access.explanation import Candidate, Origin
from pytest_netns_mysql.mysql.access.origins import LOCALHOST
from pytest_netns_mysql.mysql.access.remedies import meant_network
from pytest_netns_mysql.mysql.dialects.hostrules import is_address, is_name, mysql_network

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.access.loginstate import LoginState, ServerAccount

_LAST = 1 << 30
_EVERY_HOST = ("%", "")


def in_order(user: str, state: LoginState) -> list[ServerAccount]:
    """Return the accounts that a user name could mean, in the order in which the server tries them.

    See the manual, "Access Control, Stage 1: Connection Verification": by host, the most specific first, then by user,
    an anonymous account last. Accounts with the same rank stay in the order in which the server holds them.
    """
    rules = state.rules

    def rank(account: ServerAccount) -> tuple[object, ...]:
        position = _LAST if account.position is None else account.position
        return *rules.rank(account.host), account.user == "", position

    meant = [account for account in state.accounts if account.user in (user, "") and not _is_nameless_role(account)]
    return sorted(meant, key=rank)


def _is_nameless_role(account: ServerAccount) -> bool:
    """Return True for a role of MariaDB, which is no account: it has no host."""
    return account.is_role and not account.host


def is_admitted(origin: Origin, state: LoginState) -> bool:
    """Return True if some account's host admits the client, so that the server asks for the user."""
    address, name = as_seen(origin)
    accounts = [account for account in state.accounts if not _is_nameless_role(account)]
    return any(state.rules.admits(account.host, address, name) for account in accounts)


def as_seen(origin: Origin) -> tuple[str, str | None]:
    """Return address and name as the server compares them: a client of the socket file has no address."""
    return ("", LOCALHOST) if origin.address == LOCALHOST else (origin.address, origin.name)


def matches(account: ServerAccount, origin: Origin, state: LoginState) -> bool:
    """Return True if the host of an account matches an origin, and the server has loaded the account."""
    return account.position is not None and state.rules.matches(account.host, *as_seen(origin))


def candidates(user: str, origin: Origin, state: LoginState) -> tuple[Candidate, ...]:
    """Return each account that could be meant, in the server's order; last those whose user name differs in case."""
    found = []
    is_picked = False
    for account in in_order(user, state):
        is_match = matches(account, origin, state)
        reason = _why(account, origin, state) if is_match else _why_not(account, origin, state)
        if is_match and is_picked:
            reason += ", but an account before it matches, too"
        is_picked = is_picked or is_match
        found.append(_candidate(account, is_match, reason))
    found += (
        _candidate(account, False, f"user names are case-sensitive: {account.user} is not {user}")
        for account in state.accounts
        if account.user != user and account.user.lower() == user.lower() and account.user
    )
    return tuple(found)


def _candidate(account: ServerAccount, is_match: bool, reason: str) -> Candidate:
    anonymous = "" if account.user else "an anonymous account: "
    return Candidate(str(account), account.user, account.host, is_match, anonymous + reason)


def _why(account: ServerAccount, origin: Origin, state: LoginState) -> str:
    host = account.host
    address, name = as_seen(origin)
    if host in _EVERY_HOST:
        return f"{host or 'an empty host'} matches every host"
    if "/" in host and is_address(host):
        return f"{address} is in {host}"
    if host == address:
        return f"{host} is the client's address"
    if name is not None and host.lower() == name.lower():
        return "the client uses the socket file" if not address else f"{host} is the name of {address}"
    if address and state.rules.matches(host, address, None):
        return f"{host} matches {address}"
    return f"{host} matches {name}, the name of {address or 'the client'}"


def _why_not(account: ServerAccount, origin: Origin, state: LoginState) -> str:
    address, name = as_seen(origin)
    if state.rules.matches(account.host, address, name):
        return "the server has not loaded the account: it was written into the table without FLUSH PRIVILEGES"
    return next(_why_no_match(account.host, address, name, state))


def _why_no_match(host: str, address: str, name: str | None, state: LoginState) -> Iterator[str]:
    if "/" in host and is_address(host):
        yield from _why_not_in_network(host, address, state)
        yield f"{address or 'the socket file'} is not in {host}"
    if not address:
        yield f"{host} does not match localhost, the host of clients of the socket file"
    if is_address(host):
        yield f"{host} is another address than {address}"
    if name is None and is_name(host):
        if host == LOCALHOST and ip_address(address).is_loopback:
            yield f"localhost is the socket file: with skip_name_resolve the server sees {address}"
        if not state.resolves_names:
            yield f"{host} is a name, and the server does not look up names: skip_name_resolve is on"
        yield f"{address} has no name that the server finds"
    yield f"{host} does not match {address}" + (f" or {name}" if name is not None else "")


def _why_not_in_network(host: str, address: str, state: LoginState) -> Iterator[str]:
    """Yield the mistake in a network that matches no client, or none of the client's family."""
    text, _, mask = host.partition("/")
    if ":" in text:
        yield "networks of IPv6 addresses do not exist for the server: it compares them as text"
    network = mysql_network(host)
    if network is None:
        yield f"{host} is no network: the server compares it as text"
        return
    if not network.mask:
        yield f"{host} matches no client: every host is %"
    meant = meant_network(host, state)
    if mask.strip().isdigit() and not state.rules.takes_prefix_lengths:
        yield f"this server takes a netmask only: {meant}"
    if meant is not None:
        yield f"{host} matches no client: it has bits outside of its mask, write {meant}"
    if ":" in address:
        yield f"{address} is no IPv4 address"
