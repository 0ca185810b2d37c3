"""Linux namespaces: creating a sandbox, moving threads in and out, running programs inside."""
