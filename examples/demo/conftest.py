"""A scene of the demo. It prints each statement and the server's answer, in place of pytest's dots."""

from __future__ import annotations

import textwrap
from typing import Any

import mysql.connector
import pytest


class Scene:
    """One scene on the screen.

    Attributes:
        reporter: pytest's terminal reporter.
    """

    def __init__(self, reporter: Any) -> None:
        """Write with this reporter."""
        self.reporter = reporter

    def say(self, text: str) -> None:
        """Print a paragraph of the story."""
        for line in textwrap.wrap(" ".join(text.split()), 92):
            self.reporter.write_line(f"   {line}")

    def show(self, text: object) -> None:
        """Print lines as they are."""
        self.reporter.write_line(textwrap.indent(str(text), "     "))

    def query(self, place: str, connection: Any, statement: str) -> list[Any]:
        """Run a statement; print the statement, and the rows or the error that the server answers with."""
        self.reporter.write_line(f"     {place}> {statement};")
        with connection.cursor() as cursor:
            try:
                cursor.execute(statement)
                rows = list(cursor.fetchall()) if cursor.with_rows else []
            except mysql.connector.Error as error:
                self.reporter.write_line(f"     {error}", red=True)
                raise
        for row in rows or [["Query OK"]]:
            self.reporter.write_line(f"     {' | '.join(map(str, row))}", green=True)
        return rows


@pytest.fixture
def scene(request: pytest.FixtureRequest) -> Scene:
    """The scene of a test. Its title is the test's docstring."""
    reporter = request.config.pluginmanager.getplugin("terminalreporter")
    reporter.write_line(f"\n{request.function.__doc__.rstrip('.')}", bold=True)
    return Scene(reporter)


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Print no dot for a scene that passed."""
    return ("passed", "", "") if report.passed and report.when == "call" else None
