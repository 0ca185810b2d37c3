import pytest

HELD = []  # connections that nobody closes
SEEN = {}
LOOKS = {
    "accounts": "SELECT user, host, authentication_string, account_locked, User_attributes FROM mysql.user",
    "grants": "SELECT GRANTEE, PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES ORDER BY 1, 2",
    "roles": "SELECT * FROM mysql.role_edges",
    "default roles": "SELECT * FROM mysql.default_roles",
    "schemas": "SHOW SCHEMAS",
    "variables": "SELECT * FROM performance_schema.global_variables WHERE VARIABLE_NAME <> 'server_uuid'",
    "persisted": "SELECT * FROM performance_schema.persisted_variables",
    "events": "SELECT EVENT_SCHEMA, EVENT_NAME FROM information_schema.EVENTS",
    "blocked hosts": "SELECT IP, SUM_CONNECT_ERRORS FROM performance_schema.host_cache WHERE SUM_CONNECT_ERRORS",
    "connections": "SELECT USER FROM performance_schema.processlist WHERE ID <> CONNECTION_ID() "
    "AND USER NOT IN ('event_scheduler', 'system user', 'red_user')",
    "channels": "SELECT CHANNEL_NAME, HOST FROM performance_schema.replication_connection_configuration",
    "filters": "SELECT * FROM performance_schema.replication_applier_filters",
    "XA": "XA RECOVER",
    "plugins": "SELECT PLUGIN_NAME FROM information_schema.PLUGINS WHERE PLUGIN_STATUS = 'ACTIVE'",
    "components": "SELECT component_urn FROM mysql.component",
    "servers": "SELECT * FROM mysql.servers",
    "costs": "SELECT cost_name, cost_value FROM mysql.server_cost",
    "consumers": "SELECT * FROM performance_schema.setup_consumers",
    "log": "SELECT COUNT(*) FROM mysql.general_log",
}


def looked_at(server):
    seen = {}
    for name, query in LOOKS.items():
        seen[name] = sorted(map(repr, server.execute(query)))
    return seen


def test_first(netns_mysqld):
    SEEN.update(looked_at(netns_mysqld), pid=netns_mysqld.pid)


def accounts(server, connect):
    server.execute("CREATE USER stray@'%%' IDENTIFIED BY 'x'")
    server.execute("GRANT SELECT, INSERT ON *.* TO stray@'%%' WITH GRANT OPTION")
    server.execute("CREATE SCHEMA given")
    server.execute("CREATE TABLE given.t (a INT, b INT)")
    server.execute("GRANT SELECT (a) ON given.t TO stray@'%%'")
    server.execute("GRANT BACKUP_ADMIN ON *.* TO stray@'%%'")
    connect("red", user="stray", password="x")


def roles(server, connect):
    server.execute("CREATE ROLE reader, writer")
    server.execute("GRANT reader TO writer")
    server.execute("GRANT writer TO root@localhost")
    server.execute("SET DEFAULT ROLE writer TO root@localhost")


def root_is_another(server, connect):
    server.execute("ALTER USER root@localhost PASSWORD EXPIRE INTERVAL 9 DAY ATTRIBUTE '{\"a\": 1}'")
    server.execute("REVOKE FILE ON *.* FROM root@localhost")


def proxies_and_history(server, connect):
    server.execute("CREATE USER one@localhost IDENTIFIED BY 'a', two@localhost PASSWORD HISTORY 5")
    server.execute("ALTER USER one@localhost IDENTIFIED BY 'b'")
    server.execute("GRANT PROXY ON one@localhost TO two@localhost")


def schemas(server, connect):
    server.execute("CREATE SCHEMA `odd ``name``%%`")
    server.execute("CREATE TABLE `odd ``name``%%`.t (a INT)")
    server.execute("CREATE PROCEDURE `odd ``name``%%`.p() SELECT 1")
    server.execute("CREATE VIEW `odd ``name``%%`.v AS SELECT 1")


def variables(server, connect):
    for name, value in {
        "max_connections": 7,
        "sql_mode": "''",
        "time_zone": "'+03:00'",
        "character_set_server": "latin1",
        "long_query_time": 0.25,
        "init_connect": "'SET @a = 1'",
        "transaction_isolation": "'SERIALIZABLE'",
        "optimizer_switch": "'mrr=off'",
        "general_log": "ON",
        "log_output": "'TABLE'",
        "secondary_engine_cost_threshold": 1,
        "event_scheduler": "OFF",
        "local_infile": "ON",
        "require_secure_transport": "ON",
        "default_password_lifetime": 3,
        "innodb_lock_wait_timeout": 3,
        "partial_revokes": "ON",
        "mandatory_roles": "''",
        "wait_timeout": 77,
        "autocommit": "OFF",
    }.items():
        server.execute(f"SET GLOBAL {name} = {value}")


def set_and_set_back(server, connect):
    server.execute("SET GLOBAL max_connections = 7")
    server.execute("SET GLOBAL max_connections = DEFAULT")


def read_only(server, connect):
    server.execute("CREATE SCHEMA before_it")
    server.execute("SET GLOBAL super_read_only = ON")
    server.execute("SET GLOBAL offline_mode = ON")


