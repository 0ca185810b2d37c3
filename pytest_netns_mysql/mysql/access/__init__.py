"""Who may log in from where, by the server's own rules, and why somebody may not."""
