"""A replication group: its members, joined one after another, and what becomes of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

import mysql.connector

from pytest_netns_mysql.errors import GroupError, NetnsError, UnknownNamespaceError
from pytest_netns_mysql.mysql.dialects.quoting import literal
from pytest_netns_mysql.mysql.mysqld.errorlog import ErrorLog
from pytest_netns_mysql.mysql.server import MySQLServer
from pytest_netns_mysql.mysql.waiting import wait_until

TIMEOUT = 30.0  # seconds
_USER, _PASSWORD = "group_replication", "group_replication"
_PRIVILEGES = "REPLICATION SLAVE, GROUP_REPLICATION_STREAM, CONNECTION_ADMIN, BACKUP_ADMIN"


class Member(MySQLServer):
    """Be one server of a group."""

    group: Group

    @property
    def dataset(self) -> object:
        """Return the group, whose members hold the same data."""
        return self.group

    @property
    def writable(self) -> MySQLServer:
        """Return this member where it takes writes itself, else the primary; itself where there is none."""
        primaries = self.group.primaries
        return self if self in primaries or not primaries else primaries[0]

    def describe(self) -> str:
        """Return what a report shows of the server, and how it sees its group."""
        view = (f"{name} {' '.join(state)}" for name, state in self.group.seen_by(self).items())
        return f"{super().describe()}, it sees {', '.join(view) or 'nothing'}"

    def promote(self, timeout: float = TIMEOUT) -> float:
        """Make this member the group's primary, by group_replication_set_as_primary(); return the seconds it took.

        See the manual, "Changing the Primary". A member that takes writes already stays as it is.

        Args:
            timeout: How long to wait for the group to see it as its primary, in seconds.

        Raises:
            GroupError: The member is not in the group, the group refuses, or has not changed in time.
        """
        began = time.monotonic()
        if self not in self.group.primaries:
            try:
                self.execute("SELECT group_replication_set_as_primary(@@server_uuid)")
            except mysql.connector.Error as error:
                raise self.group.error(f"{self.name} cannot be made the primary: {error.msg}", self) from error
            wait_until(
                lambda: self in self.group.primaries,
                timeout=timeout,
                error=lambda: self.group.error(f"{self.name} is not the primary after {timeout:g} seconds", self),
            )
        return time.monotonic() - began

    def catch_up(self) -> None:
        """Return when this member has applied all that the primary, or each of them, has by now; raise GroupError."""
        for writer in (one for one in self.group.primaries if one is not self):
            ((wanted,),) = writer.execute("SELECT @@GLOBAL.gtid_executed")
            if self.execute("SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s)", wanted, TIMEOUT) != [(0,)]:
                raise self.group.error(f"{self.name} did not catch up with {writer.name} within {TIMEOUT:g} seconds")


class Group(Mapping[str, Member]):
    """Give the members by the name of the namespace that each listens in; another name raises UnknownNamespaceError.

    See the manual, "Group Replication" and "Network Namespace Support".
    """

    def __init__(self, name: str, members: Mapping[str, Member]) -> None:
        """Keep the members; ``start`` makes them a group."""
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

    # A Mapping would be equal to any other of the same names, and have no hash.
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    @property
    def members(self) -> tuple[Member, ...]:
        """Return the members' servers, whatever state they are in."""
        return tuple(self._members.values())

    @property
    def primary(self) -> Member:
        """Return the member that takes the writes, the first of them in multi-primary mode; raise GroupError."""
        for member in self.primaries:
            return member
        raise self.error(f"{self.name} has no primary")

    @property
    def primaries(self) -> tuple[Member, ...]:
        """Return the members that take writes: one, or in multi-primary mode all that are ONLINE."""
        return tuple(self[name] for name, state in self.status.items() if state == ("ONLINE", "PRIMARY"))

    @property
    def secondaries(self) -> tuple[Member, ...]:
        """Return the members that are ONLINE and take no writes."""
        return tuple(self[name] for name, state in self.status.items() if state == ("ONLINE", "SECONDARY"))

    @property
    def status(self) -> dict[str, tuple[str, str]]:
        """Return state and role of each member, such as ("ONLINE", "PRIMARY"), as the largest part sees them."""
        views = [self.seen_by(member) for member in self.members]
        return max(views, key=lambda view: sum(state == "ONLINE" for state, _ in view.values()))

    def seen_by(self, member: Member | str) -> dict[str, tuple[str, str]]:
        """Return state and role of each member, by the table replication_group_members of one of them.

        A member that is not in it is left out; nothing is seen by one that does not run.
        """
        server = self[member] if isinstance(member, str) else member
        names = {(one.endpoints[0].address, one.endpoints[0].port): name for name, one in self.items()}
        try:
            rows = server.execute(
                "SELECT MEMBER_HOST, MEMBER_PORT, MEMBER_STATE, MEMBER_ROLE "
                "FROM performance_schema.replication_group_members"
            )
        except (NetnsError, mysql.connector.Error):
            return {}
        found = {names[host, port]: (state, role) for host, port, state, role in rows if (host, port) in names}
        return {name: found[name] for name in self if name in found}

    def start(self) -> None:
        """Boot the members side by side, join them one after another, return when all are ONLINE; raise GroupError."""
        for member in self.members:
            member.launch()
        for member in self.members:
            member.wait_until_up()
        for name in self:
            self._prepare(name)
        for number, member in enumerate(self.members):
            self._join(member, bootstrap=number == 0)
        self.wait_online()

    def _prepare(self, name: str) -> None:
        """Make the accounts that members come in by, outside of the binary log, and say where sockets are made."""
        member = self[name]
        member.execute("SET SESSION sql_log_bin = 0")
        for other in self.members:
            account = f"{literal(_USER)}@{literal(other.endpoints[0].address)}"
            member.execute(f"CREATE USER {account} IDENTIFIED BY {literal(_PASSWORD)}")
            member.execute(f"GRANT {_PRIVILEGES} ON *.* TO {account}")
        member.execute("SET SESSION sql_log_bin = 1")
        # The plugin takes the namespace of all its sockets from this channel.
        member.execute(
            f"CHANGE REPLICATION SOURCE TO SOURCE_USER = {literal(_USER)}, SOURCE_PASSWORD = {literal(_PASSWORD)}, "
            f"NETWORK_NAMESPACE = {literal(name)} FOR CHANNEL 'group_replication_recovery'"
        )

    def _join(self, member: Member, *, bootstrap: bool = False) -> None:
        try:
            if bootstrap:
                member.execute("SET GLOBAL group_replication_bootstrap_group = ON")
            member.execute("START GROUP_REPLICATION")
        except mysql.connector.Error as error:
            raise self.error(f"{member.name} could not join {self.name}: {error.msg}", member) from error
        finally:
            if bootstrap:
                member.execute("SET GLOBAL group_replication_bootstrap_group = OFF")
        self._wait(
            lambda: self.seen_by(member).get(self._name_of(member), ("",))[0] == "ONLINE",
            TIMEOUT,
            f"{member.name} is not ONLINE",
        )

    def _name_of(self, member: Member) -> str:
        return next(name for name, one in self.items() if one is member)

    def wait_online(self, timeout: float = TIMEOUT) -> float:
        """Return when every member sees every member ONLINE, the seconds that it took; raise GroupError."""

        def all_online() -> bool:
            views = [self.seen_by(member) for member in self.members]
            return all(len(view) == len(self) and {state for state, _ in view.values()} == {"ONLINE"} for view in views)

        return self._wait(all_online, timeout, "not all members are ONLINE")

    def wait_for(self, name: str, state: str | None, timeout: float = TIMEOUT) -> float:
        """Return when each of the others has seen a member in a state, such as ``"UNREACHABLE"``; None is expelled.

        A member that is expelled already was unreachable before; when the primary is expelled, another has taken over.
        Returns the seconds that it took; raises GroupError. See the manual, "The replication_group_members Table".
        """
        waiting = {one for one in self.members if one is not self[name] and one.is_running}
        wanted = (state, None) if state == "UNREACHABLE" else (state,)

        def so() -> bool:
            # They need not see it at the same time: the state may be past on one before it comes on another.
            for member in list(waiting):
                view = self.seen_by(member)
                if view and view.get(name, (None,))[0] in wanted:
                    waiting.remove(member)
            return not waiting and (state is not None or bool(self.primaries))

        return self._wait(so, timeout, f"the others do not see {name} as {state or 'expelled'}")

    def rejoin(self, name: str, timeout: float = TIMEOUT) -> float:
        """Bring a member back that was expelled, or whose mysqld has ended; return when all are ONLINE.

        It stops and starts Group Replication there, the manual's cure for a member that does not rejoin by itself.
        Returns the seconds that it took; raises GroupError.
        """
        began = time.monotonic()
        member = self[name]
        if not member.is_running:
            member.restart()
        else:
            member.execute("STOP GROUP_REPLICATION")
        self._join(member)
        self.wait_online(timeout)
        return time.monotonic() - began

    def _wait(self, condition: Callable[[], bool], timeout: float, otherwise: str) -> float:
        return wait_until(
            condition, timeout=timeout, error=lambda: self.error(f"{otherwise} after {timeout:g} seconds")
        )

    def error(self, what: str, *members: Member) -> GroupError:
        """Return the error that tells how each member sees the group, and what it logged last."""
        views = [f"{name} sees {self.seen_by(name) or 'nothing'}" for name in self]
        said = [line for member in members or self.members for line in ErrorLog(member.error_log).errors[-3:]]
        return GroupError(
            what,
            where=f"group {self.name}",
            tried=[*views, *said],
            remedies=[
                "look at the way between the members: netns.link(...), routes and forwarding of the topology",
                "group.rejoin(name) brings a member back",
            ],
        )
