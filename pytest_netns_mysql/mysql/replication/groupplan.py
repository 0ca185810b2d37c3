"""How a replication group is to be: what its members are started with, and what cannot be."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import GroupError, ServerVersionError
from pytest_netns_mysql.optionnames import without_loose

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.options import OptionValue


def options_of(
    endpoints: Sequence[tuple[str, int]], number: int, group_name: str, *, single_primary: bool
) -> dict[str, OptionValue]:
    """Return mysqld's options for one member; ``endpoints`` are all members' addresses and ports."""
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
    """Raise GroupError for namespaces that are no group, and for a communication stack that knows none."""
    if not namespaces or len(set(namespaces)) < len(namespaces):
        raise GroupError(
            f"a group has one member in each namespace, and these are {', '.join(namespaces) or 'none'}",
            where=where,
            remedies=['name each once: factories.group(["red", "blue", "green"])'],
        )
    for name, value in options.items():
        plain = without_loose(name)
        if plain == "group_replication_communication_stack" and str(value).upper() != "MYSQL":
            raise GroupError(
                f"{plain} = {value!r}: the members listen on addr/ns endpoints, and only the MySQL stack knows "
                "network namespaces",
                where=where,
                tried=[
                    "XCom opens sockets of its own where mysqld itself stands, and takes neither addr/ns in "
                    "group_replication_local_address nor the NETWORK_NAMESPACE of a channel"
                ],
                remedies=["leave the option out: factories.group uses the MySQL stack"],
            )


def check_version(version: tuple[int, int, int], where: str) -> None:
    """Raise ServerVersionError for a server without the MySQL communication stack."""
    if version < (8, 0, 27):
        raise ServerVersionError(
            f"the MySQL communication stack came with 8.0.27, and this is {'.'.join(map(str, version))}",
            where=where,
            remedies=["name a newer server: netns_mysqld = /path/to/mysqld"],
        )


def new_name() -> str:
    """Return a name for a group: the manual asks for a UUID."""
    return str(uuid.uuid4())
