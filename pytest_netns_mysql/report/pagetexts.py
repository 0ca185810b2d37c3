"""Times and texts of a report as pages show them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pytest_netns_mysql.errors import printable
from pytest_netns_mysql.report.reportdata import ERROR_EXPLAINS_ITSELF, RunReport, TestReport


def visible(text: str) -> str:
    """Return a text of several lines with escapes for all that is not printable, but for tabs and newlines."""
    if text.isprintable():
        return text
    return "\n".join(printable(line.rstrip("\r")).replace(r"\t", "\t") for line in text.split("\n"))


def clock(at: float | None) -> str:
    """Return the local time of day, to the millisecond, or '' if it is not known.

    Args:
        at: In seconds since the epoch.
    """
    return "" if at is None else f"{datetime.fromtimestamp(at).astimezone():%H:%M:%S.%f}"[:-3]


def date(at: float) -> str:
    """Return the local date and time, with the time zone.

    Args:
        at: In seconds since the epoch.
    """
    moment = datetime.fromtimestamp(at).astimezone()
    return f"{moment.day} {moment:%B %Y, %H:%M:%S %Z}"


def iso(at: float) -> str:
    """Return a time for machines.

    Args:
        at: In seconds since the epoch.
    """
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="milliseconds")


def lasting(seconds: float) -> str:
    """Return a duration in the unit that suits it, such as ``12 ms``, ``3.4 s`` or ``2 min 5 s``."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def headline(run: RunReport) -> str:
    """Return the outcome of a run in one sentence."""
    failed, total = len(with_outcome(run, "failed")), len({test.nodeid for test in run.tests})
    passed, skipped = len(with_outcome(run, "passed")), len(with_outcome(run, "skipped"))
    tests = "test" if total == 1 else "tests"
    if not total:
        return "No netns test ran"
    if failed:
        return f"{failed} of {total} netns {tests} failed"
    if skipped:
        return f"{passed} of {total} netns {tests} passed, {skipped} skipped"
    return "The netns test passed" if total == 1 else f"All {total} netns tests passed"


def with_outcome(run: RunReport, outcome: str) -> list[str]:
    """Return the tests that have an outcome; a test that failed twice, as in its teardown, is there once."""
    return list(dict.fromkeys(test.nodeid for test in run.tests if test.outcome == outcome))


def origin(test: TestReport) -> str:
    """Return the address that a server saw the test come from: of the attempt that failed, else of the last one."""
    attempts = [attempt for attempt in test.connections if attempt.failed_test] or test.connections
    return attempts[-1].origin if attempts else ""


def outside(addresses: Iterable[str]) -> list[str]:
    """Return the addresses that other namespaces may see."""
    return [address for address in addresses if not address.startswith(("127.", "::1"))]


def has_explanation(test: TestReport) -> bool:
    """Return True if a test has an explanation that says more than its error."""
    return test.explanation is not None and test.explanation.what != ERROR_EXPLAINS_ITSELF


def why(test: TestReport) -> str:
    """Return why a test failed, in one sentence."""
    return test.explanation.what if test.explanation is not None and has_explanation(test) else test.error
