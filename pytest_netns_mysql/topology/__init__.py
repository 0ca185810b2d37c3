"""Topologies: plain data, the files they are read from, what they mean, and how they are drawn."""

# isort would give each name an import statement of its own:
# ruff: isort: skip_file

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_netns_mysql.exports import lazy

if TYPE_CHECKING:
    __all__: list[str]
    from pytest_netns_mysql.topology.file.load import (
        from_mapping as from_mapping,
        load as load,
        load_all as load_all,
        presets as presets,
    )
    from pytest_netns_mysql.topology.file.mapping import dump as dump
    from pytest_netns_mysql.topology.model import (
        Bridge as Bridge,
        Link as Link,
        Mysqld as Mysqld,
        Namespace as Namespace,
    )
    from pytest_netns_mysql.topology.topology import Topology as Topology

__getattr__: Callable[[str], object]
__dir__: Callable[[], list[str]]
__getattr__, __dir__ = lazy(globals())
