"""Which account a client is logged in as, by the rules of the server; see the manual, "Access Control, Stage 1"."""

from __future__ import annotations

import re
from collections.abc import Iterable

AccountName = tuple[str, str]
"""A user and a host pattern, as in the table mysql.user."""

_EVERY_HOST = ("", "%")
_LITERAL, _CIDR, _NETMASK, _WILDCARD, _ANY, _EMPTY = range(6)
_PARTS = re.compile(r"\\(.)|(%)|(_)|([^\\%_]+|\\)", re.DOTALL)


def account_of(user: str, host: str, accounts: Iterable[AccountName]) -> AccountName | None:
    """Return the account that the server picks for a client, or None where no account matches.

    Args:
        user: The name that the client gave.
        host: Where the server sees the client: an address, a name, or ``localhost`` for a socket file.
        accounts: The accounts of the server.
    """
    matching = [one for one in accounts if one[0] in (user, "") and matches(one[1], host)]
    return min(matching, key=lambda one: (_rank(one[1]), one[0] == ""), default=None)


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
        # With bits of a host in it, no client is ever in it: the server compares the address with the whole of it.
        return ipaddress.ip_address(host) in ipaddress.ip_network(pattern)
    except ValueError:
        return False


def _rank(pattern: str) -> tuple[int, int]:
    """Return what sorts host patterns as the server does, the most specific first."""
    if pattern in _EVERY_HOST:
        return (_ANY if pattern else _EMPTY), 0
    address, slash, mask = pattern.partition("/")
    if slash:
        is_cidr = mask.isdigit()
        return (_CIDR if is_cidr else _NETMASK), -(int(mask) if is_cidr else len(mask.split(".0")[0]))
    wildcard = re.search(r"(?<!\\)[%_]", address)
    return (_LITERAL, 0) if wildcard is None else (_WILDCARD, -wildcard.start())
