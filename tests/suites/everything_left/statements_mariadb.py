"""Each statement that MariaDB counts (Com_...), and what is done with what a test leaves by it."""

READS = """
    admin_commands change_db do empty_query get_diagnostics ha_close ha_open ha_read help select checksum check signal
    resignal call_procedure compound_sql
    show_authors show_binlog_events show_binlogs show_charsets show_collations show_contributors show_create_db
    show_create_event show_create_func show_create_package show_create_package_body show_create_proc show_create_table
    show_create_trigger show_create_user show_databases show_engine_logs show_engine_mutex show_engine_status
    show_errors show_events show_explain show_analyze show_fields show_function_status show_generic show_grants
    show_keys show_binlog_status show_open_tables show_package_status show_package_body_status show_plugins
    show_privileges show_procedure_status show_processlist show_profile show_profiles show_relaylog_events
    show_slave_hosts show_slave_status show_status show_storage_engines show_table_status show_tables show_triggers
    show_variables show_warnings xa_recover
"""
# What they leave ends with the connection, which is closed.
OF_A_SESSION = """
    begin commit rollback savepoint release_savepoint rollback_to_savepoint prepare_sql execute_sql execute_immediate
    dealloc_sql lock_tables unlock_tables backup backup_lock create_temporary_table drop_temporary_table
    stmt_execute stmt_close stmt_fetch stmt_prepare stmt_reset stmt_send_long_data stmt_reprepare
    xa_commit xa_end xa_rollback xa_start
"""
# They write logs and statistics, or make a server read again what it has: nothing that a test could be misled by.
WITHOUT_TRACE = "flush purge purge_before_date preload_keys optimize repair kill reset"
# The server has nothing for them. Or it ends by them, and a fresh one is started.
REFUSED = "shutdown binlog create_udf alter_db_upgrade start_all_slaves stop_all_slaves"

_ACCOUNTS = "SELECT * FROM mysql.global_priv"
_ROUTINES = "SELECT type, name, `comment`, `body` FROM mysql.proc WHERE db IN ('sys', 'mysql') AND name NOT LIKE 'ps%'"
_TABLES = "SHOW TABLES FROM mysql"
_SCHEMAS = "SELECT * FROM information_schema.SCHEMATA"
_EVENTS = "SELECT db, name, comment, body FROM mysql.event"
_CONFIG = "SELECT variable, value FROM sys.sys_config"
_OBJECTS = "SELECT * FROM performance_schema.setup_objects"
_ACTORS = "SELECT * FROM performance_schema.setup_actors"
_CONSUMERS = "SELECT * FROM performance_schema.setup_consumers"
_VIEWS = "SELECT TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'sys'"
_TRIGGERS = "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'sys'"
_CHANNELS = "SHOW ALL SLAVES STATUS"
_HELP = "SELECT COUNT(*), SUM(CRC32(name)) FROM mysql.help_keyword"
_SERVERS = "SELECT * FROM mysql.servers"
_THREADS = "SELECT COUNT(*) FROM performance_schema.threads WHERE TYPE = 'BACKGROUND' AND INSTRUMENTED = 'NO'"
_SOURCE = "CHANGE MASTER 'mine' TO MASTER_HOST = '192.0.2.2', MASTER_USER = 'nobody'"
_METRICS = "SELECT COUNT(*) FROM information_schema.INNODB_METRICS WHERE ENABLED"
_CACHES = "SELECT KEY_CACHE_NAME FROM information_schema.KEY_CACHES"
_PACKAGE = "CREATE PACKAGE sys.mine AS FUNCTION f() RETURN INT; END"
_BODY = "CREATE PACKAGE BODY sys.mine AS FUNCTION f() RETURN INT AS BEGIN RETURN 1; END; END"
_ORACLE = "SET sql_mode = 'ORACLE'"
_SERVER = "CREATE SERVER mine FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x')"
_EVERY_DAY = "CREATE EVENT sys.mine ON SCHEDULE EVERY 1 DAY DO DO 1"
_PLUGINS = "SELECT PLUGIN_NAME, PLUGIN_STATUS FROM information_schema.PLUGINS"

