"""The errors: what went wrong, where, what was tried, and what to do. Each situation has a class of its own."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Sequence
from typing import TypeVar

# In characters. A message stays readable, and below 10,000 characters, whatever it quotes.
_LONGEST_WHAT = 1_500
_LONGEST_WHERE = 2_500
_LONGEST_TRIED = 4_000
_LONGEST_REMEDIES = 1_200
_LONGEST_FAULT = 2_000
_LONGEST_FAULTS = 6_500
_LONGEST_VALUE = 300
_MOST_FAULTS = 20


def in_short(value: object) -> str:
    """Return the ``repr`` of a value for a message about it, shortened if it is long."""
    import reprlib

    short = reprlib.Repr()
    short.maxlevel, short.maxstring, short.maxother, short.maxlong = 3, 200, 200, 40
    short.maxlist = short.maxtuple = short.maxset = short.maxfrozenset = short.maxdict = 6
    try:
        return _cut(short.repr(value), _LONGEST_VALUE)
    except Exception:  # noqa: BLE001 - any class may have a __repr__ that fails, and a long int has none
        return f"a value of the type {type(value).__name__}"


def printable(text: str) -> str:
    """Return the text with escapes for what is not printable, such as control and bidirectional characters."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _cut(text: str, longest: int) -> str:
    """Return a text, without its middle if it is longer than ``longest`` characters."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]} … {text[-half:]} ({len(text):,} characters)"


def _safe(part: str, longest: int = _LONGEST_WHAT) -> str:
    short = _cut(part, longest)
    safe = printable(short)
    return short if safe == short else _cut(safe, longest)  # escapes are longer than what they stand for


def _within(texts: Sequence[str], longest: int) -> list[str]:
    """Return as many of the first texts as fit into ``longest`` characters; at least the first."""
    lengths = itertools.accumulate(map(len, texts))
    return [
        text
        for number, (text, length) in enumerate(zip(texts, lengths, strict=True))
        if not number or length <= longest
    ]


def _lines(start: str, parts: Sequence[str], longest: int) -> list[str]:
    """Return a line for each part that fits, and a last line with the number of the others."""
    kept = _within([_safe(part, min(longest, _LONGEST_WHAT)) for part in parts], longest)
    more = len(parts) - len(kept)
    return [f"  {start}: {part}" for part in kept] + ([f"  {start}: and {more:,} more"] if more else [])


_Error = TypeVar("_Error", bound="NetnsError")


class NetnsError(Exception):
    """The base of all errors of this plugin. The message says what to do.

    Attributes:
        what: What went wrong, in one sentence.
        where: A file and key, a marker and test, or a setting; None if there is no such place.
        tried: What was looked at, in order.
        remedies: What to do, the best remedy first.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        tried: Sequence[str] = (),
        remedies: Sequence[str] = (),
    ) -> None:
        """Create an error from the parts of its message."""
        super().__init__(what)
        self.what = what
        self.where = where
        self.tried: tuple[str, ...] = tuple(tried)
        self.remedies: tuple[str, ...] = tuple(remedies)

    def _at(self: _Error, where: str | None) -> _Error:
        """Return the same error at another place."""
        error = copy.copy(self)
        error.where = where
        return error

    def _with_tried(self: _Error, *tried: str) -> _Error:
        """Return the same error with more lines of what was tried."""
        error = copy.copy(self)
        error.tried = (*self.tried, *tried)
        return error

    def __str__(self) -> str:
        """Return the message: a line for each part; long parts are shortened."""
        where = [] if self.where is None else [f"  where: {_safe(self.where, _LONGEST_WHERE)}"]
        tried = _lines("tried", self.tried, _LONGEST_TRIED)
        remedies = _lines("do", self.remedies, _LONGEST_REMEDIES)
        return "\n".join([_safe(self.what), *where, *tried, *remedies])


class NetnsWarning(UserWarning):
    """Something may not do what its author expects, although no test fails because of it."""


class NetnsDeprecationWarning(NetnsWarning, DeprecationWarning):
    """A name of this plugin has changed, and the old name will stop working; see docs/reference/compatibility.md."""


