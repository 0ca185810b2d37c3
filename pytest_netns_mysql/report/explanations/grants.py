"""A statement that the account may not run: 1044, 1142, 1143, 1227, 1370."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from pytest_netns_mysql.mysql.access.grantlines import Grants, clauses_with, shown
from pytest_netns_mysql.mysql.dialects.hostrules import AccountName
from pytest_netns_mysql.mysql.dialects.quoting import literal
from pytest_netns_mysql.report.explanations.answers import ask, grants_of
from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.drivererror import Failure
from pytest_netns_mysql.report.explanations.loginaccounts import (
    account_in_force,
    all_accounts,
    fixture_of,
    picked_for,
    quoted,
    seen_client,
)
from pytest_netns_mysql.report.explanations.schemas import exists, near_names, put_away
from pytest_netns_mysql.report.reportdata import Explanation

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
_MOST, _SHORT, _LONGEST = 3, 60, 150
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
        self.allows_use = False  # any privilege on the schema is enough

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
        held = self._held()
        yield f"{picked}, which has {held}" if picked else f"{self.who} has {held}"

    def _held(self) -> str:
        """Return what the account has on the object, or else anywhere."""
        near, anywhere = self.held.near(self.schema, self.name), self.held.anywhere()
        told = near or anywhere[:_MOST]
        more = "" if near or len(anywhere) <= _MOST else f" and {len(anywhere) - _MOST} more grants"
        return f"only {', '.join(map(str, told))}{more}" if told else "no privilege at all"

    def _roles(self) -> Iterator[str]:
        for role in self.held.roles:
            if grant := grants_of(self.server, role).give(self.privilege, self.schema, self.name, self.column):
                yield f"its role {role} has {grant}, but the role is not active in this connection"

    def _other_accounts(self) -> Iterator[str]:
        for other in self._others():
            grant = grants_of(self.server, quoted(other)).give(self.privilege, self.schema, self.name, self.column)
            if grant is not None:
                yield f"{quoted(other)} has {grant}, {self._why_not(other)}"

    def _why_not(self, other: AccountName) -> str:
        client = seen_client(self.failure)
        if client is None or not client[1] or self.server is None:
            return f"but it is another account than {self.who}"
        if self.server._dialect.host_rules.matches(other[1], client[1], None):
            return f"but the grants of the more specific {self.who} count"
        return f"but a client from {self.context.with_namespace(client[1])} is {self.who}"

    def _others(self) -> list[AccountName]:
        account = self.account
        return [other for other in all_accounts(self.server) if account and other[0] == account[0] and other != account]

    def remedies(self, privilege: str = "") -> tuple[str, ...]:
        """Return what would have let the statement run."""
        given = privilege or self.privilege.upper()
        columns = f" ({self.column})" if self.column else ""
        roles = [f"SET DEFAULT ROLE ALL TO {self.who}, then open a new connection" for line in self._roles() if line]
        if self.account is None:
            return (f"GRANT {given}{columns} ON {self.on} TO the account",)
        grant = f"GRANT {given}{columns} ON {self.on} TO {self.who}"
        if self.allows_use:
            grant = f"any privilege on {shown(self.schema)} allows USE, for example: {grant}"
        other = self._as_administrator() if self.schema == "*" else self._with_grants(given)
        return tuple([*roles[:1], ("or " if roles else "") + grant + self._when(given), other][:2])

    def _when(self, privilege: str) -> str:
        """Return the clause on when a grant takes effect: one of the whole server in new sessions, unless dynamic."""
        is_static = self.schema == "*" and "_" not in privilege and self.failure.attempt is None
        return ", then open a new connection" if is_static else ""

    def _as_administrator(self) -> str:
        statement = self.failure.statement
        text = statement if 0 < len(statement) <= _SHORT and '"' not in statement else "..."
        return f'or run it as the administrator: {fixture_of(self.server)}.execute("{text}")'

    def _with_grants(self, privilege: str) -> str:
        """Return the call that makes the account with what it has and the missing privilege."""
        user, host = self.account or ("", "")
        missing = clauses_with((), privilege, self.on, self.column)
        clauses = clauses_with(self.held.anywhere(), privilege, self.on, self.column)
        written = ", ".join(f'"{each}"' for each in (clauses if len(str(clauses)) <= _LONGEST else missing))
        dots = "" if len(str(clauses)) <= _LONGEST else "..., "
        return f'or create the account with it: netns_account("{user}", host="{host}", grants=[{dots}{written}])'


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


def _missing(refusal: _Refusal) -> Explanation | None:
    """Return the explanation if the object does not exist: an account without privileges is not told so by the server.

    Then no grant would have helped.
    """
    name = "" if refusal.name == "*" else refusal.name
    is_creating = refusal.privilege.upper().startswith("CREATE")
    if is_creating or exists(refusal.server, refusal.schema, name, refusal.routine):
        return None
    if gone := put_away(refusal.failure, refusal.context, refusal.schema, name):
        return gone
    thing = "routine" if refusal.routine else "table" if name else "schema"
    full_name = ".".join(map(shown, filter(None, [refusal.schema, name])))
    near = near_names(refusal.server, refusal.schema, name)
    what = f"there is no {thing} {full_name}" + (f"; there is {', '.join(near)}" if near else "")
    remedy = f"write {' or '.join(near)}" if near else f"create the {thing} {full_name} before"
    return Explanation(what, (), (remedy, f"or {refusal.remedies()[0]}") if not near else (remedy,))


def _explanation(refusal: _Refusal, what: str, *details: str, privilege: str = "") -> Explanation:
    """Return the explanation. That the object does not exist comes first: then no grant would have helped."""
    if missing := _missing(refusal):
        return replace(missing, details=(what, *missing.details, *refusal.details())[:3])
    return Explanation(what, (*refusal.details(), *details)[:3], refusal.remedies(privilege))


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
    refusal.allows_use = not near and not privilege
    return _explanation(refusal, what)


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
