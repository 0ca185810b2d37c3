"""How servers differ in what they are asked and told: MySQL, MariaDB."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_netns_mysql.mysql.options import OptionValue


@dataclass(frozen=True)
class Dialect:
    """Hold the queries that tell a server's state, and what connections and options are to be like.

    Shape: the rows of ``grant_tables``, in the schema ``mysql``, are accounts, roles and privileges: what is in memory



    ``transactions`` the prepared ones.
    """

    grant_tables: tuple[str, ...]
    settings_tables: tuple[str, ...]
    local: str
    data: str
    variables: str
    transactions: str
    connection: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, OptionValue] = field(default_factory=dict)

    @property
    def checksums(self) -> str:
        """Return the query for the checksums of grant tables and of settings tables."""
        return f"CHECKSUM TABLE {', '.join([*(f'mysql.{one}' for one in self.grant_tables), *self.settings_tables])}"


MYSQL = Dialect(
    grant_tables=(
        "user",
        "db",
        "tables_priv",
        "columns_priv",
        "procs_priv",
        "proxies_priv",
        "role_edges",
        "default_roles",
        "global_grants",
        "password_history",
    ),
    settings_tables=(
        "mysql.plugin",
        "mysql.component",
        "mysql.func",
        "mysql.servers",
        "mysql.server_cost",
        "mysql.engine_cost",
        "mysql.time_zone_name",
        "performance_schema.setup_actors",
        "performance_schema.setup_consumers",
        "performance_schema.setup_objects",
    ),
    local="""\
SELECT 'variable', VARIABLE_NAME, '' FROM performance_schema.variables_info WHERE VARIABLE_SOURCE = 'DYNAMIC'
UNION ALL SELECT 'persisted variable', VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.persisted_variables
UNION ALL SELECT 'host-cache entry', IP, HOST FROM performance_schema.host_cache
UNION ALL SELECT 'channel', c.CHANNEL_NAME, CONCAT_WS(' ', HOST, PORT, USER, NETWORK_INTERFACE, NETWORK_NAMESPACE,
    AUTO_POSITION, CONNECTION_RETRY_INTERVAL, CONNECTION_RETRY_COUNT, HEARTBEAT_INTERVAL, DESIRED_DELAY)
    FROM performance_schema.replication_connection_configuration c
    JOIN performance_schema.replication_applier_configuration a ON a.CHANNEL_NAME = c.CHANNEL_NAME
    WHERE HOST <> ''
UNION ALL SELECT 'IO_THREAD of channel', CHANNEL_NAME, 'stopped' FROM performance_schema.replication_connection_status
    WHERE SERVICE_STATE = 'OFF'
UNION ALL SELECT 'SQL_THREAD of channel', CHANNEL_NAME, 'stopped' FROM performance_schema.replication_applier_status
    WHERE SERVICE_STATE = 'OFF'
UNION ALL SELECT 'replication filter', CONCAT_WS('\\0', FILTER_NAME, CHANNEL_NAME), FILTER_RULE
    FROM performance_schema.replication_applier_filters""",
    data="""
UNION ALL SELECT 'schema', SCHEMA_NAME, '' FROM information_schema.SCHEMATA
UNION ALL SELECT 'event', CONCAT_WS('\\0', EVENT_SCHEMA, EVENT_NAME), LAST_ALTERED FROM information_schema.EVENTS""",
    variables="SELECT VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.global_variables",
    transactions="XA RECOVER CONVERT XID",
)
