"""The examples that are projects of their own, each with its own pytest.ini: `cd examples/django; pytest`."""

collect_ignore = ["demo", "django", "tutorial"]