def persisted(server, connect):
    server.execute("SET PERSIST max_connections = 8")
    server.execute("SET PERSIST_ONLY innodb_log_buffer_size = 2097152")


def events(server, connect):
    server.execute("CREATE EVENT sys.tick ON SCHEDULE EVERY 1 SECOND DO SET @a = 1")
    server.execute("CREATE SCHEMA ticking")
    server.execute("CREATE TABLE ticking.t (a INT)")
    server.execute("CREATE EVENT ticking.tick ON SCHEDULE EVERY 1 SECOND DO INSERT INTO ticking.t VALUES (1)")


def open_connections(server, connect):
    HELD.extend(server.connect() for _ in range(5))
    with HELD[-1].cursor() as cursor:
        cursor.execute("CREATE SCHEMA locked")
        cursor.execute("CREATE TABLE locked.t (a INT)")
        cursor.execute("INSERT INTO locked.t VALUES (1)")
        cursor.execute("SELECT GET_LOCK('mine', 0)")
        cursor.fetchall()


def locks(server, connect):
    for statement in ("LOCK INSTANCE FOR BACKUP", "FLUSH TABLES WITH READ LOCK"):
        HELD.append(server.connect())
        with HELD[-1].cursor() as cursor:
            cursor.execute(statement)


def of_the_administrator(server, connect):
    server.execute("SET SESSION sql_mode = 'ANSI'")
    server.execute("CREATE SCHEMA own")
    server.execute("USE own")
    server.execute("CREATE TEMPORARY TABLE own.t (a INT)")
    server.execute("LOCK TABLES mysql.user READ")


def transactions(server, connect):
    server.execute("CREATE SCHEMA xa")
    server.execute("CREATE TABLE xa.t (a INT PRIMARY KEY)")
    with server.connect() as connection, connection.cursor() as cursor:
        for statement in (
            "XA START 'a\\'b','c',7",
            "INSERT INTO xa.t VALUES (1)",
            "XA END 'a\\'b','c',7",
            "XA PREPARE 'a\\'b','c',7",
        ):
            cursor.execute(statement)


def replication(server, connect):
    server.execute("CHANGE REPLICATION SOURCE TO SOURCE_HOST='192.0.2.2', NETWORK_NAMESPACE='red' FOR CHANNEL 'c'")
    server.execute("CHANGE REPLICATION FILTER REPLICATE_DO_DB = (a) FOR CHANNEL 'c'")
    server.execute("CHANGE REPLICATION FILTER REPLICATE_IGNORE_DB = (b)")
    server.execute("START REPLICA SQL_THREAD FOR CHANNEL 'c'")


def settings_in_tables(server, connect):
    server.execute("UPDATE performance_schema.setup_consumers SET ENABLED = 'NO' WHERE NAME = 'statements_digest'")


def foreign_server(server, connect):
    server.execute("CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'h', DATABASE 'd')")
    server.execute("UPDATE mysql.server_cost SET cost_value = 9 WHERE cost_name = 'row_evaluate_cost'")


def component(server, connect):
    server.execute("INSTALL COMPONENT 'file://component_validate_password'")


def stopped(server, connect):
    server.kill()


def shut_down(server, connect):
    server.execute("SHUTDOWN")


def restarted_with_options(server, connect):
    server.restart(max_connections=5)


def restarted_as_it_was(server, connect):
    server.execute("CREATE SCHEMA survives")
    server.execute("SET PERSIST max_connections = 9")
    server.restart()


def files(server, connect):
    with server.network["global"]:
        (server.datadir / "stray.txt").write_text("mine")


def tables_of_mysql(server, connect):
    server.execute("CREATE TABLE mysql.stray (a INT)")


def key_files(server, connect):
    with server.network["global"]:
        (server.datadir / "ca.pem").write_text("none")


SAME_SERVER = [
    accounts,
    roles,
    root_is_another,
    proxies_and_history,
    schemas,
    variables,
    set_and_set_back,
    read_only,
    persisted,
    events,
    open_connections,
    locks,
    of_the_administrator,
    transactions,
    replication,
    files,
    restarted_as_it_was,
    settings_in_tables,
    foreign_server,
    tables_of_mysql,
]
FRESH_SERVER = [component, stopped, shut_down, restarted_with_options, key_files]


@pytest.mark.netns("red")
@pytest.mark.parametrize("step", ["pollute", "look"])
@pytest.mark.parametrize("pollution", [*SAME_SERVER, *FRESH_SERVER], ids=lambda one: one.__name__)
def test_it(pollution, step, netns_mysqld, netns_connect):
    if step == "pollute":
        SEEN["pid"] = netns_mysqld.pid
        pollution(netns_mysqld, netns_connect)
        return
    seen = looked_at(netns_mysqld)
    assert {name: set(seen[name]) ^ set(SEEN[name]) for name in seen if seen[name] != SEEN[name]} == {}
    if pollution is not restarted_as_it_was:
        assert (netns_mysqld.pid == SEEN["pid"]) == (pollution in SAME_SERVER)
