"""The servers of a run beside netns_mysqld: what factories and tests start, and what ends them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql import arguments
from pytest_netns_mysql.errors import SettingError

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.mysqld.spec import ServerPlan
    from pytest_netns_mysql.mysql.replication.group import Group
    from pytest_netns_mysql.mysql.replication.replica import Replica
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.run.session import NetnsSession


def checked_plan(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of netns_start_mysqld; raise SettingError for one that it does not take."""
    from pytest_netns_mysql.mysql.mysqld.spec import OF_A_START

    known = (*OF_A_START, "options")
    for name in plan:
        if name not in known:
            raise SettingError(
                f"netns_start_mysqld takes no {name}=",
                remedies=[f"use {', '.join(known)}", f"an option of mysqld's: options={{{name!r}: ...}}"],
            )
    arguments.check("netns_start_mysqld", arguments.OF_A_START, plan)
    return {**plan, "options": {} if plan.get("options") is None else plan["options"]}


class Servers:
    """Run servers in one network, each until its block ends; ``plan`` is what a ServerPlan takes beside the name."""

    def __init__(self, session: NetnsSession, network: Network) -> None:
        """Keep where the servers run."""
        self._session = session
        self._network = network
        self._choice = session.networks[network]

    @contextlib.contextmanager
    def running(self, name: str, plan: Mapping[str, Any]) -> Iterator[MySQLServer]:
        """Run a server."""
        from pytest_netns_mysql.mysql.server import MySQLServer

        server = MySQLServer(self._plan(name, {"factory": "mysqld", **plan}), self._network)
        with self._session.hosting(server):
            server.start()
            yield server

    def running_source(self, name: str, plan: Mapping[str, Any]) -> contextlib.AbstractContextManager[MySQLServer]:
        """Run a server that others can replicate from."""
        from pytest_netns_mysql.mysql.replication.replica import SOURCE

        return self.running(name, {**self._with(plan, SOURCE), "factory": "source"})

    @contextlib.contextmanager
    def running_replica(
        self, name: str, plan: Mapping[str, Any], source: MySQLServer, replicate: Mapping[str, Any]
    ) -> Iterator[Replica]:
        """Run a replica of a server; ``replicate`` is what Replica.replicate takes."""
        from pytest_netns_mysql.mysql.replication.replica import REPLICA, Replica

        # What its source was loaded with is in no binary log.
        complete = {**self._with(plan, REPLICA), "load": source.plan.load, "factory": "replica"}
        replica = Replica(self._plan(name, complete), self._network)
        with self._session.hosting(replica):
            try:
                replica.start()
                replica.replicate(source, **replicate)
                yield replica
            finally:
                replica.leave()

    @contextlib.contextmanager
    def running_group(
        self, name: str, plan: Mapping[str, Any], namespaces: Sequence[str], *, single_primary: bool
    ) -> Iterator[Group]:
        """Run a group with a member in each namespace."""
        from pytest_netns_mysql.mysql.replication.group import Group, Member

        plans = self._members(name, plan, namespaces, single_primary=single_primary)
        members = {where: Member(one, self._network) for where, one in plans.items()}
        group = Group(name, members)
        with self._session.hosting(*group.members):
            group.start()
            yield group

    def _members(
        self, name: str, plan: Mapping[str, Any], namespaces: Sequence[str], *, single_primary: bool
    ) -> dict[str, ServerPlan]:
        from pytest_netns_mysql.mysql.mysqld.listeners import read_port
        from pytest_netns_mysql.mysql.replication.groupplan import check, check_version, new_name, options_of

        where = f"group {name}"
        own = dict(plan["options"])
        check(namespaces, own, where)
        port = read_port("port", own.get("port", 3306), where)
        places = [(self._network[one].address, port) for one in namespaces]
        group_name = new_name()
        plans = {}
        for number, one in enumerate(namespaces):
            options = options_of(places, number, group_name, single_primary=single_primary)
            complete = {"bind_address": f"{places[number][0]}/{one}", "options": {**options, **own}}
            plans[one] = self._plan(f"{name}-{one}", {**self._with(complete, {}), "factory": "group"})
            check_version(plans[one].kind.version, where)
        return plans

    def _plan(self, name: str, plan: Mapping[str, Any]) -> ServerPlan:
        """Return the plan of a server, of the run's kind where it names no other."""
        rest = dict(plan)
        choice = rest.pop("mysqld", None)
        return self._session.plan(self._choice if choice is None else choice, name=name, **rest)

    def _with(self, plan: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the plan with a server_id of its own, and with ``options`` where it does not say otherwise."""
        from pytest_netns_mysql.optionnames import normal

        own = {normal(name): value for name, value in plan["options"].items()}
        return {**plan, "options": {"server_id": self._session.server_id(), **options, **own}}
