import pytest
from looks import looked_at

SEEN = {}


def test_first(netns_mysqld):
    SEEN.update(looked_at(netns_mysqld), pid=netns_mysqld.pid)


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


def restarted_as_it_was(server, connect):
    server.execute("CREATE SCHEMA survives")
    server.execute("SET GLOBAL max_connections = 19")
    server.restart()


def settings_in_tables(server, connect):
    server.execute("UPDATE performance_schema.setup_consumers SET ENABLED = 'NO'")
    server.execute("INSERT INTO mysql.func VALUES ('f', 0, 'none.so', 'function')")


def restarted_with_options(server, connect):
    server.restart(max_connections=15)


FRESH_SERVER = [settings_in_tables, restarted_with_options]
POLLUTIONS = [variables, set_and_set_back, read_only, restarted_as_it_was, settings_in_tables, restarted_with_options]


@pytest.mark.netns("red")
@pytest.mark.parametrize("step", ["pollute", "look"])
@pytest.mark.parametrize("pollution", POLLUTIONS, ids=lambda one: one.__name__)
def test_it(pollution, step, netns_mysqld, netns_connect):
    if step == "pollute":
        SEEN["pid"] = netns_mysqld.pid
        pollution(netns_mysqld, netns_connect)
        return
    seen = looked_at(netns_mysqld)
    assert {name: set(seen[name]) ^ set(SEEN[name]) for name in seen if seen[name] != SEEN[name]} == {}
    if pollution is not restarted_as_it_was:
        assert (netns_mysqld.pid == SEEN["pid"]) == (pollution not in FRESH_SERVER)
