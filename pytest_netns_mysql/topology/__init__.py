"""The topology's floor: plain data, its files, its meaning, its drawings."""

from pytest_netns_mysql.topology.load import from_mapping, load, load_all, presets
from pytest_netns_mysql.topology.mapping import dump
from pytest_netns_mysql.topology.model import Bridge, Link, Mysqld, Namespace, Topology

__all__ = [
    "Bridge",
    "Link",
    "Mysqld",
    "Namespace",
    "Topology",
    "dump",
    "from_mapping",
    "load",
    "load_all",
    "presets",
]
