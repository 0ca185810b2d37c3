"""Finalizers of tests run in the namespaces of the tests, and other plugins may change ``teardown`` as well."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_netns_mysql.run.teardown import FinalizersOfTest


def test_a_teardown_that_another_plugin_has_set_is_called_and_stays(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    item: Any = request.node

    def teardown() -> None:
        called.append("theirs")

    monkeypatch.setattr(item, "teardown", teardown)
    finalizers = FinalizersOfTest(item, lambda: None)
    item.teardown()
    finalizers.forget()
    assert called == ["theirs"]
    assert item.teardown is teardown
