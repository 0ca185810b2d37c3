"""What a server is like: asked by queries of the suite's own, not by those of the plugin."""

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
