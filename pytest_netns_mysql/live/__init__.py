"""Running sessions: what each one shows of itself, how others find it, and how a second terminal enters it."""
