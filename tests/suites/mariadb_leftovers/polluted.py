import pytest

HELD = []  # connections that nobody closes
SEEN = {}
LOOKS = {
    "accounts": "SELECT Host, User, JSON_REMOVE(Priv, '$.password_last_changed') FROM mysql.global_priv",
    "grants": "SELECT GRANTEE, PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES ORDER BY 1, 2",
    "roles": "SELECT * FROM mysql.roles_mapping",
    "proxies": "SELECT Host, User, Proxied_host, Proxied_user FROM mysql.proxies_priv",
    "columns": "SELECT * FROM mysql.columns_priv",
    "routines": "SELECT * FROM mysql.procs_priv",
    "schemas": "SHOW SCHEMAS",
    "variables": "SELECT * FROM information_schema.GLOBAL_VARIABLES WHERE VARIABLE_NAME NOT LIKE 'GTID%%'",
    "events": "SELECT EVENT_SCHEMA, EVENT_NAME FROM information_schema.EVENTS",
    "connections": "SELECT USER FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() "
    "AND USER NOT IN ('event_scheduler', 'system user', 'red_user')",
    "channels": "SHOW ALL SLAVES STATUS",
    "XA": "XA RECOVER",
    "plugins": "SELECT PLUGIN_NAME FROM information_schema.ALL_PLUGINS WHERE PLUGIN_STATUS = 'ACTIVE'",
    "servers": "SELECT * FROM mysql.servers",
    "log": "SELECT COUNT(*) FROM mysql.general_log",
}


def looked_at(server):
    return {name: sorted(map(repr, server.execute(query))) for name, query in LOOKS.items()}


def test_first(netns_mysqld):
    SEEN.update(looked_at(netns_mysqld), pid=netns_mysqld.pid)


def accounts(server, connect):
    server.execute("CREATE USER stray@'%%' IDENTIFIED BY 'x'")
    server.execute("GRANT SELECT, INSERT ON *.* TO stray@'%%' WITH GRANT OPTION")
    server.execute("CREATE SCHEMA given")
    server.execute("CREATE TABLE given.t (a INT, b INT)")
    server.execute("CREATE PROCEDURE given.p() SELECT 1")
    server.execute("GRANT SELECT (a) ON given.t TO stray@'%%'")
    server.execute("GRANT EXECUTE ON PROCEDURE given.p TO stray@'%%'")
    server.execute("GRANT BINLOG MONITOR ON *.* TO stray@'%%'")
    connect("red", user="stray", password="x")


def roles(server, connect):
    server.execute("CREATE ROLE reader")
    server.execute("CREATE ROLE writer")
    server.execute("GRANT reader TO writer")
    server.execute("GRANT writer TO root@localhost")
    server.execute("SET DEFAULT ROLE writer FOR root@localhost")


def root_is_another(server, connect):
    server.execute("ALTER USER root@localhost IDENTIFIED BY 'x' PASSWORD EXPIRE INTERVAL 9 DAY")
    server.execute("REVOKE FILE ON *.* FROM root@localhost")


def proxies(server, connect):
    server.execute("CREATE USER one@localhost IDENTIFIED BY 'a', two@localhost ACCOUNT LOCK")
    server.execute("GRANT PROXY ON one@localhost TO two@localhost")


def an_account_for_every_host(server, connect):
    server.execute("CREATE USER ''@'%%'")
    server.execute("GRANT ALL ON *.* TO ''@'%%'")


def schemas(server, connect):
    server.execute("CREATE SCHEMA `odd ``name``%%`")
    server.execute("CREATE TABLE `odd ``name``%%`.t (a INT)")
    server.execute("CREATE SEQUENCE `odd ``name``%%`.s")
    server.execute("CREATE PROCEDURE `odd ``name``%%`.p() SELECT 1")
    server.execute("CREATE VIEW `odd ``name``%%`.v AS SELECT 1")


