"""Asyncio connections under the plugins of pytest that run event loops."""

from __future__ import annotations

from tests.support.suites import Suite


def test_every_loop_scope_of_pytest_asyncio(suite: Suite) -> None:
    scope = "asyncio_default_fixture_loop_scope=function"  # unset, some versions warn
    result = suite("drivers/asyncio_scopes", "-p", "pytest_asyncio.plugin", "-o", scope)
    result.assert_outcomes(passed=9)


def test_anyio_by_asyncio_and_trio(suite: Suite) -> None:
    result = suite("drivers/anyio_backends", "-p", "anyio.pytest_plugin")
    result.assert_outcomes(passed=4)
