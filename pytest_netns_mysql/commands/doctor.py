"""The command netns-mysql doctor."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import Any

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.commands.commandparser import add_settings, as_json
from pytest_netns_mysql.errors import printable
from pytest_netns_mysql.kernel.finding import Finding
from pytest_netns_mysql.kernel.linuxonly import platform_error

DESCRIPTION = """\
Check each prerequisite of netns tests by trying it, and print a remedy for each prerequisite that is missing. Nothing
is left behind. The exit code is 1 if netns tests cannot run here."""
EXAMPLES = """\
  netns-mysql doctor
  netns-mysql doctor --json
  netns-mysql doctor --mode rootless"""
_OURSELVES = "netns-mysql doctor"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--json", action="store_true", help="Print JSON, for programs.")
    add_settings(parser, "mode", "cache")


def main(options: argparse.Namespace, settings: table.Settings) -> int:
    """Print each finding with its remedies; return 1 if netns tests cannot run, else 0."""
    found, own = _findings(settings)
    missing = [finding.name for finding in found if finding.state == "missing"]
    if options.json:
        print(as_json({"ok": not missing, "tests": [*map(_as_dict, found)], "own_server": [*map(_as_dict, own())]}))
        return 1 if missing else 0
    printer = _Printer()
    printer.show(found)
    print(f"netns tests cannot run here: {', '.join(missing)}" if missing else "netns tests can run here")
    if findings := own():
        print('\nfor a server of your own, outside of pytest (the manual, "Host System Prerequisites"):')
        printer.show(findings)
    return 1 if missing else 0


def _findings(settings: table.Settings) -> tuple[list[Finding], Callable[[], list[Finding]]]:
    """Return what was found of the prerequisites of netns tests, and a function for those of a server outside."""
    error = platform_error()
    if error is not None:
        return [Finding("platform", "missing", error.what, error.remedies)], list
    from pytest_netns_mysql.commands import findings

    return findings.of_tests(settings), lambda: findings.of_own_server(settings)


def _as_dict(finding: Finding) -> dict[str, Any]:
    return {
        "name": finding.name,
        "ok": finding.state != "missing",
        "state": finding.state,
        "found": finding.detail,
        "remedies": [remedy for remedy in finding.remedies if _OURSELVES not in remedy],
    }


class _Printer:
    """A printer of findings. Each remedy is printed once, because several findings often have the same cause."""

    def __init__(self) -> None:
        self._printed: set[str] = set()

    def show(self, findings: Iterable[Finding]) -> None:
        """Print each finding in a line, and below it the remedies that were not printed before."""
        for finding in findings:
            print(f"{finding.state:8} {finding.name:10} {printable(finding.detail)}")
            for remedy in finding.remedies:
                if remedy not in self._printed and _OURSELVES not in remedy:
                    self._printed.add(remedy)
                    print(f"{'':8} {'':10} do: {printable(remedy)}")
