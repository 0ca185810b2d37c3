"""A conftest whose hooks are plain functions and wrappers."""

from dataclasses import replace

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_netns_server_spec(spec):
    return replace(spec, options={**spec.options, "max_connections": 18})


class More:
    @pytest.hookimpl(wrapper=True)
    def pytest_netns_server_spec(self, spec):
        assert spec.options["max_connections"] == 18
        result = yield
        return result.changed({"max_connections": result.options["max_connections"] + 1})

    def pytest_netns_topology(self):
        return None


def pytest_configure(config):
    config.pluginmanager.register(More(), "more")
