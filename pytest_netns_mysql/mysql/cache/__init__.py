"""The user's cache: its contents, and checks that they are complete and trusted."""
