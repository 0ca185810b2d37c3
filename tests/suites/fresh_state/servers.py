"""Servers that boot on the same template with the same options, and what the cache has of the first."""

import random

import pytest

from pytest_netns_mysql.mysql.dialects.base import THREAD_KINDS
from pytest_netns_mysql.mysql.reset import freshstate
from pytest_netns_mysql.mysql.reset.readstate import read_state

pytestmark = pytest.mark.netns("red")
UNKNOWN = 1000 + random.randrange(1_000_000)  # an option's value that no earlier run had


@pytest.fixture
def start(netns_start_mysqld):
    ports = iter(range(3307, 3400))
    return lambda: netns_start_mysqld(
        bind_address="127.0.0.1", options={"port": next(ports), "max_delayed_threads": 5, "long_query_time": UNKNOWN}
    )


def picture(state):
    # The numbers of threads differ from boot to boot.
    rows = {kind: {} if kind in THREAD_KINDS else dict(rows) for kind, rows in state.rows.items()}
    return rows, dict(state.tables), dict(state.contents)


def test_a_server_is_as_the_first_of_its_kind_was(start):
    first, second = start(), start()
    assert freshstate.recall(first) is None
    read = read_state(first, as_loaded=True)
    assert freshstate.recall(second) is not None
    recalled = read_state(second, as_loaded=True)
    assert picture(recalled) == picture(read_state(second)) == picture(read)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE USER mine@localhost",
        "CREATE SCHEMA mine",
        "CREATE VIEW sys.mine AS SELECT 1",
        "INSERT INTO mysql.servers VALUES ('mine', 'h', 'd', 'u', 'p', 1, 's', 'w', 'o')",
        "UPDATE performance_schema.setup_consumers SET ENABLED = 'NO' WHERE NAME = 'events_statements_history'",
    ],
)
def test_what_was_changed_before_the_first_look_is_seen(start, statement):
    server = start()
    if freshstate.recall(server) is None:
        read_state(server, as_loaded=True)
        server = start()
    server.execute(statement)
    assert picture(read_state(server, as_loaded=True)) == picture(read_state(server))


def test_a_server_that_was_started_again_is_read(start):
    server = start()
    read_state(server, as_loaded=True)
    server.execute("CREATE SCHEMA mine")
    server.restart()
    assert freshstate.recall(server) is None
    state = read_state(server, as_loaded=True)
    assert "mine" in state.names("schema")


@pytest.mark.parametrize("damage", ["", "[]", "[1, 2, 3, 4]", "nonsense", '[{}, {}, {}, {"mysql.user": [1]}]'])
def test_a_damaged_file_is_read_from_the_server_again(start, damage):
    first, second = start(), start()
    read = read_state(first, as_loaded=True)
    file = freshstate._file(first)  # not the newest: other tests write there, too
    assert file is not None
    assert file.exists()
    file.write_text(damage)
    assert freshstate.recall(second) is None
    assert picture(read_state(second, as_loaded=True)) == picture(read)
    assert freshstate.recall(second) is not None
