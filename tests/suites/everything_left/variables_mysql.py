"""What MySQL's global variables need, to be set each to another value."""

# Those of the session, and those that a fresh server has another value of.
OF_A_START = {
    "server_uuid",
    "timestamp",
    "pseudo_thread_id",
    "error_count",
    "warning_count",
    "rand_seed1",
    "rand_seed2",
}
FRESH_SERVER = {
    # There is no list of the key caches that have them.
    "key_buffer_size",
    "key_cache_age_threshold",
    "key_cache_block_size",
    "key_cache_division_limit",
    # The administrator's queries end before they have told anything.
    "max_execution_time",
    # The administrator's own password may be as old as the data directory that servers are copied from.
    "default_password_lifetime",
}
LEAST = 350
