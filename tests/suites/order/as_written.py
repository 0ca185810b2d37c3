"""A plugin that keeps the order in which tests are written."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    config.written = list(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    if hasattr(session.config, "written"):  # not in the controller of xdist, which collects nothing
        session.items[:] = session.config.written
