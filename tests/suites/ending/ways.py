"""An inner suite: ways to leave a server so that the test's own schema or account cannot be dropped at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import hindrances
import pytest

COMMON: Sequence[hindrances.Way] = (
    hindrances.read_only,
    hindrances.locked_by_administrator,
    hindrances.global_lock_by_administrator,
    hindrances.transaction_of_administrator,
    hindrances.xa_of_administrator,
    hindrances.xa_prepared_by_administrator,
    hindrances.administrator_is_killed,
    hindrances.locked_by_test,
    hindrances.handler,
    hindrances.xa_prepared_by_test,
    hindrances.xa_of_a_connection_that_is_gone,
    hindrances.transaction_of_another,
    hindrances.rows_locked_by_another,
    hindrances.tables_locked_by_another,
    hindrances.named_lock_of_another,
    hindrances.global_lock_of_another,
    hindrances.long_query_in_a_thread,
    hindrances.waits_for_a_lock_in_a_thread,
    hindrances.client_program,
    hindrances.event,
    hindrances.foreign_key_of_another_schema,
    hindrances.foreign_keys_between_strays,
    hindrances.stray_file,
    hindrances.definer,
    hindrances.dropped_by_test,
    hindrances.renamed,
    hindrances.root_is_locked,
    hindrances.no_connection_is_left,
    hindrances.user_is_renamed_in_the_tables,
)
OF_MYSQL: Sequence[hindrances.Way] = (
    hindrances.super_read_only,
    hindrances.persisted_read_only,
    hindrances.offline,
    hindrances.transactions_read_only,
    hindrances.backup_lock_by_administrator,
    hindrances.backup_lock_of_another,
    hindrances.schema_read_only,
    hindrances.mandatory_role,
)
OF_MARIADB: Sequence[hindrances.Way] = (
    hindrances.tx_read_only,
    hindrances.backup_stage_by_administrator,
    hindrances.backup_stage_of_another,
)


# Beyond repair, or nothing that can be asked in a session that was made after it.
MAY_BE_FRESH: Sequence[hindrances.Way] = (
    hindrances.stray_file,
    hindrances.transactions_read_only,
    hindrances.tx_read_only,
)


def parameters() -> list[Any]:
    ways = [*((way, ()) for way in COMMON), *((way, "mysql") for way in OF_MYSQL)]
    ways += [(way, "mariadb") for way in OF_MARIADB]
    return [
        pytest.param(way, marks=[pytest.mark.netns_mysqld(flavor=flavor)] if flavor else [], id=way.__name__)
        for way, flavor in ways
    ]


@pytest.mark.parametrize("step", ["leave", "look"])
@pytest.mark.parametrize("way", parameters())
def test_it(way: hindrances.Way, step: str, netns_mysqld: Any, netns_mysql: Any, netns_argv: Any) -> None:
    hindrances.run(netns_mysql, "CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    netns_mysql.commit()
    if step == "leave":
        hindrances.SEEN["pid"] = netns_mysqld.pid
        way(netns_mysqld, netns_mysql, netns_argv)
        return
    assert netns_mysqld.pid == hindrances.SEEN["pid"] or way in MAY_BE_FRESH
    schemas = {name for (name,) in netns_mysqld.execute("SHOW SCHEMAS")}
    assert schemas <= {"global_schema", "information_schema", "mysql", "performance_schema", "sys"}
    assert netns_mysqld.execute("SELECT @@GLOBAL.read_only") == [(0,)]
    users = "SELECT User FROM mysql.user WHERE User IN ('other', 'another')"
    assert netns_mysqld.execute(users) == []
    assert netns_mysqld.execute("XA RECOVER") == []
