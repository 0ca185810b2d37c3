"""Factories of fixtures: servers, connections, proxies."""

# isort would give each name an import statement of its own:
# ruff: isort: skip_file

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_netns_mysql.exports import lazy

if TYPE_CHECKING:
    __all__: list[str]
    from pytest_netns_mysql.factories.clients import client as client
    from pytest_netns_mysql.factories.proxies import proxy as proxy, router as router
    from pytest_netns_mysql.factories.servers import (
        group as group,
        mysqld as mysqld,
        replica as replica,
        source as source,
    )

__getattr__: Callable[[str], object]
__dir__: Callable[[], list[str]]
__getattr__, __dir__ = lazy(globals())
