"""What the settings choose: topologies and servers that must be found before tests are collected."""

from __future__ import annotations

import pytest

from pytest_netns_mysql.errors import SettingError
from pytest_netns_mysql.kernel.linuxonly import platform_error
from pytest_netns_mysql.mysql.servernames import EXTERNAL
from pytest_netns_mysql.run.pytestoptions import has_only_remote_workers, is_distributed
from pytest_netns_mysql.run.stash import SESSION


def check(config: pytest.Config) -> None:
    """Raise NetnsError if a topology or a server of the settings cannot be found, or cannot be used in this run."""
    own = config.stash[SESSION]
    if "topology" in own.settings.given or own.hooks.changes_topologies:
        own.topologies.of_settings  # noqa: B018 - raises an error for a wrong value
    if own.settings.mysqld == "auto" or platform_error() is not None:
        return
    is_elsewhere = has_only_remote_workers(config.option)  # where servers may have other paths
    for choice in own.kinds.names:
        if is_elsewhere and not choice.startswith(EXTERNAL):
            continue
        if own.kinds.find(choice).listens is not None and is_distributed(config.option):
            raise SettingError(
                f"{choice} is a single shared server: xdist workers would reset each other's changes",
                where=own.settings.given.get("mysqld"),
                remedies=["run without xdist: without -n and --tx"],
            )
