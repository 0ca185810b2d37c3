"""Random statements on accounts, variables, and the server's own statistics."""

from __future__ import annotations

from .dice import Dice
from .rows import Statements
from .shapes import Shapes, quoted

_VARIABLES = (
    "max_connections = 77",
    "sql_mode = ''",
    "sql_mode = 'ANSI'",
    "sql_mode = 'NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT'",
    "sql_mode = 'ANSI_QUOTES,PAD_CHAR_TO_FULL_LENGTH,HIGH_NOT_PRECEDENCE'",
    "sql_mode = 'TRADITIONAL'",
    "sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
    "time_zone = '+05:45'",
    "foreign_key_checks = 0",
    "autocommit = 0",
    "completion_type = 'CHAIN'",
    "transaction_read_only = 1",
    "read_only = 1",
    "event_scheduler = OFF",
    "event_scheduler = ON",
    "innodb_lock_wait_timeout = 2",
    "lock_wait_timeout = 2",
    "max_allowed_packet = 1024",
    "group_concat_max_len = 4",
    "default_week_format = 3",
    "div_precision_increment = 1",
    "auto_increment_increment = 7",
    "auto_increment_offset = 3",
    "character_set_server = latin1",
    "collation_connection = latin1_bin",
    "character_set_client = latin1",
    "max_error_count = 0",
    "sql_safe_updates = 1",
    "sql_select_limit = 1",
    "default_storage_engine = MyISAM",
    "innodb_stats_persistent = OFF",
    "explicit_defaults_for_timestamp = OFF",
    "sql_quote_show_create = 0",
    "sql_log_bin = 0",
    "max_sort_length = 4",
    "unique_checks = 0",
    "concurrent_insert = 0",
    "general_log = ON",
    "log_output = 'TABLE'",
    "init_connect = 'SET @a = 1'",
    "tx_isolation = 'SERIALIZABLE'",
    "transaction_isolation = 'SERIALIZABLE'",
    "big_tables = 1",
    "old_alter_table = 1",
    "require_secure_transport = ON",
)
_OF_MYSQL = (
    "partial_revokes = ON",
    "super_read_only = 1",
    "offline_mode = 1",
    "sql_require_primary_key = 1",
    "sql_generate_invisible_primary_key = 1",
    "show_create_table_verbosity = 1",
    "information_schema_stats_expiry = 0",
    "default_collation_for_utf8mb4 = utf8mb4_general_ci",
    "print_identified_with_as_hex = 1",
    "show_gipk_in_create_table_and_information_schema = OFF",
)


def set_global(dice: Dice, shapes: Shapes) -> Statements:
    """Set a global variable, persisted or not."""
    scope = "GLOBAL" if shapes.is_mariadb else dice.pick("GLOBAL", "GLOBAL", "GLOBAL", "PERSIST", "PERSIST_ONLY")
    return [f"SET {scope} {dice.choice(_VARIABLES + (() if shapes.is_mariadb else _OF_MYSQL))}"]


def set_session(dice: Dice, shapes: Shapes) -> Statements:
    """Set a variable of the session."""
    return [f"SET SESSION {dice.choice(_VARIABLES + (() if shapes.is_mariadb else _OF_MYSQL))}"]


def account(dice: Dice, shapes: Shapes) -> Statements:
    """Create, alter, drop accounts and roles, give and take privileges."""
    known = dice.pick("app@'%'", "reader@'192.0.2.%'", "clerk")
    new = dice.pick("stray@localhost", "'odd ''user'@'%'", "new_role")
    table = dice.choice(shapes.tables)
    column = dice.choice(table.columns)
    kind, routine = dice.choice(shapes.routines)
    privilege = dice.pick("SELECT", "INSERT, UPDATE", "ALL", "CREATE, DROP", "TRIGGER", f"SELECT ({column.title})")
    return dice.pick(
        [f"CREATE USER {new} IDENTIFIED BY 'x'"],
        [f"CREATE USER {new}", f"GRANT {privilege} ON {table.title} TO {new}"],
        [f"CREATE ROLE {new}", f"GRANT {new} TO {known}"],
        [f"ALTER USER {known} IDENTIFIED BY 'y'"],
        [f"ALTER USER {known} ACCOUNT LOCK"],
        [f"DROP USER {known}"],
        [f"DROP ROLE {known}"],
        [f"RENAME USER {known} TO {new}"],
        [f"GRANT {privilege} ON {table.title} TO {known}"],
        [f"GRANT {dice.pick('SELECT', 'PROCESS', 'FILE', 'ALL')} ON *.* TO {known}"],
        [f"GRANT ALL ON {quoted(table.schema)}.* TO {known}"],
        [f"GRANT EXECUTE ON {kind} {routine} TO {known}"],
        [f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {known}"],
        ["REVOKE SELECT ON shop.* FROM reader@'192.0.2.%'"],
        ["REVOKE SELECT (id) ON shop.customers FROM reader@'192.0.2.%'"],
        ["REVOKE clerk FROM reader@'192.0.2.%'"],
        ["SET DEFAULT ROLE clerk TO reader@'192.0.2.%'"]
        if not shapes.is_mariadb
        else ["SET DEFAULT ROLE clerk FOR reader@'192.0.2.%'"],
        [f"GRANT PROXY ON {known} TO reader@'192.0.2.%'"],
        ["DELETE FROM mysql.db", "FLUSH PRIVILEGES"],
    )


def counters(dice: Dice, shapes: Shapes) -> Statements:
    """Reset or disable the counters of statements and rows."""
    return [
        dice.pick(
            "TRUNCATE TABLE performance_schema.table_io_waits_summary_by_table",
            "TRUNCATE TABLE performance_schema.events_statements_summary_global_by_event_name",
            "TRUNCATE TABLE performance_schema.events_statements_summary_by_digest",
            "TRUNCATE TABLE performance_schema.objects_summary_global_by_type",
            "FLUSH STATUS",
            "FLUSH LOCAL STATUS",
            "TRUNCATE TABLE performance_schema.file_summary_by_instance",
            "SELECT COUNT(*) FROM information_schema.INNODB_TABLESTATS"
            if not shapes.is_mariadb
            else "FLUSH GLOBAL STATUS",
        )
    ]


def instruments(dice: Dice, shapes: Shapes) -> Statements:
    """Switch instruments off and on again, so that what happens between is not counted."""
    off = dice.pick(
        "UPDATE performance_schema.setup_instruments SET ENABLED = '{}' WHERE NAME LIKE 'statement/%'",
        "UPDATE performance_schema.setup_instruments SET ENABLED = '{}' WHERE NAME LIKE 'wait/io/table/%'",
        "UPDATE performance_schema.setup_consumers SET ENABLED = '{}' WHERE NAME = 'global_instrumentation'",
        "UPDATE performance_schema.threads SET INSTRUMENTED = '{}'",
    )
    table = dice.choice(shapes.tables)
    return [off.format("NO"), f"DELETE FROM {table.title}{dice.condition(table)}", off.format("YES")]


def locks(dice: Dice, shapes: Shapes) -> Statements:
    """Take a lock of the whole server."""
    return [
        dice.pick(
            "SELECT GET_LOCK('mine', 0)",
            "FLUSH TABLES WITH READ LOCK",
            "LOCK INSTANCE FOR BACKUP" if not shapes.is_mariadb else "BACKUP STAGE START",
            "LOCK TABLES shop.customers WRITE, mysql.user READ",
        )
    ]


SERVERWIDE = ((8, set_global), (6, set_session), (8, account), (4, counters), (2, instruments))
