"""What a server is like: asked by queries of the suite's own, not by those of the plugin."""

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
