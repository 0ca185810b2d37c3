"""The options that a test server has by default."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_netns_mysql.endpointkinds import MYSQL_ENDPOINT

OptionValue = str | int | float | bool | None

# The data directory is on a tmpfs and dies with the test run: nothing needs to be flushed, written twice or large.
# loose_: a server version that does not know the option warns instead of refusing to start.
DEFAULTS: Mapping[str, OptionValue] = {
    MYSQL_ENDPOINT.port_option: MYSQL_ENDPOINT.default_port,
    "skip_name_resolve": True,
    "secure_file_priv": "",
    "skip_log_bin": None,
    "loose_mysqlx": False,
    "loose_innodb_flush_method": "nosync",
    "loose_innodb_doublewrite": False,
    "loose_innodb_flush_log_at_trx_commit": 0,
    "loose_innodb_redo_log_capacity": 8 << 20,
    "loose_innodb_buffer_pool_size": 32 << 20,
    "loose_innodb_log_buffer_size": 1 << 20,
    "loose_innodb_use_native_aio": False,
    "loose_innodb_buffer_pool_load_at_startup": False,
    "loose_innodb_buffer_pool_dump_at_shutdown": False,
    "loose_innodb_print_ddl_logs": False,
    # A booting server waits for each of its threads, and creates and reads every rollback segment: by default 128 in
    # each undo tablespace and in the temporary tablespace. One segment serves 1023 transactions.
    "loose_innodb_rollback_segments": 2,
    "loose_innodb_read_io_threads": 1,
    "loose_innodb_write_io_threads": 1,
    "loose_innodb_purge_threads": 1,
    # The least that MySQL chooses by itself, and MariaDB's default. Performance Schema takes it for the size of the
    # server: with 2000 it has 100 MB more, all of which is written to while the server boots.
    "table_definition_cache": 400,
}

# MariaDB would complain in its error log of these defaults for MySQL: it does not know them, or has removed them.
_UNKNOWN_TO_MARIADB = ("loose_mysqlx", "flush_method", "redo_log_capacity", "print_ddl_logs", "rollback_segments")
_OF_MARIADB: Mapping[str, OptionValue] = {
    # With 0, FLUSH ENGINE LOGS would write nothing, and a snapshot would lack what was committed.
    "loose_innodb_flush_log_at_trx_commit": 2,
    "loose_innodb_log_file_size": 4 << 20,
    "loose_innodb_log_buffer_size": 2 << 20,  # the minimum
    "loose_innodb_write_io_threads": 2,
    "loose_aria_pagecache_buffer_size": 8 << 20,
    "loose_key_buffer_size": 1 << 20,
}


def default_options(flavor: str) -> Mapping[str, OptionValue]:
    """Return the default options of a server, by its flavor: ``mysql``, ``percona`` or ``mariadb``."""
    if flavor != "mariadb":
        return DEFAULTS
    known = {name: value for name, value in DEFAULTS.items() if not name.endswith(_UNKNOWN_TO_MARIADB)}
    return {**known, **_OF_MARIADB}
