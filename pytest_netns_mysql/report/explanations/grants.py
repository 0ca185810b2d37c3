"""A statement that the account may not run: 1044, 1142, 1143, 1227, 1370."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_netns_mysql.mysql.access.grantlines import Grants, shown
from pytest_netns_mysql.mysql.dialects.hostrules import AccountName
from pytest_netns_mysql.mysql.dialects.quoting import literal
from pytest_netns_mysql.report.explanations.accounts import (
    account_in_force,
    all_accounts,
    picked_for,
    quoted,
    seen_client,
)
from pytest_netns_mysql.report.explanations.answers import ask, grants_of
from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.failure import Failure
from pytest_netns_mysql.report.explanations.schemas import exists, near_names, put_away_line
from pytest_netns_mysql.report.model import Explanation

_NAME = r"(?:`(?P<schema>[^`]+)`\.)?[`'](?P<name>[^`']+)[`']"
_ON_TABLE = re.compile(rf"^(?P<privilege>[\w, ]+?) command denied to user .* for table {_NAME}")
_ON_COLUMN = re.compile(
    rf"^(?P<privilege>[\w, ]+?) command denied to user .* for column '(?P<column>[^']+)' in table {_NAME}"
)
_ON_ROUTINE = re.compile(
    r"^(?P<privilege>[\w ]+?) command denied to user .* for routine '(?P<schema>[^'.]+)\.(?P<name>[^']+)'"
)
_ON_SCHEMA = re.compile(r" to database '(?P<schema>[^']+)'")
_ON_SCHEMAS = (
    (r"CREATE (SCHEMA|DATABASE)", "CREATE"),
    (r"DROP (SCHEMA|DATABASE)", "DROP"),
    (r"ALTER (SCHEMA|DATABASE)", "ALTER"),
    (r"LOCK TABLES?", "LOCK TABLES"),
    (r"(CREATE|ALTER|DROP) .*?\bEVENT", "EVENT"),
    (r"CREATE .*?\b(PROCEDURE|FUNCTION)", "CREATE ROUTINE"),
    (r"CREATE TEMPORARY TABLE", "CREATE TEMPORARY TABLES"),
    (r"GRANT", "GRANT OPTION"),
)
_NEEDED = re.compile(r"you need \(at least one of\) the (.+?) privilege\(s\)")


class _Refusal:
    """A statement that was refused: which privilege was missing, on what, to which account."""

    def __init__(
        self, failure: Failure, context: Context, privilege: str, schema: str, name: str = "*", column: str = ""
    ) -> None:
        self.failure, self.context, self.server = failure, context, failure.server
        self.privilege, self.schema, self.name, self.column = privilege, schema, name, column
        self.account = account_in_force(failure, context)
        self.who = quoted(self.account) if self.account else "the account"
        self.held = grants_of(self.server, self.who) if self.account else Grants(())
        self.routine = ""

    @property
    def on(self) -> str:
        on = f"{shown(self.schema)}.{shown(self.name)}"
        return f"{self.routine} {on}".strip()

    def details(self) -> Iterator[str]:
        """Yield what counted, the most telling first."""
        yield from self._roles()
        yield from self._other_accounts()
        if self.account is None:
            return
        picked = picked_for(self.account, self.failure, self.context)
        held = ", ".join(map(str, self.held.near(self.schema, self.name)))
        if picked and (held or self.name != "*"):
            yield f"{picked}, which has {held}" if held else picked
        elif held:
            yield f"{self.who} has {held}"

    def _roles(self) -> Iterator[str]:
        for role in self.held.roles:
            if grant := grants_of(self.server, role).give(self.privilege, self.schema, self.name, self.column):
                yield f"its role {role} has {grant}, but the role is not active in this connection"

    def _other_accounts(self) -> Iterator[str]:
        for other in self._others():
            grant = grants_of(self.server, quoted(other)).give(self.privilege, self.schema, self.name, self.column)
            if grant is not None:
                yield f"{grant} belongs to {quoted(other)}, {self._why_not(other)}"

    def _why_not(self, other: AccountName) -> str:
        client = seen_client(self.failure)
        if client is None or not client[1] or self.server is None:
            return "which is another account"
        if self.server.dialect.host_rules.matches(other[1], client[1], None):
            return f"which matches too, but the host of {self.who} is more specific"
        return f"and a client from {self.context.with_namespace(client[1])} is {self.who}"

    def _others(self) -> list[AccountName]:
        account = self.account
        return [other for other in all_accounts(self.server) if account and other[0] == account[0] and other != account]

    def remedies(self, privilege: str = "") -> tuple[str, ...]:
        """Return what would have let the statement run."""
        given = privilege or self.privilege.upper()
        given += f" ({self.column})" if self.column else ""
        roles = [f"SET DEFAULT ROLE ALL TO {self.who}" for line in self._roles() if line]
        if self.account is None:
            return (f"GRANT {given} ON {self.on} TO the account",)
        user, host = self.account
        factory = f'netns_account("{user}", host="{host}", grants=["{given} ON {self.on}"])'
        return tuple(
            [*roles[:1], f"GRANT {given} ON {self.on} TO {self.who}", f"or create the account with it: {factory}"][:2]
        )


def on_table(failure: Failure, context: Context) -> Explanation | None:
    """Explain 1142 and 1143: a statement that needs a privilege on a table or on one of its columns."""
    found = _ON_COLUMN.search(failure.message) or _ON_TABLE.search(failure.message)
    if found is None:
        return None
    parts = found.groupdict()
    schema = parts["schema"] or _schema_of(parts["name"], failure)
    name, column = parts["name"], parts.get("column") or ""
    refusal = _Refusal(failure, context, parts["privilege"].split(",")[0], schema, name, column)
    what = f"{refusal.who} has no {parts['privilege'].upper()} privilege on "
    what += f"the column {shown(column)} of {refusal.on}" if column else refusal.on
    return _explanation(refusal, what)


def _schema_of(table: str, failure: Failure) -> str:
    """Return the schema of a table that a message names without it: from the statement, the session or the server."""
    found = re.search(rf"`?(\w+)`?\s*\.\s*`?{re.escape(table)}\b", failure.statement)
    if found:
        return found[1]
    having = [row[0] for row in ask(failure.server, _having(table))]
    selected = failure.session.schema if failure.session else ""
    return selected if selected in having or not having else having[0]


def _having(table: str) -> str:
    return f"SELECT TABLE_SCHEMA FROM information_schema.TABLES WHERE TABLE_NAME = {literal(table)}"


def _missing(refusal: _Refusal) -> str:
    """Return a sentence if the object does not exist: an account without privileges is not told so by the server."""
    name = "" if refusal.name == "*" else refusal.name
    if exists(refusal.server, refusal.schema, name, refusal.routine):
        return ""
    thing = "routine" if refusal.routine else "table" if name else "schema"
    line = put_away_line(refusal.failure, refusal.context, refusal.schema, name)
    full_name = ".".join(map(shown, filter(None, [refusal.schema, name])))
    return line or f"there is no {thing} {full_name}" + near_names(refusal.server, refusal.schema, name)


def _explanation(refusal: _Refusal, what: str, *details: str, privilege: str = "") -> Explanation:
    """Return the explanation. That the object does not exist comes first: then no grant would have helped."""
    missing = "" if refusal.privilege.upper().startswith("CREATE") else _missing(refusal)
    lines = [*([what] if missing else []), *refusal.details(), *details]
    return Explanation(missing or what, tuple(lines[:3]), refusal.remedies(privilege))


def on_schema(failure: Failure, context: Context) -> Explanation | None:
    """Explain 1044: an account without any privilege on a schema."""
    found = _ON_SCHEMA.search(failure.message)
    if found is None:
        return None
    schema = found["schema"]
    privilege = _privilege_on_schema(failure.statement)
    refusal = _Refusal(failure, context, privilege or "SELECT", schema)
    near = refusal.held.near(schema, "*")
    what = f"{refusal.who} has no privilege on the schema {shown(schema)}"
    if near and privilege:
        what = f"{refusal.who} has no {privilege} privilege on the schema {shown(schema)}"
    elif near:
        what = f"{refusal.who} lacks a privilege on the schema {shown(schema)} that {_statement(failure)} needs"
        refusal.privilege = "ALL"
    elsewhere = "" if near else ", ".join(map(str, refusal.held.anywhere()[:3]))
    return _explanation(refusal, what, *([f"its privileges are {elsewhere}"] if elsewhere else []))


def _privilege_on_schema(statement: str) -> str:
    """Return the privilege on a schema that a statement needs, or '' if any privilege is enough."""
    return next((needed for pattern, needed in _ON_SCHEMAS if re.match(pattern, statement, re.IGNORECASE)), "")


def on_routine(failure: Failure, context: Context) -> Explanation | None:
    """Explain 1370: a procedure or a function that the account may not execute."""
    found = _ON_ROUTINE.search(failure.message)
    if found is None:
        return None
    schema, name = found["schema"], found["name"]
    kinds = ask(
        failure.server,
        "SELECT ROUTINE_TYPE FROM information_schema.ROUTINES "
        f"WHERE ROUTINE_SCHEMA = {literal(schema)} AND ROUTINE_NAME = {literal(name)}",
    )
    refusal = _Refusal(failure, context, found["privilege"], schema, name)
    is_call = re.match(r"CALL\b", failure.statement, re.IGNORECASE)
    refusal.routine = kinds[0][0] if kinds else "PROCEDURE" if is_call else "FUNCTION"
    what = f"{refusal.who} has no {found['privilege'].upper()} privilege on the {refusal.routine.lower()} "
    what += f"{shown(schema)}.{shown(name)}"
    return _explanation(refusal, what)


def of_server(failure: Failure, context: Context) -> Explanation | None:
    """Explain 1227: a statement that needs a privilege of the whole server."""
    found = _NEEDED.search(failure.message)
    if found is None:
        return None
    needed = [name.strip() for name in re.split(r", | or ", found[1])]
    best = next((name for name in reversed(needed) if name != "SUPER"), needed[0])
    refusal = _Refusal(failure, context, best, "*")
    what = f"{refusal.who} has no {' and no '.join(needed)} privilege, which "
    what += f"{_statement(failure)} needs" if len(needed) == 1 else f"{_statement(failure)} needs one of"
    if len(needed) > 1:
        what = f"{_statement(failure)} needs {' or '.join(needed)}, and {refusal.who} has none of them"
    if "SERVICE_CONNECTION_ADMIN" in needed and failure.attempt is not None:
        what = f"{refusal.who} may not use the admin endpoint {failure.attempt.endpoint}: it has no {best} privilege"
    return _explanation(refusal, what, privilege=best)


def _statement(failure: Failure) -> str:
    text = failure.statement
    return f'"{text[:50]}{"..." if len(text) > 50 else ""}"' if text else "the statement"