def variables(server, connect):
    for name, value in {
        "max_connections": 17,
        "sql_mode": "''",
        "time_zone": "'+03:00'",
        "character_set_server": "latin2",
        "long_query_time": 0.25,
        "init_connect": "'SET @a = 1'",
        "tx_isolation": "'SERIALIZABLE'",
        "optimizer_switch": "'index_merge=off'",
        "general_log": "ON",
        "log_output": "'TABLE'",
        "event_scheduler": "ON",
        "local_infile": "OFF",
        "default_password_lifetime": 3,
        "innodb_lock_wait_timeout": 3,
        "wait_timeout": 77,
        "autocommit": "OFF",
        "strict_password_validation": "OFF",
        "gtid_domain_id": 7,
        "query_cache_size": 1048576,
        "slow_query_log": "ON",
        "max_statement_time": 9.5,
        "system_versioning_asof": "DEFAULT",
        "replicate_do_db": "'a'",
        "old_mode": "''",
    }.items():
        server.execute(f"SET GLOBAL {name} = {value}")


def set_and_set_back(server, connect):
    server.execute("SET GLOBAL max_connections = 17")
    server.execute("SET GLOBAL max_connections = DEFAULT")


def read_only(server, connect):
    server.execute("CREATE SCHEMA before_it")
    server.execute("SET GLOBAL read_only = ON")


def events(server, connect):
    server.execute("CREATE EVENT sys.tick ON SCHEDULE EVERY 1 SECOND DO SET @a = 1")
    server.execute("CREATE SCHEMA ticking")
    server.execute("CREATE TABLE ticking.t (a INT)")
    server.execute("CREATE EVENT ticking.tick ON SCHEDULE EVERY 1 SECOND DO INSERT INTO ticking.t VALUES (1)")
    server.execute("SET GLOBAL event_scheduler = ON")


def open_connections(server, connect):
    HELD.extend(server.connect() for _ in range(5))
    with HELD[-1].cursor() as cursor:
        cursor.execute("CREATE SCHEMA locked")
        cursor.execute("CREATE TABLE locked.t (a INT)")
        cursor.execute("INSERT INTO locked.t VALUES (1)")
        cursor.execute("SELECT GET_LOCK('mine', 0)")
        cursor.fetchall()


def locks(server, connect):
    for statement in ("BACKUP STAGE START", "BACKUP LOCK mysql.global_priv"):
        HELD.append(server.connect())
        with HELD[-1].cursor() as cursor:
            cursor.execute(statement)


def a_read_lock(server, connect):
    HELD.append(server.connect())
    with HELD[-1].cursor() as cursor:
        cursor.execute("FLUSH TABLES WITH READ LOCK")


def of_the_administrator(server, connect):
    server.execute("SET SESSION sql_mode = 'ANSI'")
    server.execute("CREATE SCHEMA own")
    server.execute("USE own")
    server.execute("CREATE TEMPORARY TABLE own.t (a INT)")
    server.execute("LOCK TABLES mysql.global_priv READ")


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
    server.execute("CHANGE MASTER 'c' TO MASTER_HOST='192.0.2.2', MASTER_USER='nobody'")
    server.execute("START SLAVE 'c' SQL_THREAD")


def the_default_channel(server, connect):
    server.execute("CHANGE MASTER TO MASTER_HOST='192.0.2.2', MASTER_USER='nobody'")


def settings_in_tables(server, connect):
    server.execute("UPDATE performance_schema.setup_consumers SET ENABLED = 'NO'")
    server.execute("INSERT INTO mysql.func VALUES ('f', 0, 'none.so', 'function')")


def foreign_server(server, connect):
    server.execute("CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'h', DATABASE 'd')")


def plugin(server, connect):
    server.execute("INSTALL SONAME 'sql_errlog'")


def stopped(server, connect):
    server.kill()


def shut_down(server, connect):
    server.execute("SHUTDOWN")


def restarted_with_options(server, connect):
    server.restart(max_connections=15)


def restarted_as_it_was(server, connect):
    server.execute("CREATE SCHEMA survives")
    server.execute("SET GLOBAL max_connections = 19")
    server.restart()


def files(server, connect):
    with server.network["global"]:
        (server.datadir / "stray.txt").write_text("mine")


def tables_of_mysql(server, connect):
    server.execute("CREATE TABLE mysql.stray (a INT)")


SAME_SERVER = [
    accounts,
    roles,
    root_is_another,
    proxies,
    an_account_for_every_host,
    schemas,
    variables,
    set_and_set_back,
    read_only,
    events,
    open_connections,
    locks,
    a_read_lock,
    of_the_administrator,
    transactions,
    replication,
    the_default_channel,
    files,
    restarted_as_it_was,
    foreign_server,
    tables_of_mysql,
]
FRESH_SERVER = [settings_in_tables, plugin, stopped, shut_down, restarted_with_options]


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
