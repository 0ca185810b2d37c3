"""A matrix of logins as text, as Markdown, and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql import markdowntext
from pytest_netns_mysql.errors import printable

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.access.columns import Column
    from pytest_netns_mysql.mysql.access.explanation import LoginExplanation

Cells = Mapping[tuple[str, str], "LoginExplanation"]
"""Explanations by user and label of the column."""

_ANONYMOUS = "''"


def as_text(users: Sequence[str], columns: Sequence[Column], cells: Cells) -> str:
    """Return a matrix as an aligned table, with notes below it."""
    rows = [[printable(cell) for cell in row] for row in _rows(users, columns, cells)]
    widths = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    notes = [printable(note) for note in _notes(users, columns, cells)]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def as_markdown(users: Sequence[str], columns: Sequence[Column], cells: Cells) -> str:
    """Return a matrix as a Markdown table, with notes below it."""
    head, *rows = ([markdowntext.as_markdown(cell) for cell in row] for row in _rows(users, columns, cells))
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    notes = [f"- {markdowntext.as_markdown(note)}" for note in _notes(users, columns, cells)]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def as_dict(users: Sequence[str], columns: Sequence[Column], cells: Cells) -> dict[str, Any]:
    """Return a matrix as plain data."""
    return {
        "columns": [
            {
                "label": column.label,
                "namespace": column.namespace,
                "endpoint": None if column.endpoint is None else str(column.endpoint),
                "address": column.origin.address,
                "name": column.origin.name,
            }
            for column in columns
        ],
        "users": {user: {column.label: asdict(cells[user, column.label]) for column in columns} for user in users},
    }


def _rows(users: Sequence[str], columns: Sequence[Column], cells: Cells) -> Iterator[list[str]]:
    """Yield the head of the table and a row for each user."""
    yield ["user", *(f"{column.label} ({column.origin})".removesuffix(" ()") for column in columns)]
    for user in users:
        yield [user or _ANONYMOUS, *(_cell(cells[user, column.label]) for column in columns)]


def _cell(login: LoginExplanation) -> str:
    """Return the account of a login and what it requires, or the number and the reason of its refusal in short."""
    if login.allowed:
        requires = f", with {', '.join(login.requires)}" if login.requires else ""
        return f"{login.account}{requires}"
    account = "" if login.account is None else f"{login.account}: "
    return f"{login.error} {account}{login.summary}"


def _notes(users: Sequence[str], columns: Sequence[Column], cells: Cells) -> list[str]:
    """Return a sentence for each account that a more specific account hides, and where."""
    places: dict[tuple[str, str, str], list[str]] = {}
    for user in users:
        for column in columns:
            login = cells[user, column.label]
            for hidden in login.hidden:
                account = login.authenticated_as or ""
                places.setdefault((user, account, str(hidden)), []).append(column.label)
    return [
        f"{user or _ANONYMOUS} from {', '.join(labels)}: {account} hides {hidden}"
        for (user, account, hidden), labels in places.items()
    ]