class SettingError(NetnsError):
    """A setting or an argument has a value that is not allowed."""


class EndpointError(NetnsError):
    """An ``addr/ns`` value breaks a rule of the manual, or the topology has no such address."""


class TopologyError(NetnsError):
    """A topology is not found, cannot be read, or describes an impossible network.

    Attributes:
        faults: Each fault as an error of its own if there are several, else empty.
    """

    faults: tuple[NetnsError, ...] = ()

    @classmethod
    def _of_several(cls, faults: Sequence[NetnsError], *, where: str) -> TopologyError:
        """Return an error that lists several faults, each with its place and its remedy.

        Args:
            faults: The faults.
            where: The file or preset of the topology.
        """
        error = cls(f"the topology has {len(faults)} faults", where=where)
        error.faults = tuple(faults)
        return error

    def __str__(self) -> str:
        """Return the message, followed by the first faults."""
        first = [f"{number}. {fault}" for number, fault in enumerate(self.faults[:_MOST_FAULTS], 1)]
        kept = _within([_cut(fault, _LONGEST_FAULT).replace("\n", "\n  ") for fault in first], _LONGEST_FAULTS)
        more = len(self.faults) - len(kept)
        return "\n".join(
            [super().__str__(), *(f"  {fault}" for fault in kept), *([f"  and {more:,} more"] if more else [])]
        )


class UnknownNamespaceError(NetnsError, KeyError):
    """The topology, or a group, has no namespace of this name."""


class MarkerError(NetnsError):
    """A marker of this plugin has wrong arguments."""


class HookError(NetnsError):
    """A hook of the project failed, returned something that is not allowed, or is read too late."""


class SandboxError(NetnsError):
    """No sandbox can be created on this machine, or the sandbox was lost."""


class ThreadsError(SandboxError):
    """The process already has threads, so it cannot enter a user namespace."""


class OneWayError(SandboxError):
    """A thread would leave a network namespace without being able to come back."""


class BlockError(NetnsError):
    """A ``with netns[...]`` block ended out of order or in another thread, or was held across an ``await``."""


class OriginError(NetnsError):
    """A connection would be made from another namespace than the one that the calling code is in."""


class NetworkError(NetnsError):
    """The kernel refused to set up a part of the topology."""


class ServerNotFoundError(NetnsError):
    """No usable mysqld was found."""


class ServerVersionError(ServerNotFoundError):
    """A server was found, but it does not support network namespaces."""


class ContainerError(ServerNotFoundError):
    """No container engine answers, or the engine lacks what a server in a container needs."""


class FetchError(NetnsError):
    """A mysqld could not be fetched from the machine's package sources."""


class CacheError(NetnsError):
    """A data directory could not be stored in the cache, or copied from it."""


class ServerStartError(NetnsError):
    """A mysqld did not start.

    Attributes:
        command: The command line.
        log: What mysqld logged since it was started.
        codes: The error codes in the log, such as ``MY-010262``, in order and without repeats.
        messages: The text that follows each code, one for each line of the log.
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
        """Create an error from the parts of its message, the command line and the log."""
        super().__init__(what, where=where, tried=tried, remedies=remedies)
        self.command: tuple[str, ...] = tuple(command)
        self.log = log
        self.codes: tuple[str, ...] = tuple(codes)
        self.messages: tuple[str, ...] = tuple(messages)


class ServerGoneError(NetnsError):
    """A mysqld has stopped unexpectedly."""


class ClientError(NetnsError):
    """A connection cannot be made as requested."""


class ReplicationError(NetnsError):
    """A replica did not reach the state that was waited for, or cannot replicate from its source."""


class ProxyError(NetnsError):
    """A proxy did not start, or cannot be started as requested."""


class GroupError(NetnsError):
    """A replication group did not form, or cannot be formed as requested."""


class CertificateError(NetnsError):
    """A certificate cannot be created."""


class LoadError(NetnsError):
    """Initial data could not be loaded: a file or function is missing, or failed."""


class SnapshotError(NetnsError):
    """A snapshot cannot be taken or restored."""


class LeftoverError(NetnsError):
    """A test left changes on a server that other tests use."""
