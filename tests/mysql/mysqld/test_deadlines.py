"""Every wait has an end: a server or a program that stops answering is an error that says what was waited for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_netns_mysql.errors import ServerNotFoundError
from pytest_netns_mysql.mysql.cache import versionline
from pytest_netns_mysql.mysql.mysqld import administrator
from tests.support.suites import Suite

pytestmark = pytest.mark.live


def test_a_server_that_stops_answering_raises_server_gone_error(suite: Suite) -> None:
    assert administrator._PATIENCE_FOR_TESTS < 3600
    suite(
        "deadlines/stopped_server", "-p", "no:randomly", conftest="deadlines/stopped_server_conftest"
    ).assert_outcomes(passed=6)


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Path]:
    def make(text: str) -> Path:
        path = tmp_path / "mysqld"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    return make


def test_a_program_that_does_not_end_is_killed(program: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versionline, "_TIMEOUT", 0.5)
    for text in ("sleep 600", "sleep 600 & echo 'mysqld  Ver 9.7.4'"):
        with pytest.raises(ServerNotFoundError) as error:
            versionline.ask(program(text), ())
        assert "does not run: with --version it had not ended after 0.5 seconds" in str(error.value)


def test_a_program_that_prints_too_much_is_killed(program: Callable[[str], Path]) -> None:
    with pytest.raises(ServerNotFoundError) as error:
        versionline.ask(program("yes 'mysqld  Ver 9.7.4'"), ())
    assert "does not run: with --version it printed more than 64 KB" in str(error.value)
    assert len(str(error.value)) < 1000
