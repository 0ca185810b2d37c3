"""The report of a run as JSON."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

from pytest_netns_mysql.report.reportdata import RunReport, TestReport


def dump(report: RunReport | TestReport) -> str:
    """Return a report as JSON, with an object for each class of ``report.reportdata``."""
    return msgspec.json.format(msgspec.json.encode(as_plain_data(report)), indent=2).decode()


def as_plain_data(report: RunReport | TestReport) -> Any:
    """Return a report as dictionaries, lists, texts and numbers, which JSON and xdist can send."""
    return _encodable(msgspec.to_builtins(report))


def load(text: str | bytes) -> RunReport:
    """Return the report of a run that was written as JSON.

    Raises:
        msgspec.ValidationError: The text is the JSON of something else.
        msgspec.DecodeError: The text is not JSON.
    """
    return msgspec.json.decode(text, type=RunReport)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the file; the descriptions are the docstrings of the classes."""
    found = msgspec.json.schema(RunReport)
    for part in (found, *found["$defs"].values()):
        if "description" in part:  # Python 3.13 takes the indentation away by itself
            part["description"] = inspect.cleandoc(part["description"])
    return found


def _encodable(value: Any) -> Any:
    """Return plain data with escapes for surrogates, of which UTF-8 has none: bytes of a log may have become such."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_encodable(key): _encodable(inner) for key, inner in value.items()}
    return [_encodable(inner) for inner in value] if isinstance(value, (list, tuple)) else value
