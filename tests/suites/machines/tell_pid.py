import os
import pathlib


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        pathlib.Path(os.environ["STATES"], "controller").write_text(str(os.getpid()))
