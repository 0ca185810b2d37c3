"""Explanations of the errors that end tests: what happened, which account, grant or link counted, what to do."""