# Each with the statement that is counted, what tells of it, and what has to be there before.
PUT_BACK = [
    ("alter_db", "ALTER SCHEMA sys CHARACTER SET latin1", _SCHEMAS),
    ("alter_db", "ALTER SCHEMA sys COMMENT 'it''s \\\\ mine'", _SCHEMAS),
    ("create_db", "CREATE SCHEMA `odd ``name``%`", _SCHEMAS),
    ("alter_event", "ALTER EVENT sys.mine COMMENT 'x'", _EVENTS, _EVERY_DAY),
    ("create_event", "CREATE EVENT mysql.mine ON SCHEDULE EVERY 1 DAY DO DO 1", _EVENTS),
    ("create_function", "CREATE FUNCTION sys.mine() RETURNS INT DETERMINISTIC RETURN 1", _ROUTINES),
    ("create_procedure", "CREATE PROCEDURE sys.mine() SELECT 1", _ROUTINES),
    ("create_package", _PACKAGE, _ROUTINES, _ORACLE),
    ("create_package_body", _BODY, _ROUTINES, _ORACLE, _PACKAGE),
    ("drop_package_body", "DROP PACKAGE BODY sys.mine", _ROUTINES, _ORACLE, _PACKAGE, _BODY),
    ("create_view", "CREATE VIEW sys.mine AS SELECT 1 a", _VIEWS),
    ("create_table", "CREATE TABLE mysql.mine (id INT)", _TABLES),
    ("create_table", "CREATE TABLE sys.mine (id INT) ENGINE=MyISAM", "SHOW TABLES FROM sys"),
    ("create_sequence", "CREATE SEQUENCE mysql.mine", _TABLES),
    ("alter_sequence", "ALTER SEQUENCE sys.mine RESTART 7", "SHOW TABLES FROM sys", "CREATE SEQUENCE sys.mine"),
    ("create_trigger", "CREATE TRIGGER sys.mine BEFORE DELETE ON sys.sys_config FOR EACH ROW SET @a = 1", _TRIGGERS),
    ("create_server", _SERVER, _SERVERS),
    ("alter_server", "ALTER SERVER mine OPTIONS (HOST 'y')", _SERVERS, _SERVER),
    ("alter_user", "ALTER USER root@localhost PASSWORD EXPIRE INTERVAL 9 DAY", _ACCOUNTS),
    ("alter_user", "ALTER USER root@localhost ACCOUNT LOCK", _ACCOUNTS),
    ("alter_user", "ALTER USER root@localhost WITH MAX_QUERIES_PER_HOUR 100", _ACCOUNTS),
    ("create_user", "CREATE USER mine@'%' IDENTIFIED BY 'x'", _ACCOUNTS),
    ("drop_user", "DROP USER `mariadb.sys`@localhost", _ACCOUNTS),
    ("drop_user", "DROP USER root@localhost", _ACCOUNTS),
    ("rename_user", "RENAME USER `mariadb.sys`@localhost TO boss@localhost", _ACCOUNTS),
    ("set_option", "SET PASSWORD FOR root@localhost = PASSWORD('x')", _ACCOUNTS),
    ("create_role", "CREATE ROLE mine", _ACCOUNTS),
    ("drop_role", "DROP ROLE mine", _ACCOUNTS, "CREATE ROLE mine"),
    ("grant", "GRANT SELECT ON sys.* TO root@localhost", "SELECT * FROM mysql.db"),
    ("grant_role", "GRANT mine TO root@localhost", "SELECT * FROM mysql.roles_mapping", "CREATE ROLE mine"),
    ("revoke_role", "REVOKE mine FROM root@localhost", _ACCOUNTS, "CREATE ROLE mine"),
    ("revoke", "REVOKE SELECT ON *.* FROM root@localhost", _ACCOUNTS),
    ("revoke_all", "REVOKE ALL, GRANT OPTION FROM `mariadb.sys`@localhost", "SELECT * FROM mysql.tables_priv"),
    ("set_option", "SET DEFAULT ROLE mine FOR root@localhost", _ACCOUNTS, "CREATE ROLE mine"),
    ("analyze", "ANALYZE TABLE mysql.help_topic PERSISTENT FOR ALL", "SELECT * FROM mysql.column_stats"),
    ("insert", "INSERT INTO sys.sys_config VALUES ('mine', '1', NULL, NULL)", _CONFIG),
    ("insert", "INSERT INTO performance_schema.setup_actors VALUES ('h', 'u', '%', 'YES', 'YES')", _ACTORS),
    ("insert", "INSERT INTO mysql.index_stats VALUES ('a', 'b', 'c', 1, 1)", "SELECT * FROM mysql.index_stats"),
    ("insert_select", "INSERT INTO performance_schema.setup_objects SELECT 'TABLE', 'mine', '%', 'NO', 'NO'", _OBJECTS),
    ("replace", "REPLACE INTO mysql.servers VALUES ('s', '', '', '', '', 1, '', '', '')", _SERVERS),
    ("replace_select", "REPLACE INTO mysql.servers SELECT 's', '', '', '', '', 1, '', '', ''", _SERVERS),
    ("delete", "DELETE FROM performance_schema.setup_actors", _ACTORS),
    ("delete_multi", "DELETE sys.sys_config FROM sys.sys_config JOIN mysql.proc WHERE variable LIKE 'd%'", _CONFIG),
    ("truncate", "TRUNCATE performance_schema.setup_objects", _OBJECTS),
    ("truncate", "TRUNCATE TABLE sys.sys_config", _CONFIG),
    ("update", "UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.max_connections', 9)", _ACCOUNTS),
    ("update", "UPDATE performance_schema.setup_consumers SET ENABLED = 'NO'", _CONSUMERS),
    ("update", "UPDATE performance_schema.threads SET INSTRUMENTED = 'NO'", _THREADS),
    ("update_multi", "UPDATE sys.sys_config c JOIN mysql.help_category SET c.value = 1", _CONFIG),
    (
        "load",
        "LOAD DATA INFILE '{file}' INTO TABLE performance_schema.setup_actors",
        _ACTORS,
        "SELECT 'a', 'b', '%', 'YES', 'NO' INTO OUTFILE '{file}'",
    ),
    ("change_master", _SOURCE, _CHANNELS),
    ("start_slave", "START SLAVE 'mine' SQL_THREAD", _CHANNELS, _SOURCE),
    ("stop_slave", "STOP SLAVE 'mine'", _CHANNELS, _SOURCE),
    ("set_option", "SET GLOBAL hot.key_buffer_size = 65536", _CACHES),
    (
        "assign_to_keycache",
        "CACHE INDEX mine.t IN hot",
        _CACHES,
        "CREATE SCHEMA mine",
        "CREATE TABLE mine.t (a INT PRIMARY KEY) ENGINE=MyISAM",
        "SET GLOBAL hot.key_buffer_size = 65536",
    ),
    ("set_option", "SET GLOBAL TRANSACTION READ ONLY", "SELECT @@GLOBAL.tx_read_only"),
    ("set_option", "SET GLOBAL innodb_monitor_enable = '%'", _METRICS),
    ("set_option", "SET GLOBAL innodb_monitor_disable = 'lock_deadlocks'", _METRICS),
    ("set_option", "SET GLOBAL gtid_slave_pos = '0-1-5'", "SELECT @@GLOBAL.gtid_slave_pos"),
    ("xa_prepare", "XA PREPARE 'mine'", "XA RECOVER", "XA START 'mine'", "XA END 'mine'"),
    # In statements that read.
    ("select", "SELECT 1 INTO OUTFILE '{folder}/mine'", "SELECT LOAD_FILE('{folder}/mine')"),
]
FRESH_SERVER = [
    ("drop_db", "DROP SCHEMA sys", _SCHEMAS),
    ("alter_function", "ALTER FUNCTION sys.quote_identifier COMMENT 'x'", _ROUTINES),
    ("alter_procedure", "ALTER PROCEDURE sys.diagnostics COMMENT 'x'", _ROUTINES),
    ("drop_function", "DROP FUNCTION sys.quote_identifier", _ROUTINES),
    ("drop_procedure", "DROP PROCEDURE sys.diagnostics", _ROUTINES),
    ("drop_view", "DROP VIEW sys.version", _VIEWS),
    ("create_view", "CREATE OR REPLACE VIEW sys.version AS SELECT 1 a", _VIEWS),
    ("alter_table", "ALTER TABLE mysql.func COMMENT 'x'", "SHOW CREATE TABLE mysql.func"),
    ("create_index", "CREATE INDEX mine ON mysql.func (name, dl)", "SHOW KEYS FROM mysql.func"),
    ("drop_index", "DROP INDEX Grantor ON mysql.procs_priv", "SHOW KEYS FROM mysql.procs_priv"),
    ("drop_table", "DROP TABLE mysql.time_zone_leap_second", _TABLES),
    ("rename_table", "RENAME TABLE mysql.time_zone_leap_second TO mysql.mine", _TABLES),
    ("install_plugin", "INSTALL SONAME 'sql_errlog'", _PLUGINS),
    ("insert", "INSERT INTO mysql.time_zone_name VALUES ('Mine/Here', 1)", "SELECT * FROM mysql.time_zone_name"),
    ("insert", "INSERT INTO mysql.help_keyword VALUES (99999, 'mine')", _HELP),
    ("update", "UPDATE mysql.help_keyword SET name = REVERSE(name) WHERE help_keyword_id < 3", _HELP),
    ("update", "UPDATE mysql.proc SET comment = 'x' WHERE name = 'diagnostics'", _ROUTINES),
]
# Done to what a fixture of a wider scope had made, by the statements at the end.
PUT_BACK_FOR_OTHERS = [
    ("alter_server", "ALTER SERVER mine OPTIONS (HOST 'z')", _SERVERS, _SERVER),
    ("drop_server", "DROP SERVER mine", _SERVERS, _SERVER),
    (
        "alter_db",
        "ALTER SCHEMA mine COLLATE latin1_bin",
        _SCHEMAS,
        "CREATE SCHEMA mine COLLATE utf8mb4_bin COMMENT 'x'",
    ),
    ("drop_role", "DROP ROLE mine", _ACCOUNTS, "CREATE ROLE mine", "GRANT mine TO root@localhost"),
    ("grant", "GRANT SELECT (host) ON mysql.db TO mine", "SHOW GRANTS FOR mine", "CREATE USER mine"),
    ("set_option", "SET GLOBAL hot.key_buffer_size = 0", _CACHES, "SET GLOBAL hot.key_buffer_size = 65536"),
]
FRESH_SERVER_FOR_OTHERS = [
    ("drop_event", "DROP EVENT sys.mine", _EVENTS, _EVERY_DAY),
    ("alter_event", "ALTER EVENT sys.mine DO DO 2", _EVENTS, _EVERY_DAY),
    ("drop_sequence", "DROP SEQUENCE sys.mine", "SHOW TABLES FROM sys", "CREATE SEQUENCE sys.mine"),
    ("drop_package", "DROP PACKAGE sys.mine", _ROUTINES, _ORACLE, _PACKAGE),
    (
        "drop_trigger",
        "DROP TRIGGER sys.mine",
        _TRIGGERS,
        "CREATE TRIGGER sys.mine BEFORE DELETE ON sys.sys_config FOR EACH ROW SET @a = 1",
    ),
    ("drop_db", "DROP SCHEMA mine", _SCHEMAS, "CREATE SCHEMA mine"),
    ("change_master", _SOURCE.replace(".2", ".3"), _CHANNELS, _SOURCE),
    ("uninstall_plugin", "UNINSTALL SONAME 'sql_errlog'", _PLUGINS, "INSTALL SONAME 'sql_errlog'"),
]
