"""The account that a server picks for a client; see the manual, "Access Control, Stage 1: Connection Verification"."""

from __future__ import annotations

import re
from collections.abc import Iterable

AccountName = tuple[str, str]
"""A user name and a host pattern, as in the table mysql.user."""

_EVERY_HOST = ("", "%")
_LITERAL, _CIDR, _NETMASK, _WILDCARD, _ANY, _EMPTY = range(6)
_PARTS = re.compile(r"\\(.)|(%)|(_)|([^\\%_]+|\\)", re.DOTALL)


def account_of(user: str, host: str, accounts: Iterable[AccountName]) -> AccountName | None:
    """Return the account that the server picks for a client, or None if no account matches.

    Args:
        user: The user name that the client sends.
        host: The client's host as the server sees it: an address, a name, or ``localhost`` for a socket file.
        accounts: The accounts of the server.
    """
    matching = [account for account in accounts if account[0] in (user, "") and matches(account[1], host)]
    return min(matching, key=lambda account: (_rank(account[1]), account[0] == ""), default=None)


def matches(pattern: str, host: str) -> bool:
    """Return True if a host pattern of an account matches a client's host."""
    if pattern in _EVERY_HOST:
        return True
    if "/" in pattern:
        return _is_in_network(pattern, host)
    expression = "".join(map(_as_expression, _PARTS.finditer(pattern)))
    return re.fullmatch(expression, host, re.IGNORECASE | re.DOTALL) is not None


def _as_expression(part: re.Match[str]) -> str:
    escaped, any_text, any_letter, text = part.groups()
    if any_text:
        return ".*"
    return "." if any_letter else re.escape(escaped or text)


def _is_in_network(pattern: str, host: str) -> bool:
    import ipaddress

    try:
        # A pattern with host bits set matches no client: the server compares the masked address with all its bits.
        # ip_network() raises ValueError for such a pattern.
        return ipaddress.ip_address(host) in ipaddress.ip_network(pattern)
    except ValueError:
        return False


def _rank(pattern: str) -> tuple[int, int]:
    """Return the sort key of a host pattern: the server tries the most specific pattern first."""
    if pattern in _EVERY_HOST:
        return (_ANY if pattern else _EMPTY), 0
    address, slash, mask = pattern.partition("/")
    if slash:
        is_cidr = mask.isdigit()
        return (_CIDR if is_cidr else _NETMASK), -(int(mask) if is_cidr else len(mask.split(".0")[0]))
    wildcard = re.search(r"(?<!\\)[%_]", address)
    return (_LITERAL, 0) if wildcard is None else (_WILDCARD, -wildcard.start())
