"""The arguments of netns_start_mysqld, as the configuration of a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_netns_mysql import arguments
from pytest_netns_mysql.errors import SettingError
from pytest_netns_mysql.mysql.mysqld.spec import OF_A_START, ServerSpec

_NAME = "netns_start_mysqld"


def spec_of_arguments(given: Mapping[str, Any]) -> ServerSpec:
    """Return the configuration that a call of netns_start_mysqld describes.

    Args:
        given: The keyword arguments of the call.

    Raises:
        SettingError: netns_start_mysqld does not have an argument, or a value is of the wrong kind.
        EndpointError: An address is not text.
    """
    known = (*OF_A_START, "options")
    for name in given:
        if name not in known:
            raise SettingError(
                f"{_NAME} takes no {name}=",
                remedies=[f"use {', '.join(known)}", f"for an option of mysqld: options={{{name!r}: ...}}"],
            )
    arguments.check(_NAME, arguments.OF_A_START, given)
    options = given.get("options")
    return ServerSpec(
        name=_NAME,
        bind_address=given.get("bind_address"),
        admin_address=given.get("admin_address"),
        mysqlx_bind_address=given.get("mysqlx_bind_address"),
        options={} if options is None else options,
        check_endpoints=given.get("check_endpoints", True),
        require_mysqlx=given.get("require_mysqlx", True),
        drop_capabilities=given.get("drop_capabilities", ()),
        factory="mysqld",
    )
