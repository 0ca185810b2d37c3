"""Where a client's connection comes from and goes to, and as whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pytest_netns_mysql.endpoint import Endpoint
from pytest_netns_mysql.mysql.clients.account import Account


class Target(NamedTuple):
    """Where a client's connection comes from and goes to, and as whom.

    Attributes:
        namespace: The namespace that the connection comes from.
        endpoint: The endpoint that the connection goes to.
        account: The account, or None for a user that the options name.
        options: The driver's options, with the login.
    """

    namespace: str
    endpoint: Endpoint
    account: Account | None
    options: dict[str, Any]

    def with_options(self, options: Mapping[str, Any]) -> Target:
        """Return the same with more options; what was an option before stays, and so does where it goes."""
        own = {"host": self.endpoint.address, "port": self.endpoint.port, **self.options}
        return self._replace(options={**options, **own})
