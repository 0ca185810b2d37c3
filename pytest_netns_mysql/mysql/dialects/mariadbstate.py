"""The queries for the state of a MariaDB server, by the kinds of objects."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_netns_mysql.mysql.dialects.statementcounters import (
    ACCOUNT_STATEMENTS,
    EVENT_STATEMENTS,
    ROUTINE_STATEMENTS,
    ROW_STATEMENTS,
    SCHEMA_STATEMENTS,
    UPDATE_STATEMENTS,
    statements,
)
from pytest_netns_mysql.mysql.dialects.statequeries import (
    CHANGED_FILES,
    HELP,
    METRIC_STATEMENTS,
    PLUGIN,
    THREAD,
    StateQuery,
    digest,
    setup_table,
)

_SYSTEM = "IN ('mysql', 'sys')"
_PACKAGE_STATEMENTS = statements("create_package create_package_body drop_package drop_package_body")

QUERIES: Mapping[str, StateQuery] = {
    # These may change without a statement that writes: the plugin asks for them every time.
    "key cache": StateQuery(
        "SELECT KEY_CACHE_NAME, FULL_SIZE FROM information_schema.KEY_CACHES WHERE KEY_CACHE_NAME <> 'default'",
        is_local=True,
    ),
    "GTID position": StateQuery("SELECT '', @@GLOBAL.gtid_slave_pos", is_local=True, is_replicated=True),
    # These change only by the statements in ``after``. Everything in the schemas mysql and sys has a file of its own,
    # and the plugin looks at the files every time.
    "schema": StateQuery(
        "SELECT SCHEMA_NAME, CONCAT_WS('\\0', DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME, SCHEMA_COMMENT) "
        "FROM information_schema.SCHEMATA",
        after=SCHEMA_STATEMENTS | statements("alter_db_upgrade"),
    ),
    "event": StateQuery(
        "SELECT CONCAT_WS('\\0', EVENT_SCHEMA, EVENT_NAME), "
        + digest(
            *("DEFINER", "TIME_ZONE", "EVENT_DEFINITION", "EVENT_TYPE", "EXECUTE_AT", "INTERVAL_VALUE"),
            *("INTERVAL_FIELD", "SQL_MODE", "STARTS", "ENDS", "STATUS", "ON_COMPLETION", "CREATED", "EVENT_COMMENT"),
        )
        + " FROM information_schema.EVENTS",
        after=EVENT_STATEMENTS | ROW_STATEMENTS | statements("rename_user"),
        expires=True,
    ),
    "system table": StateQuery(
        "SELECT CONCAT_WS('\\0', TABLE_SCHEMA, TABLE_NAME), TABLE_TYPE FROM information_schema.TABLES "
        f"WHERE TABLE_SCHEMA {_SYSTEM}",
        after=CHANGED_FILES,
    ),
    "trigger": StateQuery(
        "SELECT CONCAT_WS('\\0', TRIGGER_SCHEMA, TRIGGER_NAME), "
        + digest("EVENT_MANIPULATION", "EVENT_OBJECT_TABLE", "ACTION_STATEMENT", "ACTION_TIMING", "CREATED", "DEFINER")
        + f" FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA {_SYSTEM}",
        after=CHANGED_FILES,
    ),
    "routine": StateQuery(
        "SELECT CONCAT_WS('\\0', type, db, name), "
        + digest(
            *("sql_data_access", "is_deterministic", "security_type", "param_list", "`returns`", "`body`", "definer"),
            *("created", "modified", "sql_mode", "`comment`"),
        )
        + f" FROM mysql.proc WHERE db {_SYSTEM}",
        after=ROUTINE_STATEMENTS | ROW_STATEMENTS | _PACKAGE_STATEMENTS,
    ),
    "plugin": PLUGIN,
    "InnoDB metric": StateQuery(
        "SELECT NAME, 'enabled' FROM information_schema.INNODB_METRICS WHERE ENABLED",
        after=METRIC_STATEMENTS,
        is_local=True,
    ),
    "instruments": StateQuery(
        "SELECT CONCAT_WS(' ', ENABLED, TIMED), CONCAT(COUNT(*), ' ', SUM(CRC32(NAME))) "
        "FROM performance_schema.setup_instruments GROUP BY 1",
        after=UPDATE_STATEMENTS,
        is_local=True,
    ),
    "consumer": setup_table("setup_consumers", "ENABLED"),
    "thread": THREAD,
    "limited account": StateQuery(
        """SELECT CONCAT_WS('\\0', User, Host), '' FROM mysql.global_priv
        WHERE Priv REGEXP '"max_[a-z_]+":[1-9]' OR @@GLOBAL.max_password_errors < 4294967295""",
        after=ACCOUNT_STATEMENTS,
    ),
    **HELP,
}
