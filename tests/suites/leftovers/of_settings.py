import pytest
from looks import looked_at

SEEN = {}


def test_first(netns_mysqld):
    SEEN.update(looked_at(netns_mysqld), pid=netns_mysqld.pid)


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


def restarted_as_it_was(server, connect):
    server.execute("CREATE SCHEMA survives")
    server.execute("SET PERSIST max_connections = 9")
    server.restart()


def settings_in_tables(server, connect):
    server.execute("UPDATE performance_schema.setup_consumers SET ENABLED = 'NO' WHERE NAME = 'statements_digest'")


def restarted_with_options(server, connect):
    server.restart(max_connections=5)


FRESH_SERVER = [restarted_with_options]
POLLUTIONS = [
    variables,
    set_and_set_back,
    read_only,
    persisted,
    restarted_as_it_was,
    settings_in_tables,
    restarted_with_options,
]


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
