"""Say what went wrong, where, what was tried, and the cure: one class per situation."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Sequence
from typing import TypeVar

# Characters: a message stays readable, and below 10,000 of them, whatever it quotes.
_LONGEST_WHAT = 1_500
_LONGEST_WHERE = 2_500
_LONGEST_TRIED = 4_000
_LONGEST_REMEDIES = 1_200
_LONGEST_FAULT = 2_000
_LONGEST_FAULTS = 6_500
_LONGEST_VALUE = 300
_MOST_FAULTS = 20


def in_short(value: object) -> str:
    """Return the ``repr`` of a value that somebody gave, cut where it is long: for messages about the value."""
    import reprlib

    short = reprlib.Repr()
    short.maxlevel, short.maxstring, short.maxother, short.maxlong = 3, 200, 200, 40
    short.maxlist = short.maxtuple = short.maxset = short.maxfrozenset = short.maxdict = 6
    try:
        return _cut(short.repr(value), _LONGEST_VALUE)
    except Exception:  # noqa: BLE001 - a repr of somebody else's, or one of too many digits
        return f"a value of the type {type(value).__name__}"


def printable(text: str) -> str:
    """Return text for one line of a terminal: control characters and those that turn its direction are escaped."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _cut(text: str, longest: int) -> str:
    """Return a text without its middle where it is long."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]} … {text[-half:]} ({len(text):,} characters)"


def _shown(part: str, longest: int = _LONGEST_WHAT) -> str:
    short = _cut(part, longest)
    safe = printable(short)
    return short if safe == short else _cut(safe, longest)


def _within(texts: Sequence[str], longest: int) -> list[str]:
    """Return the texts from the first on that have room together, one in any case."""
    lengths = itertools.accumulate(map(len, texts))
    return [
        text
        for number, (text, length) in enumerate(zip(texts, lengths, strict=True))
        if not number or length <= longest
    ]


def _lines(start: str, parts: Sequence[str], longest: int) -> list[str]:
    """Return a line for each part, and how many more there are than have room."""
    kept = _within([_shown(part, min(longest, _LONGEST_WHAT)) for part in parts], longest)
    more = len(parts) - len(kept)
    return [f"  {start}: {part}" for part in kept] + ([f"  {start}: and {more:,} more"] if more else [])


_Error = TypeVar("_Error", bound="NetnsError")


class NetnsError(Exception):
    """Describe a failure of this plugin so that its reader can act on it.

    Shape: ``what`` is one sentence; ``where`` names a file and key, a marker and
    test, or a setting; ``tried`` lists what was looked at, in order; ``remedies``
    lists the ways out, the best first.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        tried: Sequence[str] = (),
        remedies: Sequence[str] = (),
    ) -> None:
        """Keep the parts of the message."""
        super().__init__(what)
        self.what = what
        self.where = where
        self.tried = tuple(tried)
        self.remedies = tuple(remedies)

    def at(self: _Error, where: str | None) -> _Error:
        """Return the same error at another place."""
        error = copy.copy(self)
        error.where = where
        return error

    def __str__(self) -> str:
        """Join the parts: one line for each place, attempt and way out; what is long is cut."""
        where = [] if self.where is None else [f"  where: {_shown(self.where, _LONGEST_WHERE)}"]
        tried = _lines("tried", self.tried, _LONGEST_TRIED)
        remedies = _lines("do", self.remedies, _LONGEST_REMEDIES)
        return "\n".join([_shown(self.what), *where, *tried, *remedies])


class NetnsWarning(UserWarning):
    """Something does not do what its author may expect, and no test fails of it."""


class SettingError(NetnsError):
    """A setting has a value that it does not take."""


class EndpointError(NetnsError):
    """An ``addr/ns`` value breaks a rule of the manual, or stands nowhere in the topology."""


