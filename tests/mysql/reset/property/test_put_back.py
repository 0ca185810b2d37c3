"""Random statements of all kinds on a seeded server: after put_back it is as a fresh one.

``NETNS_PROPERTY_ROUNDS=5000 pytest tests/mysql/reset/property --log-cli-level=INFO`` plays more rounds than the suite
does, for each kind of server, and tells how many had a fresh server and why; ``NETNS_PROPERTY_SEED`` is where the seeds
begin. A failure names its seed, and the statements that it needs.
"""

from __future__ import annotations

import logging
import os

import pytest

from pytest_netns_mysql import factories
from tests.support.stress import scaled

from .campaign import Campaign

pytestmark = [
    pytest.mark.live,
    pytest.mark.slow,
    pytest.mark.scaled,
    pytest.mark.netns,
    # mysqlx drops its socket unclosed where the server has ended the session.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ROUNDS = int(os.environ.get("NETNS_PROPERTY_ROUNDS", scaled(6, 300)))
FIRST = int(os.environ.get("NETNS_PROPERTY_SEED", "1"))
MYSQL = ["seed/common.sql", "seed/mysql.sql"]
MARIADB = ["seed/common.sql", "seed/mariadb.sql"]

seeded_mysql = factories.mysqld(
    load=MYSQL, options={"port": 3311, "mysqlx_port": 33111}, mysqlx_bind_address="192.0.2.2/red", scope="function"
)
seeded_mysql_uncounted = factories.mysqld(
    load=MYSQL,
    options={"port": 3312, "mysqlx_port": 33112, "performance_schema": False},
    mysqlx_bind_address="192.0.2.2/red",
    scope="function",
)
seeded_mariadb = factories.mysqld(load=MARIADB, options={"port": 3313}, mysqld="mariadb", scope="function")
seeded_mariadb_counted = factories.mysqld(
    load=MARIADB, options={"port": 3314, "performance_schema": True}, mysqld="mariadb", scope="function"
)


@pytest.mark.parametrize("name", ["seeded_mysql", "seeded_mysql_uncounted", "seeded_mariadb", "seeded_mariadb_counted"])
def test_a_server_that_was_put_back_is_as_a_fresh_one(name: str, request: pytest.FixtureRequest) -> None:
    campaign = Campaign(request.getfixturevalue(name))
    try:
        campaign.run([f"{name} {number}" for number in range(FIRST, FIRST + ROUNDS)])
    finally:
        campaign.end()
    logging.getLogger(__name__).info("%s: %s", name, campaign.tally)
    if campaign.tally.failures:
        pytest.fail("\n\n".join(map(str, campaign.tally.failures)), pytrace=False)
