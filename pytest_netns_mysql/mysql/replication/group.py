"""A replication group and its members."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import mysql.connector

from pytest_netns_mysql import clock
from pytest_netns_mysql.errors import GroupError, NetnsError, UnknownNamespaceError
from pytest_netns_mysql.mysql.mysqld.errorlog import ErrorLog
from pytest_netns_mysql.mysql.replication import joining
from pytest_netns_mysql.mysql.server import MySQLServer
from pytest_netns_mysql.mysql.waiting import wait_until

TIMEOUT = 30.0  # seconds

View = dict[str, tuple[str, str]]
"""State and role of each member, by namespace, such as ("ONLINE", "PRIMARY")."""


class Member(MySQLServer):
    """A server of a group.

    Attributes:
        group: The group.
    """

    group: Group

    @property
    def _dataset(self) -> object:
        """The group, whose members hold the same data."""
        return self.group

    @property
    def writable(self) -> MySQLServer:
        """This member if it takes writes or the group has no primary, else the primary."""
        primaries = self.group.primaries
        return self if self in primaries or not primaries else primaries[0]

    def _describe(self) -> str:
        """Return a description of the server, and of the group as this member sees it, for reports."""
        view = (f"{name} {' '.join(state)}" for name, state in self.group.seen_by(self).items())
        return f"{super()._describe()}, it sees {', '.join(view) or 'nothing'}"

    def promote(self, timeout: float = TIMEOUT) -> float:
        """Make this member the group's primary, by group_replication_set_as_primary().

        A member that takes writes already stays as it is. See the manual, "Changing the Primary".

        Args:
            timeout: How long to wait for the group to see this member as its primary, in seconds.

        Returns:
            The time that it took, in seconds.

        Raises:
            GroupError: The member is not in the group, the group refuses, or the time is over.
        """
        began = clock.monotonic()
        if self not in self.group.primaries:
            try:
                self.execute("SELECT group_replication_set_as_primary(@@server_uuid)")
            except mysql.connector.Error as error:
                raise self.group._error(f"{self.name} cannot be made the primary: {error.msg}", self) from error
            wait_until(
                lambda: self in self.group.primaries,
                timeout=timeout,
                error=lambda: self.group._error(f"{self.name} is not the primary after {timeout:g} seconds", self),
            )
        return clock.monotonic() - began

    def catch_up(self) -> None:
        """Wait until this member has applied all that each primary has now; raise GroupError after 30 seconds."""
        for primary in self.group.primaries:
            if primary is self:
                continue
            ((wanted,),) = primary.execute("SELECT @@GLOBAL.gtid_executed")
            if self.execute("SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s)", wanted, TIMEOUT) != [(0,)]:
                raise self.group._error(f"{self.name} did not catch up with {primary.name} within {TIMEOUT:g} seconds")


class Group(Mapping[str, Member]):
    """A replication group: its members, by the namespace that each listens in.

    ``group["red"]`` raises UnknownNamespaceError for a namespace without a member. See the manual, "Group Replication"
    and "Network Namespace Support".

    Attributes:
        name: The name of the group's fixture.
    """

    def __init__(self, name: str, members: Mapping[str, Member]) -> None:
        """Collect the members; ``_start`` starts them and joins them to a group.

        Args:
            name: The name of the group's fixture.
            members: The members, by the namespace that each listens in.
        """
        self.name = name
        self._members = dict(members)
        for member in members.values():
            member.group = self

    def __getitem__(self, name: str) -> Member:
        try:
            return self._members[name]
        except KeyError:
            raise UnknownNamespaceError(
                f"group {self.name} has no member in namespace {name!r}",
                remedies=[f"use one of {', '.join(self._members)}"],
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    # Mapping compares by content and has no hash. A group is equal to itself only.
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    @property
    def members(self) -> tuple[Member, ...]:
        """The members, in any state."""
        return tuple(self._members.values())

    @property
    def primary(self) -> Member:
        """The member that takes writes, the first such member in multi-primary mode; raises GroupError without one."""
        for member in self.primaries:
            return member
        raise self._error(f"{self.name} has no primary")

    @property
    def primaries(self) -> tuple[Member, ...]:
        """The members that take writes: one member, or all ONLINE members in multi-primary mode."""
        return tuple(self[name] for name, state in self.status.items() if state == ("ONLINE", "PRIMARY"))

    @property
    def secondaries(self) -> tuple[Member, ...]:
        """The members that are ONLINE and take no writes."""
        return tuple(self[name] for name, state in self.status.items() if state == ("ONLINE", "SECONDARY"))

    @property
    def status(self) -> View:
        """State and role of each member, such as ("ONLINE", "PRIMARY"), as the largest part of the group sees them."""
        views = [self.seen_by(member) for member in self.members]
        return max(views, key=lambda view: sum(state == "ONLINE" for state, _ in view.values()))

    def seen_by(self, member: Member | str) -> View:
        """Return state and role of each member as one member sees them, from replication_group_members.

        Members that are missing from that table are left out. The result is empty if the member is not running.

        Args:
            member: The member to ask, or its namespace.
        """
        server = self[member] if isinstance(member, str) else member
        names = {(each.endpoints[0].address, each.endpoints[0].port): name for name, each in self.items()}
        try:
            rows = server.execute(
                "SELECT MEMBER_HOST, MEMBER_PORT, MEMBER_STATE, MEMBER_ROLE "
                "FROM performance_schema.replication_group_members"
            )
        except (NetnsError, mysql.connector.Error):
            return {}
        seen = {names[host, port]: (state, role) for host, port, state, role in rows if (host, port) in names}
        return {name: seen[name] for name in self if name in seen}

    def _start(self) -> None:
        """Start all members at once, join one after another, and wait until all are ONLINE; raise GroupError."""
        for member in self.members:
            member._launch()
        for member in self.members:
            member._wait_until_up()
        addresses = [member.endpoints[0].address for member in self.members]
        for name, member in self.items():
            joining.prepare(member, name, addresses)
        for number, member in enumerate(self.members):
            self._join(member, bootstrap=number == 0)
        self.wait_online()

    def _join(self, member: Member, *, bootstrap: bool = False) -> None:
        try:
            joining.start_group_replication(member, bootstrap=bootstrap)
        except mysql.connector.Error as error:
            raise self._error(f"{member.name} could not join {self.name}: {error.msg}", member) from error
        self._wait(
            lambda: self.seen_by(member).get(self._name_of(member), ("",))[0] == "ONLINE",
            TIMEOUT,
            f"{member.name} is not ONLINE",
        )

    def _name_of(self, member: Member) -> str:
        return next(name for name, each in self.items() if each is member)

    def wait_online(self, timeout: float = TIMEOUT) -> float:
        """Wait until each member sees all members ONLINE.

        Args:
            timeout: How long to wait, in seconds.

        Returns:
            The time that it took, in seconds.

        Raises:
            GroupError: The time is over.
        """

        def are_all_online() -> bool:
            views = [self.seen_by(member) for member in self.members]
            return all(len(view) == len(self) and {state for state, _ in view.values()} == {"ONLINE"} for view in views)

        return self._wait(are_all_online, timeout, "not all members are ONLINE")

    def wait_for(self, name: str, state: str | None, timeout: float = TIMEOUT) -> float:
        """Wait until each of the other running members has seen a member in a state.

        A member that has been expelled counts as ``"UNREACHABLE"``, too: it was unreachable before. After the primary
        was expelled, this also waits for a new primary. See the manual, "The replication_group_members Table".

        Args:
            name: The namespace of the member to be seen.
            state: The state, such as ``"UNREACHABLE"``, or None for a member that has been expelled.
            timeout: How long to wait, in seconds.

        Returns:
            The time that it took, in seconds.

        Raises:
            GroupError: The time is over.
        """
        waiting = {member for member in self.members if member is not self[name] and member.is_running}
        wanted = (state, None) if state == "UNREACHABLE" else (state,)

        def have_all_seen() -> bool:
            # The state may have passed on one member before it begins on another.
            for member in list(waiting):
                view = self.seen_by(member)
                if view and view.get(name, (None,))[0] in wanted:
                    waiting.remove(member)
            return not waiting and (state is not None or bool(self.primaries))

        return self._wait(have_all_seen, timeout, f"the others do not see {name} as {state or 'expelled'}")

    def rejoin(self, name: str, timeout: float = TIMEOUT) -> float:
        """Bring back a member that was expelled or whose mysqld has ended, and wait until all members are ONLINE.

        Group Replication is stopped and started on the member, as the manual advises for a member that does not rejoin
        by itself.

        Args:
            name: The member's namespace.
            timeout: How long to wait for all members to be ONLINE, in seconds.

        Returns:
            The time that it took, in seconds.

        Raises:
            GroupError: The member cannot join, or the time is over.
        """
        began = clock.monotonic()
        member = self[name]
        if not member.is_running:
            member.restart()
        else:
            member.execute("STOP GROUP_REPLICATION")
        self._join(member)
        self.wait_online(timeout)
        return clock.monotonic() - began

    def _wait(self, condition: Callable[[], bool], timeout: float, failure: str) -> float:
        return wait_until(condition, timeout=timeout, error=lambda: self._error(f"{failure} after {timeout:g} seconds"))

    def _error(self, what: str, *members: Member) -> GroupError:
        """Return an error that shows how each member sees the group, and the last errors that members logged.

        Args:
            what: What went wrong.
            *members: The members whose logs are shown, by default all.
        """
        views = [f"{name} sees {self.seen_by(name) or 'nothing'}" for name in self]
        logged = [line for member in members or self.members for line in ErrorLog(member.error_log).errors[-3:]]
        return GroupError(
            what,
            where=f"group {self.name}",
            tried=[*views, *logged],
            remedies=[
                "check the paths between the members: netns.link(...), routes and forwarding of the topology",
                "group.rejoin(name) brings a member back",
            ],
        )
