"""Fixtures of a project's own: servers, clients, proxies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_netns_mysql.exports import lazy

if TYPE_CHECKING:
    __all__: list[str]
    from pytest_netns_mysql.factories.clients import client as client
    from pytest_netns_mysql.factories.proxies import proxy as proxy
    from pytest_netns_mysql.factories.proxies import router as router
    from pytest_netns_mysql.factories.servers import group as group
    from pytest_netns_mysql.factories.servers import mysqld as mysqld
    from pytest_netns_mysql.factories.servers import replica as replica
    from pytest_netns_mysql.factories.servers import source as source

__getattr__, __dir__ = lazy(globals())
