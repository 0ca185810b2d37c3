"""Netns tests on a platform without network namespaces: each is skipped, or fails with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from pytest_netns_mysql.run.stash import MISTAKE

if TYPE_CHECKING:
    from pytest_netns_mysql.errors import SandboxError


def refuse(config: pytest.Config, items: Sequence[pytest.Item], error: SandboxError, unavailable: str) -> None:
    """Skip netns tests, or note the error with which their setup is to fail.

    Args:
        config: The configuration of the run.
        items: The netns tests.
        error: Why they cannot run here.
        unavailable: The setting: ``error`` or ``skip``.
    """
    for item in items:
        if unavailable == "skip":
            item.add_marker(pytest.mark.skip(reason=str(error)))
        else:
            item.stash.setdefault(MISTAKE, f"{type(error).__name__}: {error}")
    config.pluginmanager.register(_Refusals(), "netns_refusals")


class _Refusals:
    """The plugin that fails the tests that cannot run here, before any of their fixtures is set up."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Fail a netns test with the error that was noted."""
        if MISTAKE in item.stash:
            pytest.fail(item.stash[MISTAKE], pytrace=False)
