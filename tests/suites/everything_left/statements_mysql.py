"""Each statement that MySQL counts (Com_...), and what is done with what a test leaves by it."""

READS = """
    admin_commands change_db do empty_query explain_other get_diagnostics ha_close ha_open ha_read help select checksum
    check signal resignal call_procedure
    show_binlog_events show_binlogs show_charsets show_collations show_create_db show_create_event show_create_func
    show_create_library show_create_masking_policy show_create_proc show_create_table show_create_trigger
    show_create_user show_databases show_engine_logs show_engine_mutex show_engine_status show_events show_errors
    show_fields show_function_code show_function_status show_grants show_keys show_library_status
    show_binary_log_status show_open_tables show_parse_tree show_plugins show_privileges show_procedure_code
    show_procedure_status show_processlist show_profile show_profiles show_relaylog_events show_replicas
    show_replica_status show_status show_storage_engines show_table_status show_tables show_triggers show_variables
    show_warnings xa_recover
"""
# What they leave ends with the connection, which is closed.
OF_A_SESSION = """
    begin commit rollback savepoint release_savepoint rollback_to_savepoint prepare_sql execute_sql dealloc_sql
    lock_instance unlock_instance lock_tables unlock_tables set_role stmt_execute stmt_close stmt_fetch stmt_prepare
    stmt_reset stmt_send_long_data stmt_reprepare xa_commit xa_end xa_rollback xa_start
"""
# They write logs and statistics, or make a server read again what it has: nothing that a test could be misled by.
WITHOUT_TRACE = "flush purge purge_before_date preload_keys optimize repair kill"
# The server has nothing for them: no component, no plugin, no group. Or it ends by them, and a fresh one is started.
REFUSED = """
    create_masking_policy drop_masking_policy clone group_replication_start group_replication_stop shutdown restart
    import binlog create_udf
"""

_EARTH = (
    'GEOGCS["Mine",DATUM["Mine",SPHEROID["Mine",6377397.155,299.1528128]],PRIMEM["Greenwich",0],'
    'UNIT["degree",0.017453292519943278],AXIS["Lat",NORTH],AXIS["Lon",EAST]]'
)
_SYSTEMS = "SELECT COUNT(*), SUM(CRC32(DEFINITION)) FROM information_schema.ST_SPATIAL_REFERENCE_SYSTEMS"
_ACCOUNTS = "SELECT user, host, account_locked, authentication_string, User_attributes FROM mysql.user"
_ROUTINES = "SELECT ROUTINE_NAME, ROUTINE_COMMENT FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'sys'"
_TABLES = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'mysql'"
_SCHEMAS = "SELECT * FROM information_schema.SCHEMATA JOIN information_schema.SCHEMATA_EXTENSIONS USING (SCHEMA_NAME)"
_EVENTS = "SELECT EVENT_SCHEMA, EVENT_NAME, EVENT_COMMENT FROM information_schema.EVENTS"
_GROUPS = "SELECT * FROM information_schema.RESOURCE_GROUPS"
_SPACES = "SELECT NAME, STATE FROM information_schema.INNODB_TABLESPACES WHERE SPACE_TYPE IN ('General', 'Undo')"
_CONFIG = "SELECT variable, value FROM sys.sys_config"
_INSTRUMENTS = "SELECT ENABLED, TIMED, COUNT(*) FROM performance_schema.setup_instruments GROUP BY 1, 2"
_OBJECTS = "SELECT * FROM performance_schema.setup_objects"
_ACTORS = "SELECT * FROM performance_schema.setup_actors"
_VIEWS = "SELECT TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'sys'"
_TRIGGERS = "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'sys'"
_CHANNELS = "SELECT CHANNEL_NAME, HOST FROM performance_schema.replication_connection_configuration"
_HELP = "SELECT COUNT(*), SUM(CRC32(name)) FROM mysql.help_keyword"
_THREADS = "SELECT COUNT(*) FROM performance_schema.threads WHERE TYPE = 'BACKGROUND' AND INSTRUMENTED = 'NO'"
_LIBRARY = "CREATE LIBRARY sys.mine LANGUAGE JAVASCRIPT AS 'export function f(x) {return x}'"
_SOURCE = "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '192.0.2.2' FOR CHANNEL 'mine'"
_HISTOGRAMS = "SELECT SCHEMA_NAME, TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMN_STATISTICS"
_METRICS = "SELECT COUNT(*) FROM information_schema.INNODB_METRICS WHERE STATUS = 'enabled'"