class TopologyError(NetnsError):
    """A topology is not found, cannot be read, or describes a network that cannot be.

    Shape: ``faults`` has each fault by itself, where there are several.
    """

    faults: tuple[NetnsError, ...] = ()

    @classmethod
    def of_several(cls, faults: Sequence[NetnsError], *, where: str) -> TopologyError:
        """Return one error that lists several faults, numbered, with the place and the cure of each."""
        error = cls(f"the topology has {len(faults)} faults", where=where)
        error.faults = tuple(faults)
        return error

    def __str__(self) -> str:
        """Join the parts, and below them the first faults."""
        first = [f"{number}. {fault}" for number, fault in enumerate(self.faults[:_MOST_FAULTS], 1)]
        kept = _within([_cut(fault, _LONGEST_FAULT).replace("\n", "\n  ") for fault in first], _LONGEST_FAULTS)
        more = len(self.faults) - len(kept)
        return "\n".join(
            [super().__str__(), *(f"  {one}" for one in kept), *([f"  and {more:,} more"] if more else [])]
        )


class UnknownNamespaceError(NetnsError, KeyError):
    """A namespace is asked for that the topology, or a group, does not have."""


class MarkerError(NetnsError):
    """A ``netns`` marker has arguments that it does not take."""


class SandboxError(NetnsError):
    """No sandbox can be made on this machine, or it was lost."""


class ThreadsError(SandboxError):
    """A user namespace cannot be entered because this process has threads already."""


class OneWayError(SandboxError):
    """A thread would leave a network namespace that it cannot come back to."""


class BlockError(NetnsError):
    """A ``with netns[...]`` block was left out of order or by another thread, or was held across an ``await``."""


class OriginError(NetnsError):
    """A thread or a process would connect from another namespace than the code that it works for stands in."""


class NetworkError(NetnsError):
    """The kernel refused a part of the topology."""


class ServerNotFoundError(NetnsError):
    """No usable mysqld was found."""


class ServerVersionError(ServerNotFoundError):
    """A server was found, but it has no network namespace support."""


class ContainerError(ServerNotFoundError):
    """No container engine answers, or it does not do what a server in a container needs."""


class FetchError(NetnsError):
    """A mysqld could not be brought from the machine's package sources."""


class CacheError(NetnsError):
    """A data directory could not be kept in the cache, or copied from it."""


class ServerStartError(NetnsError):
    """A mysqld did not come up.

    Shape: ``command`` is its command line, ``log`` what it logged since it was started, ``codes`` the error codes
    in that (``MY-010262``), in order and without repeats, ``messages`` the text behind each code, one for each line.
    """

    def __init__(
        self,
        what: str,
        *,
        command: Sequence[str] = (),
        log: str = "",
        codes: Sequence[str] = (),
        messages: Sequence[str] = (),
        where: str | None = None,
        tried: Sequence[str] = (),
        remedies: Sequence[str] = (),
    ) -> None:
        """Keep the command line and the log beside the message."""
        super().__init__(what, where=where, tried=tried, remedies=remedies)
        self.command = tuple(command)
        self.log = log
        self.codes = tuple(codes)
        self.messages = tuple(messages)


class ServerGoneError(NetnsError):
    """A mysqld that was running is not running any more."""


class ClientError(NetnsError):
    """A connection was asked for that cannot be made."""


class ReplicationError(NetnsError):
    """A replica did not do what was waited for, or cannot be one of its source."""


class ProxyError(NetnsError):
    """A proxy did not come up, or cannot be started."""


class GroupError(NetnsError):
    """A replication group did not come together, or cannot be."""


class CertificateError(NetnsError):
    """A certificate cannot be made."""


class LoadError(NetnsError):
    """Something could not be loaded into a server or a schema: it is not there, or it failed."""


class SnapshotError(NetnsError):
    """A snapshot cannot be taken, or a server cannot go back to it."""


class LeftoverError(NetnsError):
    """A test left something on a server that other tests use."""
