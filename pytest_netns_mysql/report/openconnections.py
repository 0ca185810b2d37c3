"""Who is connected to a server from where, when a report is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.dialects.passwords import without_passwords
from pytest_netns_mysql.mysql.dialects.quoting import decoded
from pytest_netns_mysql.mysql.mysqld.processlist import LIST, host_of
from pytest_netns_mysql.report.reportdata import Client

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_OWN_THREADS = ("system user", "event_scheduler")


def clients(server: Instance, namespaces: Mapping[str, str]) -> Iterator[Client]:
    """Yield the open connections of a server, except the administrator's.

    Args:
        server: The server.
        namespaces: The namespace of each address.

    Raises:
        NetnsError, mysql.connector.Error: The server does not answer.
    """
    (rows,) = server._administrator.ask(LIST)
    own = server._administrator.numbers
    for number, user, host, _schema, command, seconds, _state, statement, *_ in rows:
        if decoded(user) in _OWN_THREADS or int(number or 0) in own:
            continue
        shown = decoded(host)
        waits = "idle" if decoded(command) == "Sleep" else decoded(command)
        doing = without_passwords(" ".join(decoded(statement).split())) or f"{waits} for {decoded(seconds)} s"
        namespace = namespaces.get(host_of(shown), "")
        yield Client(server.name, int(number or 0), decoded(user), shown, namespace, doing)
