"""Plugins that change the environment, functions or sockets around a test."""

from __future__ import annotations

import pytest

from tests.ecosystem.plugins.conftest import Beside, each_setting

pytestmark = pytest.mark.as_user


def test_pytest_socket_leaves_netns_tests_alone_unless_they_are_marked(beside: Beside) -> None:
    beside.write("sockets")
    beside.run("--disable-socket", plugins=["pytest_socket"]).assert_outcomes(passed=3)


@each_setting
@pytest.mark.parametrize("arguments", [(), ("-n2",)], ids=["one process", "xdist"])
def test_settings_that_pytest_env_sets_are_in_force(beside: Beside, arguments: tuple[str, ...]) -> None:
    beside.write("environment", places="places", ini=["env = NETNS_TOPOLOGY=nat"])
    beside.run(*arguments, plugins=["xdist", "pytest_env.plugin"]).assert_outcomes(passed=2)


def test_pytest_mock_patches_in_a_namespace(beside: Beside) -> None:
    beside.write("mocking", places="places")
    beside.run(plugins=["pytest_mock"]).assert_outcomes(passed=2)