# Each with what it is for, the statement that is counted, what tells of it, and what has to be there before.
PUT_BACK = [
    ("alter_db", "ALTER SCHEMA sys CHARACTER SET latin1", _SCHEMAS),
    ("alter_db", "ALTER SCHEMA sys READ ONLY = 1", _SCHEMAS),
    ("alter_db", "ALTER SCHEMA mine READ ONLY = 1", _SCHEMAS, "CREATE SCHEMA mine"),
    ("alter_db", "ALTER SCHEMA sys ENCRYPTION = 'Y'", _SCHEMAS),
    ("create_db", "CREATE SCHEMA `odd ``name``%`", _SCHEMAS),
    (
        "alter_event",
        "ALTER EVENT sys.mine COMMENT 'x'",
        _EVENTS,
        "CREATE EVENT sys.mine ON SCHEDULE EVERY 1 DAY DO DO 1",
    ),
    ("create_event", "CREATE EVENT mysql.mine ON SCHEDULE EVERY 1 DAY DO DO 1", _EVENTS),
    ("create_function", "CREATE FUNCTION sys.mine() RETURNS INT DETERMINISTIC RETURN 1", _ROUTINES),
    ("create_procedure", "CREATE PROCEDURE sys.mine() SELECT 1", _ROUTINES),
    ("create_library", _LIBRARY, "SELECT LIBRARY_NAME FROM information_schema.LIBRARIES"),
    ("create_view", "CREATE VIEW sys.mine AS SELECT 1 a", _VIEWS),
    ("create_table", "CREATE TABLE mysql.mine (id INT)", _TABLES),
    ("create_table", "CREATE TABLE mysql.mine (id INT) ENGINE=MyISAM", _TABLES),
    ("create_trigger", "CREATE TRIGGER sys.mine BEFORE DELETE ON sys.sys_config FOR EACH ROW SET @a = 1", _TRIGGERS),
    ("alter_instance", "ALTER INSTANCE DISABLE INNODB REDO_LOG", "SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'"),
    (
        "alter_instance",
        "ALTER INSTANCE RELOAD TLS",
        "SELECT VALUE FROM performance_schema.tls_channel_status WHERE PROPERTY = 'Current_tls_version'",
        "SET GLOBAL tls_version = 'TLSv1.3'",
    ),
    ("create_resource_group", "CREATE RESOURCE GROUP mine TYPE = USER VCPU = 0", _GROUPS),
    ("alter_resource_group", "ALTER RESOURCE GROUP mine DISABLE", _GROUPS, "CREATE RESOURCE GROUP mine TYPE = USER"),
    (
        "create_spatial_reference_system",
        f"CREATE SPATIAL REFERENCE SYSTEM 4120000 NAME 'mine' DEFINITION '{_EARTH}'",
        _SYSTEMS,
    ),
    ("alter_tablespace", "CREATE TABLESPACE mine ADD DATAFILE 'mine.ibd'", _SPACES),
    (
        "create_server",
        "CREATE SERVER mine FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x')",
        "SELECT * FROM mysql.servers",
    ),
    (
        "alter_server",
        "ALTER SERVER mine OPTIONS (HOST 'y')",
        "SELECT * FROM mysql.servers",
        "CREATE SERVER mine FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x')",
    ),
    ("alter_user", "ALTER USER root@localhost ATTRIBUTE '{\"a\": 1}'", _ACCOUNTS),
    ("alter_user", "ALTER USER root@localhost ACCOUNT LOCK", _ACCOUNTS),
    ("alter_user", "ALTER USER root@localhost WITH MAX_QUERIES_PER_HOUR 100", "SELECT max_questions FROM mysql.user"),
    ("create_user", "CREATE USER mine@'%' IDENTIFIED BY 'x'", _ACCOUNTS),
    ("rename_user", "RENAME USER `mysql.session`@localhost TO boss@localhost", _ACCOUNTS),
    ("set_password", "SET PASSWORD FOR root@localhost = 'x'", _ACCOUNTS),
    ("create_role", "CREATE ROLE mine", _ACCOUNTS),
    ("drop_role", "DROP ROLE `mysql.session`@localhost", _ACCOUNTS),
    ("grant", "GRANT SELECT ON sys.* TO root@localhost", "SELECT * FROM mysql.db"),
    ("grant_roles", "GRANT mine TO root@localhost", "SELECT * FROM mysql.role_edges", "CREATE ROLE mine"),
    ("revoke_roles", "REVOKE mine FROM root@localhost", _ACCOUNTS, "CREATE ROLE mine", "GRANT mine TO root@localhost"),
    ("revoke", "REVOKE SELECT ON *.* FROM root@localhost", "SHOW GRANTS FOR root@localhost"),
    ("revoke_all", "REVOKE ALL, GRANT OPTION FROM `mysql.session`@localhost", "SELECT * FROM mysql.global_grants"),
    (
        "alter_user_default_role",
        "SET DEFAULT ROLE mine TO root@localhost",
        "SELECT * FROM mysql.default_roles",
        "CREATE ROLE mine",
        "GRANT mine TO root@localhost",
    ),
    (
        "analyze",
        "ANALYZE TABLE sys.sys_config UPDATE HISTOGRAM ON value",
        "SELECT COUNT(*) FROM information_schema.COLUMN_STATISTICS",
    ),
    (
        "insert",
        "INSERT INTO sys.sys_config VALUES ('mine', '1', NULL, NULL)",
        _CONFIG,
        "SET @sys.ignore_sys_config_triggers = true",
    ),
    ("insert", "INSERT INTO performance_schema.setup_actors VALUES ('h', 'u', '%', 'YES', 'YES')", _ACTORS),
    ("insert_select", "INSERT INTO performance_schema.setup_objects SELECT 'TABLE', 'mine', '%', 'NO', 'NO'", _OBJECTS),
    (
        "replace",
        "REPLACE INTO mysql.servers VALUES ('s', '', '', '', '', 1, '', '', '')",
        "SELECT * FROM mysql.servers",
    ),
    (
        "replace_select",
        "REPLACE INTO mysql.servers SELECT 's', '', '', '', '', 1, '', '', ''",
        "SELECT * FROM mysql.servers",
    ),
    ("delete", "DELETE FROM performance_schema.setup_actors", _ACTORS),
    ("delete_multi", "DELETE sys.sys_config FROM sys.sys_config JOIN mysql.user WHERE variable LIKE 'd%'", _CONFIG),
    ("truncate", "TRUNCATE performance_schema.setup_objects", _OBJECTS),
    ("truncate", "TRUNCATE TABLE sys.sys_config", _CONFIG),
    ("update", "UPDATE mysql.user SET max_connections = 1", "SELECT max_connections FROM mysql.user"),
    ("update", "UPDATE mysql.server_cost SET cost_value = 7", "SELECT cost_name, cost_value FROM mysql.server_cost"),
    ("update", "UPDATE mysql.engine_cost SET cost_value = 7", "SELECT cost_name, cost_value FROM mysql.engine_cost"),
    ("update", "UPDATE performance_schema.setup_instruments SET ENABLED = 'NO'", _INSTRUMENTS),
    ("update", "UPDATE performance_schema.setup_instruments SET TIMED = 'NO' WHERE NAME LIKE '%a%'", _INSTRUMENTS),
    (
        "update",
        "UPDATE performance_schema.setup_consumers SET ENABLED = 'NO'",
        "SELECT * FROM performance_schema.setup_consumers",
    ),
    (
        "update",
        "UPDATE performance_schema.setup_threads SET HISTORY = 'NO'",
        "SELECT HISTORY, COUNT(*) FROM performance_schema.setup_threads GROUP BY 1",
    ),
    (
        "update",
        "UPDATE performance_schema.setup_meters SET FREQUENCY = 77",
        "SELECT NAME, FREQUENCY FROM performance_schema.setup_meters",
    ),
    (
        "update",
        "UPDATE performance_schema.setup_loggers SET LEVEL = 'debug'",
        "SELECT NAME, LEVEL FROM performance_schema.setup_loggers",
    ),
    ("update", "UPDATE performance_schema.threads SET INSTRUMENTED = 'NO'", _THREADS),
    (
        "update_multi",
        "UPDATE sys.sys_config c JOIN mysql.user SET c.value = 1",
        _CONFIG,
        "SET @sys.ignore_sys_config_triggers = true",
    ),
    (
        "load",
        "LOAD DATA INFILE '{file}' INTO TABLE performance_schema.setup_actors",
        _ACTORS,
        "SELECT 'a', 'b', '%', 'YES', 'NO' INTO OUTFILE '{file}'",
    ),
    ("change_replication_source", _SOURCE, _CHANNELS),
    ("replica_start", "START REPLICA SQL_THREAD FOR CHANNEL 'mine'", _CHANNELS, _SOURCE),
    ("replica_stop", "STOP REPLICA FOR CHANNEL 'mine'", _CHANNELS, _SOURCE),
    (
        "change_repl_filter",
        "CHANGE REPLICATION FILTER REPLICATE_IGNORE_DB = (mine)",
        "SELECT FILTER_RULE FROM performance_schema.replication_applier_global_filters WHERE FILTER_RULE <> ''",
    ),
    (
        "set_option",
        "SET PERSIST_ONLY back_log = 99",
        "SELECT VARIABLE_NAME FROM performance_schema.persisted_variables",
    ),
    ("set_option", "SET PERSIST max_connections = 99", "SELECT @@max_connections"),
    ("set_option", "SET GLOBAL TRANSACTION READ ONLY", "SELECT @@GLOBAL.transaction_read_only"),
    ("set_option", "SET GLOBAL innodb_monitor_enable = '%'", _METRICS),
    ("set_option", "SET GLOBAL innodb_monitor_disable = 'module_dml'", _METRICS),
    (
        "set_option",
        "SET GLOBAL gtid_purged = 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa:1'",
        "SELECT @@GLOBAL.gtid_executed",
    ),
    ("reset", "RESET PERSIST", "SELECT 0"),
    ("xa_prepare", "XA PREPARE 'mine'", "XA RECOVER", "XA START 'mine'", "XA END 'mine'"),
    # Functions, in statements that read.
    ("select", "SELECT innodb_set_open_files_limit(400)", "SELECT @@innodb_open_files"),
    ("select", "SELECT 1 INTO OUTFILE '{folder}/mine'", "SELECT LOAD_FILE('{folder}/mine')"),
]
FRESH_SERVER = [
    # The administrator can do no more.
    ("drop_user", "DROP USER root@localhost", _ACCOUNTS),
    ("rename_user", "RENAME USER root@localhost TO boss@localhost", _ACCOUNTS),
    ("drop_db", "DROP SCHEMA sys", _SCHEMAS),
    ("alter_function", "ALTER FUNCTION sys.quote_identifier COMMENT 'x'", _ROUTINES),
    ("alter_procedure", "ALTER PROCEDURE sys.diagnostics COMMENT 'x'", _ROUTINES),
    ("drop_function", "DROP FUNCTION sys.quote_identifier", _ROUTINES),
    ("drop_procedure", "DROP PROCEDURE sys.diagnostics", _ROUTINES),
    ("drop_view", "DROP VIEW sys.version", _VIEWS),
    ("create_view", "CREATE OR REPLACE VIEW sys.version AS SELECT 1 a", _VIEWS),
    ("drop_trigger", "DROP TRIGGER sys.sys_config_insert_set_user", _TRIGGERS),
    (
        "alter_table",
        "ALTER TABLE mysql.func COMMENT 'x'",
        "SELECT TABLE_COMMENT FROM information_schema.TABLES WHERE TABLE_NAME = 'func'",
    ),
    ("create_index", "CREATE INDEX mine ON mysql.func (name, dl)", "SHOW KEYS FROM mysql.func"),
    ("drop_index", "DROP INDEX Grantor ON mysql.procs_priv", "SHOW KEYS FROM mysql.procs_priv"),
    ("drop_table", "DROP TABLE mysql.ndb_binlog_index", _TABLES),
    ("rename_table", "RENAME TABLE mysql.ndb_binlog_index TO mysql.mine", _TABLES),
    ("alter_tablespace", "CREATE UNDO TABLESPACE mine ADD DATAFILE 'mine.ibu'", _SPACES),
    (
        "create_spatial_reference_system",
        f"CREATE OR REPLACE SPATIAL REFERENCE SYSTEM 4326 NAME 'mine' DEFINITION '{_EARTH}'",
        _SYSTEMS,
    ),
    ("drop_spatial_reference_system", "DROP SPATIAL REFERENCE SYSTEM 4326", _SYSTEMS),
    (
        "install_component",
        "INSTALL COMPONENT 'file://component_validate_password'",
        "SELECT component_urn FROM mysql.component",
    ),
    (
        "install_plugin",
        "INSTALL PLUGIN clone SONAME 'mysql_clone.so'",
        "SELECT PLUGIN_NAME FROM information_schema.PLUGINS",
    ),
    ("insert", "INSERT INTO mysql.time_zone_name VALUES ('Mine/Here', 1)", "SELECT * FROM mysql.time_zone_name"),
    ("insert", "INSERT INTO mysql.help_keyword VALUES (99999, 'mine')", _HELP),
    ("update", "UPDATE mysql.help_keyword SET name = REVERSE(name) WHERE help_keyword_id < 3", _HELP),
    ("set_option", "SET GLOBAL hot.key_buffer_size = 65536", "SELECT @@GLOBAL.hot.key_buffer_size"),
    ("set_option", "SET PERSIST hot.key_buffer_size = 65536", "SELECT @@GLOBAL.hot.key_buffer_size"),
    (
        "assign_to_keycache",
        "CACHE INDEX mine.t IN hot",
        "SELECT @@GLOBAL.hot.key_buffer_size",
        "CREATE SCHEMA mine",
        "CREATE TABLE mine.t (a INT PRIMARY KEY) ENGINE=MyISAM",
        "SET GLOBAL hot.key_buffer_size = 65536",
    ),
    (
        "select",
        "SELECT asynchronous_connection_failover_add_source('c', 'h', 3306, '', 50)",
        "SELECT * FROM performance_schema.replication_asynchronous_connection_failover",
    ),
]
_EVERY_DAY = "CREATE EVENT sys.mine ON SCHEDULE EVERY 1 DAY DO DO 1"
_LIBRARIES = "SELECT LIBRARY_NAME, LIBRARY_COMMENT FROM information_schema.LIBRARIES"
_SERVER = "CREATE SERVER mine FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x', USER 'y', PORT 7)"
_SERVERS = "SELECT * FROM mysql.servers"
_MINE = "CREATE RESOURCE GROUP mine TYPE = USER VCPU = 0 THREAD_PRIORITY = 5 DISABLE"
_HISTOGRAM = "ANALYZE TABLE sys.sys_config UPDATE HISTOGRAM ON value"
# Done to what a fixture of a wider scope had made, by the statements at the end.
PUT_BACK_FOR_OTHERS = [
    ("alter_resource_group", "ALTER RESOURCE GROUP mine VCPU = 0-1 THREAD_PRIORITY = 0 ENABLE", _GROUPS, _MINE),
    ("drop_resource_group", "DROP RESOURCE GROUP mine", _GROUPS, _MINE),
    (
        "set_resource_group",
        "SET RESOURCE GROUP mine FOR 1",
        "SELECT RESOURCE_GROUP FROM performance_schema.threads WHERE THREAD_ID = 1",
        "CREATE RESOURCE GROUP mine TYPE = SYSTEM",
        "CREATE RESOURCE GROUP other TYPE = SYSTEM",
        "SET RESOURCE GROUP other FOR 1",
    ),
    ("alter_server", "ALTER SERVER mine OPTIONS (HOST 'z')", _SERVERS, _SERVER),
    ("drop_server", "DROP SERVER mine", _SERVERS, _SERVER),
    ("alter_db", "ALTER SCHEMA mine READ ONLY = 0", _SCHEMAS, "CREATE SCHEMA mine", "ALTER SCHEMA mine READ ONLY = 1"),
    ("alter_db", "ALTER SCHEMA mine COLLATE latin1_bin", _SCHEMAS, "CREATE SCHEMA mine COLLATE utf8mb4_bin"),
    ("analyze", "ANALYZE TABLE sys.sys_config DROP HISTOGRAM ON value", _HISTOGRAMS, _HISTOGRAM),
    ("drop_role", "DROP ROLE mine", _ACCOUNTS, "CREATE ROLE mine", "GRANT mine TO root@localhost"),
    ("grant", "GRANT SELECT (host) ON mysql.user TO mine", "SHOW GRANTS FOR mine", "CREATE USER mine"),
    (
        "alter_user",
        "ALTER USER mine IDENTIFIED BY 'b'",
        _ACCOUNTS,
        "CREATE USER mine IDENTIFIED BY 'a' PASSWORD HISTORY 3",
    ),
    ("update", "UPDATE performance_schema.threads SET HISTORY = 'NO'", _THREADS, _SOURCE),
    (
        "set_option",
        "SET PERSIST_ONLY back_log = 98",
        "SELECT VARIABLE_VALUE FROM performance_schema.persisted_variables",
        "SET PERSIST_ONLY back_log = 99",
    ),
]
FRESH_SERVER_FOR_OTHERS = [
    ("drop_event", "DROP EVENT sys.mine", _EVENTS, _EVERY_DAY),
    ("alter_event", "ALTER EVENT sys.mine DO DO 2", _EVENTS, _EVERY_DAY),
    ("drop_library", "DROP LIBRARY sys.mine", _LIBRARIES, _LIBRARY),
    ("alter_library", "ALTER LIBRARY sys.mine COMMENT 'x'", _LIBRARIES, _LIBRARY),
    ("drop_db", "DROP SCHEMA mine", _SCHEMAS, "CREATE SCHEMA mine"),
    ("change_replication_source", _SOURCE.replace(".2", ".3"), _CHANNELS, _SOURCE),
    ("reset", "RESET REPLICA ALL FOR CHANNEL 'mine'", _CHANNELS, _SOURCE),
    (
        "uninstall_plugin",
        "UNINSTALL PLUGIN clone",
        "SELECT PLUGIN_NAME FROM information_schema.PLUGINS",
        "INSTALL PLUGIN clone SONAME 'mysql_clone.so'",
    ),
    (
        "uninstall_component",
        "UNINSTALL COMPONENT 'file://component_validate_password'",
        "SELECT component_urn FROM mysql.component",
        "INSTALL COMPONENT 'file://component_validate_password'",
    ),
]
