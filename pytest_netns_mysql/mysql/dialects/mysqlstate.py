"""The queries for the state of a MySQL server, by the kinds of objects."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_netns_mysql.mysql.dialects.statementcounters import (
    ACCOUNT_STATEMENTS,
    EVENT_STATEMENTS,
    ROUTINE_STATEMENTS,
    SCHEMA_STATEMENTS,
    TABLE_STATEMENTS,
    TRIGGER_STATEMENTS,
    UPDATE_STATEMENTS,
    VIEW_STATEMENTS,
    statements,
)
from pytest_netns_mysql.mysql.dialects.statequeries import (
    HELP,
    METRIC_STATEMENTS,
    PLUGIN,
    THREAD,
    StateQuery,
    digest,
    setup_table,
)

_SYSTEM = "IN ('mysql', 'sys')"
_REFERENCE_SYSTEMS = statements("create_spatial_reference_system drop_spatial_reference_system")
_RESOURCE_GROUPS = statements("create_resource_group alter_resource_group drop_resource_group")
_TELEMETRY = (9, 7)  # the first version with these tables
_RENAMING = statements("rename_user")

_FAILED_LOGINS = StateQuery(
    "SELECT CONCAT_WS('\\0', USER, HOST), CONCAT_WS(' ', LOCKED, REMAINING_LOGIN_ATTEMPTS) "
    "FROM performance_schema.temporary_account_locks",
    is_local=True,
    since=(9, 7),
)

QUERIES: Mapping[str, StateQuery] = {
    # These may change without a statement that writes: the plugin asks for them every time.
    "table": StateQuery(
        "CHECKSUM TABLE mysql.replication_asynchronous_connection_failover, "
        "mysql.replication_asynchronous_connection_failover_managed, mysql.replication_group_member_actions",
        is_local=True,
    ),
    "open files limit": StateQuery("SELECT '', @@GLOBAL.innodb_open_files", is_local=True),
    "GTIDs": StateQuery("SELECT '', @@GLOBAL.gtid_executed FROM DUAL WHERE NOT @@GLOBAL.log_bin", is_replicated=True),
    "account's failed logins": _FAILED_LOGINS,
    "keyring key": StateQuery(
        "SELECT CONCAT_WS('\\0', KEY_ID, KEY_OWNER), BACKEND_KEY_ID FROM performance_schema.keyring_keys", is_local=True
    ),
    # These change only by the statements in ``after``.
    "schema": StateQuery(
        "SELECT SCHEMA_NAME, CONCAT_WS('\\0', DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME, DEFAULT_ENCRYPTION, "
        "OPTIONS) FROM information_schema.SCHEMATA JOIN information_schema.SCHEMATA_EXTENSIONS USING (SCHEMA_NAME)",
        after=SCHEMA_STATEMENTS,
    ),
    "event": StateQuery(
        "SELECT CONCAT_WS('\\0', EVENT_SCHEMA, EVENT_NAME), "
        + digest(
            *("DEFINER", "TIME_ZONE", "EVENT_DEFINITION", "EVENT_TYPE", "EXECUTE_AT", "INTERVAL_VALUE"),
            *("INTERVAL_FIELD", "SQL_MODE", "STARTS", "ENDS", "STATUS", "ON_COMPLETION", "CREATED", "EVENT_COMMENT"),
        )
        + " FROM information_schema.EVENTS",
        after=EVENT_STATEMENTS | _RENAMING,
        expires=True,
    ),
    "view": StateQuery(
        "SELECT CONCAT_WS('\\0', TABLE_SCHEMA, TABLE_NAME), "
        + digest("VIEW_DEFINITION", "CHECK_OPTION", "DEFINER", "SECURITY_TYPE", "CHARACTER_SET_CLIENT")
        + f" FROM information_schema.VIEWS WHERE TABLE_SCHEMA {_SYSTEM}",
        after=VIEW_STATEMENTS | _RENAMING,
    ),
    "trigger": StateQuery(
        "SELECT CONCAT_WS('\\0', TRIGGER_SCHEMA, TRIGGER_NAME), "
        + digest(
            *("EVENT_MANIPULATION", "EVENT_OBJECT_TABLE", "ACTION_ORDER", "ACTION_STATEMENT", "ACTION_TIMING"),
            *("CREATED", "SQL_MODE", "DEFINER"),
        )
        + f" FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA {_SYSTEM}",
        after=TRIGGER_STATEMENTS | _RENAMING,
    ),
    **{
        kind: StateQuery(
            "SELECT CONCAT_WS('\\0', ROUTINE_SCHEMA, ROUTINE_NAME), "
            + digest(
                *("DTD_IDENTIFIER", "ROUTINE_DEFINITION", "IS_DETERMINISTIC", "SQL_DATA_ACCESS", "SECURITY_TYPE"),
                *("CREATED", "LAST_ALTERED", "SQL_MODE", "ROUTINE_COMMENT", "DEFINER"),
            )
            + f" FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA {_SYSTEM} AND ROUTINE_TYPE = '{kind.upper()}'",
            after=ROUTINE_STATEMENTS | _RENAMING,
        )
        for kind in ("procedure", "function")
    },
    "library": StateQuery(
        "SELECT CONCAT_WS('\\0', LIBRARY_SCHEMA, LIBRARY_NAME), "
        + digest("LIBRARY_DEFINITION", "LANGUAGE", "CREATED", "LAST_ALTERED", "LIBRARY_COMMENT", "CREATOR")
        + f" FROM information_schema.LIBRARIES WHERE LIBRARY_SCHEMA {_SYSTEM}",
        after=statements("create_library alter_library drop_library") | _RENAMING,
        since=(9, 2),
    ),
    "system table": StateQuery(
        "SELECT CONCAT_WS('\\0', TABLE_SCHEMA, TABLE_NAME), CONCAT_WS(' ', ENGINE, CREATE_TIME, TABLE_COLLATION) "
        f"FROM information_schema.TABLES WHERE TABLE_SCHEMA {_SYSTEM} AND TABLE_TYPE = 'BASE TABLE'",
        after=TABLE_STATEMENTS,
    ),
    "tablespace": StateQuery(
        "SELECT CONCAT_WS('\\0', SPACE_TYPE, NAME), CONCAT_WS('\\0', STATE, ENCRYPTION, AUTOEXTEND_SIZE) "
        "FROM information_schema.INNODB_TABLESPACES WHERE SPACE_TYPE IN ('General', 'Undo')",
        after=statements("alter_tablespace"),
        is_local=True,
    ),
    "histogram": StateQuery(
        "SELECT CONCAT_WS('\\0', SCHEMA_NAME, TABLE_NAME, COLUMN_NAME), JSON_REMOVE(HISTOGRAM, '$.\"last-updated\"') "
        "FROM information_schema.COLUMN_STATISTICS",
        after=statements("analyze alter_table"),
        expires=True,  # a histogram goes with its table
    ),
    "resource group": StateQuery(
        "SELECT RESOURCE_GROUP_NAME, CONCAT_WS('\\0', RESOURCE_GROUP_TYPE, VCPU_IDS, THREAD_PRIORITY, "
        "RESOURCE_GROUP_ENABLED) FROM information_schema.RESOURCE_GROUPS",
        after=_RESOURCE_GROUPS,
        is_local=True,
    ),
    # A digest of some 5000 definitions, and their numbers as JSON: GROUP_CONCAT would cut its result.
    "spatial reference system": StateQuery(
        "SELECT '', CONCAT_WS('\\0', SUM(CRC32(CONCAT_WS('\\0', SRS_NAME, ORGANIZATION, "
        "ORGANIZATION_COORDSYS_ID, DEFINITION, DESCRIPTION))), JSON_ARRAYAGG(SRS_ID)) "
        "FROM information_schema.ST_SPATIAL_REFERENCE_SYSTEMS",
        after=_REFERENCE_SYSTEMS,
    ),
    "redo log": StateQuery(
        "SELECT '', VARIABLE_VALUE FROM performance_schema.global_status "
        "WHERE VARIABLE_NAME = 'Innodb_redo_log_enabled'",
        after=statements("alter_instance"),
        is_local=True,
    ),
    "TLS channel": StateQuery(
        "SELECT CONCAT_WS('\\0', CHANNEL, PROPERTY), VALUE FROM performance_schema.tls_channel_status "
        "WHERE PROPERTY LIKE 'Current%' OR PROPERTY LIKE 'Ssl\\_server%' OR PROPERTY = 'Enabled'",
        after=statements("alter_instance"),
        is_local=True,
    ),
    "plugin": PLUGIN,
    "InnoDB metric": StateQuery(
        "SELECT NAME, STATUS FROM information_schema.INNODB_METRICS WHERE STATUS = 'enabled'",
        after=METRIC_STATEMENTS,
        is_local=True,
    ),
    "instruments": StateQuery(
        "SELECT CONCAT_WS('\\0', ENABLED, TIMED), JSON_ARRAYAGG(NAME) FROM performance_schema.setup_instruments "
        "GROUP BY 1",
        after=UPDATE_STATEMENTS,
        is_local=True,
    ),
    "consumer": setup_table("setup_consumers", "ENABLED"),
    "thread class": setup_table("setup_threads", "ENABLED", "HISTORY"),
    "meter": setup_table("setup_meters", "FREQUENCY", "ENABLED", since=_TELEMETRY),
    "logger": setup_table("setup_loggers", "LEVEL", since=_TELEMETRY),
    "thread": THREAD,
    "resource group of thread": StateQuery(
        "SELECT THREAD_ID, COALESCE(RESOURCE_GROUP, IF(TYPE = 'FOREGROUND', 'USR_default', 'SYS_default')) "
        "FROM performance_schema.threads",
        after=_RESOURCE_GROUPS | statements("set_resource_group"),
        is_local=True,
    ),
    "limited account": StateQuery(
        "SELECT CONCAT_WS('\\0', User, Host), '' FROM mysql.user WHERE max_questions > 0 OR max_updates > 0 "
        "OR max_connections > 0 OR User_attributes->'$.Password_locking' IS NOT NULL",
        after=ACCOUNT_STATEMENTS,
    ),
    **HELP,
}

LOGIN_QUERIES: Mapping[str, StateQuery] = {
    "host-cache entry": StateQuery("SELECT IP, HOST FROM performance_schema.host_cache", is_local=True),
    "account's failed logins": _FAILED_LOGINS,
}
"""The queries for what a client changes by a login, even by one that fails."""
