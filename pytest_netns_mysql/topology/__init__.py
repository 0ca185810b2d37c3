"""The topology's floor: plain data, its files, its meaning, its drawings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_netns_mysql.exports import lazy

if TYPE_CHECKING:
    __all__: list[str]
    from pytest_netns_mysql.topology.file.load import from_mapping as from_mapping
    from pytest_netns_mysql.topology.file.load import load as load
    from pytest_netns_mysql.topology.file.load import load_all as load_all
    from pytest_netns_mysql.topology.file.load import presets as presets
    from pytest_netns_mysql.topology.file.mapping import dump as dump
    from pytest_netns_mysql.topology.model import Bridge as Bridge
    from pytest_netns_mysql.topology.model import Link as Link
    from pytest_netns_mysql.topology.model import Mysqld as Mysqld
    from pytest_netns_mysql.topology.model import Namespace as Namespace
    from pytest_netns_mysql.topology.model import Topology as Topology

__getattr__, __dir__ = lazy(globals())
