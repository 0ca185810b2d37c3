"""What MariaDB's global variables need, to be set each to another value."""

# Those of the session, and those that a fresh server has another value of.
OF_A_START = {"timestamp", "pseudo_thread_id", "error_count", "warning_count", "rand_seed1", "rand_seed2", "server_uid"}
FRESH_SERVER = {
    # Their first values cannot be set.
    "innodb_lru_flush_size",
    "thread_pool_size",
    # The administrator's statements are refused.
    "max_session_mem_used",
    "max_statement_time",
    # The administrator's own password may be as old as the data directory that servers are copied from.
    "default_password_lifetime",
}
LEAST = 390
