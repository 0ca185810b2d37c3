"""Configuration of a channel: how a replica is to reach its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_netns_mysql.endpoint import Endpoint
    from pytest_netns_mysql.mysql.dialects.options import OptionValue

TIMEOUT = 10.0  # seconds


@dataclass(frozen=True)
class ChannelSpec:
    """Configuration of one channel of a replica.

    Attributes:
        name: The channel's name, '' for the default channel.
        network_namespace: The namespace that the replica connects from, '' for mysqld's own. None means the namespace
            used so far or, for a new channel, the first namespace that the replica listens in.
        endpoint: The source's endpoint, or the namespace of that endpoint. None means the nearest.
        options: Options of CHANGE REPLICATION SOURCE TO, which override this plugin's own. With SOURCE_USER no account
            is created.
        timeout: How long to wait for the replica to catch up, in seconds.
    """

    name: str = ""
    network_namespace: str | None = None
    endpoint: Endpoint | str | None = None
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    timeout: float = TIMEOUT
