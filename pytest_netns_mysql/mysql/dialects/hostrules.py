"""How servers compare and sort the host part of accounts: see the manual, "Specifying Account Names".

Where the manual is silent, the rules are what the servers do; a property-based test compares them with real logins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Protocol

_PARTS = re.compile(r"\\(.)|(%)|(_)|([^\\%_]+|\\)", re.DOTALL)
_NUMBER = r"[ \t]*\+?([0-9]+)"
_IPV4 = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}\.{_NUMBER}")
_PREFIX_LENGTH = re.compile(r"[ \t]*([0-9]+)")
_ANY_TEXTS = re.compile(r"(?<!\\)%[%_]+(?=[^%_])")
_ANY_AT_LEAST_ONE = re.compile(r"(?<!\\)%[%_]*_[%_]*$")
_END_OF_NAME = re.compile(r"(?<!\\)[%_]+%$")
_ALL_BITS = 0xFFFFFFFF
_EVERY_HOST = ("", "%")  # the least specific first
_ADDRESS, _CIDR, _NETMASK = range(3)

AccountName = tuple[str, str]
"""The user name and the host of an account, as in the table of accounts."""

Rank = tuple[int, ...]
"""The sort key of a host pattern. The server tries the pattern with the smallest rank first."""


class HostRules(Protocol):
    """How one kind of server treats the host part of accounts.

    Attributes:
        takes_prefix_lengths: Whether a network may be written as ``192.0.2.0/24``.
    """

    takes_prefix_lengths: bool

    def matches(self, pattern: str, address: str, name: str | None) -> bool:
        """Return True if a host pattern matches a client.

        Args:
            pattern: The host part of an account.
            address: The client's address, '' for a client of the socket file.
            name: The client's host name, or None.
        """
        ...

    def rank(self, pattern: str) -> Rank:
        """Return the sort key of a host pattern."""
        ...

    def admits(self, pattern: str, address: str, name: str | None) -> bool:
        """Return True if a server lets a client go on to the login because of an account with this host.

        If no account's host admits the client, the server answers with error 1130 before it knows the user.
        """
        ...


@dataclass(frozen=True)
class Network:
    """An IPv4 network that an account's host stands for.

    Attributes:
        address: The address, as a number. If it has bits outside of ``mask``, it matches no client.
        mask: The netmask, as a number.
        form: How the network is written: as a single address, with a prefix length, or with a netmask.
    """

    address: int
    mask: int
    form: int

    def has(self, address: int) -> bool:
        """Return True if the network contains an address, as a number."""
        return address & self.mask == self.address


class MySQLHostRules:
    """The rules of MySQL since 8.0.23.

    An IPv4 address is compared as a number, a network by its netmask or prefix length. Addresses come first, then
    networks, the smallest first, then all other patterns by the length of what precedes the first wildcard.
    """

    takes_prefix_lengths = True

    def matches(self, pattern: str, address: str, name: str | None) -> bool:
        """Return True if a host pattern matches a client."""
        network, number = mysql_network(pattern), _ipv4(address)
        if network is not None and network.mask and number is not None:
            return network.has(number)
        # In addresses, the server skips every _ right behind a %, and does not ask for a character each.
        for_address = _ANY_AT_LEAST_ONE.sub("%_", _ANY_TEXTS.sub("%", pattern))
        # At the end of a name, only a single % behind a letter matches nothing.
        for_name = _END_OF_NAME.sub(lambda end: f"{end[0]}_", pattern)
        return _matches_text(for_name, "", name) or _matches_text(for_address, address, None)

    def admits(self, pattern: str, address: str, name: str | None) -> bool:
        """Return True if a server lets a client go on to the login because of an account with this host."""
        network = mysql_network(pattern)
        # The server overlooks 192.0.2.2/32 here, so that a client needs another account that admits it.
        is_network = network is not None and network.form != _ADDRESS and network.mask not in (0, _ALL_BITS)
        if is_network or _has_wildcard(pattern):
            return self.matches(pattern, address, name)
        return _is_literally(pattern, address, name)

    def rank(self, pattern: str) -> Rank:
        """Return the sort key of a host pattern."""
        network = mysql_network(pattern)
        if network is not None and network.address:
            return 0, network.form, -network.mask, -_prefix_rank(pattern)
        return 1, 0, 0, -_prefix_rank(pattern)


class EarlyMySQLHostRules:
    """The rules of MySQL before 8.0.23.

    A network is compared by its netmask, everything else as text. The order is by the length of what precedes the first
    wildcard.
    """

    takes_prefix_lengths = False

    def matches(self, pattern: str, address: str, name: str | None) -> bool:
        """Return True if a host pattern matches a client."""
        return _matches_netmask_or_text(pattern, address, name)

    def admits(self, pattern: str, address: str, name: str | None) -> bool:
        """Return True if a server lets a client go on to the login because of an account with this host."""
        return _admits_by_netmask_or_text(pattern, address, name)

    def rank(self, pattern: str) -> Rank:
        """Return the sort key of a host pattern."""
        return (-_prefix_rank(pattern),)


class MariaDBHostRules:
    """The rules of MariaDB.

    A network is compared by its netmask, everything else as text. The pattern that the fewest texts match comes first.
    """

    takes_prefix_lengths = False
    _longest = 60  # characters of a host name, as MariaDB counts how many texts a pattern matches

    def matches(self, pattern: str, address: str, name: str | None) -> bool:
        """Return True if a host pattern matches a client."""
        return _matches_netmask_or_text(pattern, address, name)

    def admits(self, pattern: str, address: str, name: str | None) -> bool:
        """Return True if a server lets a client go on to the login because of an account with this host."""
        return _admits_by_netmask_or_text(pattern, address, name)

    def rank(self, pattern: str) -> Rank:
        """Return the sort key of a host pattern."""
        fixed = any_letters = any_texts = prefix = 0
        parts = [found.lastindex for found in _PARTS.finditer(pattern)]
        for number, found in enumerate(_PARTS.finditer(pattern)):
            wildcards = any_letters + any_texts
            if found[2] is not None:
                any_texts += number == 0 or parts[number - 1] != parts[number]
            elif found[3] is not None:
                any_letters += 1
            else:
                fixed += 1 if found[1] is not None else len(found[4])
            if any_letters + any_texts and not wildcards:
                prefix = fixed
        any_letters, any_texts = min(any_letters, 31), min(any_texts, 31)
        free = self._longest - fixed - any_letters if any_texts else 0
        if free > any_letters:
            return free * 2 + 1, any_texts, any_letters, prefix
        return any_letters * 2, free, any_texts, prefix


def account_of(user: str, host: str, accounts: Iterable[AccountName], rules: HostRules) -> AccountName | None:
    """Return the account that a server picks for a client, or None if no account matches.

    Args:
        user: The user name that the client sends.
        host: The client's host as the server lists it: an address, a name, or ``localhost`` for the socket file.
        accounts: The accounts of the server.
        rules: How the server treats hosts.
    """
    matching = [each for each in accounts if each[0] in (user, "") and rules.matches(each[1], host, host)]
    return min(matching, key=lambda account: (rules.rank(account[1]), account[0] == ""), default=None)


def is_address(pattern: str) -> bool:
    """Return True if a host pattern is an address or a network, and not a host name."""
    return _ipv4(pattern.partition("/")[0]) is not None or ":" in pattern


def is_name(pattern: str) -> bool:
    """Return True for a host that names can match and addresses cannot."""
    return any(letter.isalpha() for letter in pattern) and ":" not in pattern


@cache
def mysql_network(pattern: str) -> Network | None:
    """Return the IPv4 network that a host stands for in MySQL, or None for any other pattern."""
    text, slash, mask_text = pattern.partition("/")
    address = _ipv4(text)
    if not slash and address is None and (start := _IPV4.match(text)):
        address = _ipv4(start[0])  # such as 192.0.2.1%: sorted as an address, compared as text
        return None if address is None else Network(address, 0, _ADDRESS)
    if address is None:
        return None
    if not slash:
        return Network(address, _ALL_BITS, _ADDRESS)
    mask = _ipv4(mask_text)
    if mask is not None:
        is_prefix = (mask ^ _ALL_BITS) & (mask ^ _ALL_BITS) + 1 == 0
        return Network(address, mask, _NETMASK) if is_prefix and mask else None
    length = _PREFIX_LENGTH.fullmatch(mask_text)
    if length is not None and int(length[1]) <= 32:
        return Network(address, _ALL_BITS << 32 - int(length[1]) & _ALL_BITS, _CIDR)
    return None


@cache
def _network_with_netmask(pattern: str) -> Network | None:
    text, slash, mask_text = pattern.partition("/")
    address, mask = _ipv4(text), _ipv4(mask_text)
    return Network(address, mask, _NETMASK) if slash and address is not None and mask else None


@cache
def _ipv4(text: str) -> int | None:
    """Return an IPv4 address as a number, or None; the server also takes 192.000.2.2."""
    found = _IPV4.fullmatch(text)
    numbers = [] if found is None else [int(part) for part in found.groups()]
    if not numbers or max(numbers) > 255:
        return None
    return int.from_bytes(bytes(numbers), "big")


def _matches_netmask_or_text(pattern: str, address: str, name: str | None) -> bool:
    network, number = _network_with_netmask(pattern), _ipv4(address)
    if network is not None and number is not None:
        return network.has(number)
    return _matches_text(pattern, address, name)


def _admits_by_netmask_or_text(pattern: str, address: str, name: str | None) -> bool:
    if _network_with_netmask(pattern) is not None or _has_wildcard(pattern):
        return _matches_netmask_or_text(pattern, address, name)
    return _is_literally(pattern, address, name)


def _matches_text(pattern: str, address: str, name: str | None) -> bool:
    if pattern == "":
        return True
    if name is not None and _expression(pattern.lower()).fullmatch(name.lower()):
        return True
    return bool(address) and _expression(pattern).fullmatch(address) is not None


def _has_wildcard(pattern: str) -> bool:
    return not pattern or "%" in pattern or "_" in pattern


def _is_literally(pattern: str, address: str, name: str | None) -> bool:
    return pattern == address or (name is not None and pattern.lower() == name.lower())


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(map(_as_expression, _PARTS.finditer(pattern))), re.DOTALL)


def _as_expression(part: re.Match[str]) -> str:
    escaped, any_text, any_letter, text = part.groups()
    if any_text:
        return ".*"
    return "." if any_letter else re.escape(escaped or text)


def _prefix_rank(pattern: str) -> int:
    """Return a larger number for a more specific pattern: the position of the first wildcard, up to a limit."""
    if pattern in _EVERY_HOST:
        return _EVERY_HOST.index(pattern)
    position = 2
    for found in _PARTS.finditer(pattern):
        if found[2] is not None or found[3] is not None:
            return min(position, 127)
        position += found.end() - found.start()
    return 128
