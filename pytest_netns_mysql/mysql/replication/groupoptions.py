"""Options of the members of a replication group, and checks of what the project asks for."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import GroupError, ServerVersionError
from pytest_netns_mysql.mysql.versions import Version, format_version
from pytest_netns_mysql.optionnames import without_loose

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.options import OptionValue


def options_of(
    endpoints: Sequence[tuple[str, int]], number: int, group_name: str, *, single_primary: bool
) -> dict[str, OptionValue]:
    """Return mysqld's options for one member.

    Args:
        endpoints: The address and port of each member.
        number: The index of this member in ``endpoints``.
        group_name: The group's name, a UUID.
        single_primary: True for one primary, False for a group whose members all take writes.
    """
    places = [f"[{address}]:{port}" if ":" in address else f"{address}:{port}" for address, port in endpoints]
    plugin: dict[str, OptionValue] = {
        "group_name": group_name,
        "communication_stack": "MYSQL",
        "local_address": places[number],
        "group_seeds": ",".join(places),
        "start_on_boot": False,
        "bootstrap_group": False,
        "single_primary_mode": single_primary,
        "enforce_update_everywhere_checks": not single_primary,
        "member_expel_timeout": 0,
        "recovery_get_public_key": True,
    }
    return {
        "log_bin": None,
        "gtid_mode": "ON",
        "enforce_gtid_consistency": "ON",
        "loose_sync_binlog": 0,
        "plugin_load_add": "group_replication.so",
        "report_host": endpoints[number][0],
        "port": endpoints[number][1],
        **{f"loose_group_replication_{name}": value for name, value in plugin.items()},
    }


def check(namespaces: Sequence[str], options: Mapping[str, Any], where: str) -> None:
    """Raise GroupError for repeated or missing namespaces, and for a communication stack other than MYSQL.

    Args:
        namespaces: The namespace of each member.
        options: The project's own options for mysqld.
        where: The place of the mistake, for the error.
    """
    if not namespaces or len(set(namespaces)) < len(namespaces):
        raise GroupError(
            f"a group needs a namespace of its own for each member, got {', '.join(namespaces) or 'none'}",
            where=where,
            remedies=['name each namespace once: factories.group(["red", "blue", "green"])'],
        )
    for name, value in options.items():
        plain = without_loose(name)
        if plain == "group_replication_communication_stack" and str(value).upper() != "MYSQL":
            raise GroupError(
                f"{plain} = {value!r}: the members listen on addr/ns endpoints, and only the MYSQL stack supports "
                "network namespaces",
                where=where,
                tried=[
                    "XCom opens its own sockets in the namespace of mysqld itself: it accepts no addr/ns in "
                    "group_replication_local_address, and ignores the NETWORK_NAMESPACE of a channel"
                ],
                remedies=["leave the option out: factories.group uses the MYSQL stack"],
            )


def check_version(version: Version, where: str) -> None:
    """Raise ServerVersionError for a server without the MYSQL communication stack.

    Args:
        version: The server's version.
        where: The place of the mistake, for the error.
    """
    if version < (8, 0, 27):
        raise ServerVersionError(
            "factories.group needs MySQL 8.0.27 or newer, the first with the MYSQL communication stack; this "
            f"server is {format_version(version)}",
            where=where,
            remedies=["name a newer server: netns_mysqld = /path/to/mysqld"],
        )


def new_name() -> str:
    """Return a name for a new group; Group Replication requires a UUID."""
    return str(uuid.uuid4())
