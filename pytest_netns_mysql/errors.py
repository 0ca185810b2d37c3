"""Say what went wrong, where, what was tried, and the cure: one class per situation."""

from __future__ import annotations

from collections.abc import Sequence


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

    def __str__(self) -> str:
        """Join the parts: one line for each place, attempt and way out."""
        lines = [self.what]
        if self.where is not None:
            lines.append(f"  where: {self.where}")
        lines += [f"  tried: {attempt}" for attempt in self.tried]
        lines += [f"  do: {remedy}" for remedy in self.remedies]
        return "\n".join(lines)


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
        """Join the parts, and below them the faults."""
        numbered = (f"{number}. {fault}".replace("\n", "\n  ") for number, fault in enumerate(self.faults, 1))
        return "\n".join([super().__str__(), *(f"  {one}" for one in numbered)])


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
