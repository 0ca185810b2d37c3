"""A schema, a table or an account that is not there: 1049, 1146, 1396, 1410, 1449, 3523."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from pytest_netns_mysql.mysql.dialects.quoting import literal
from pytest_netns_mysql.mysql.mysqld.instance import Instance
from pytest_netns_mysql.report.explanations.answers import names
from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.drivererror import Failure
from pytest_netns_mysql.report.explanations.loginaccounts import all_accounts, fixture_of, named_client, quoted
from pytest_netns_mysql.report.reportdata import Explanation

_SCHEMA = re.compile(r"Unknown database '(.+)'")
_TABLE = re.compile(r"Table '([^'.]+)\.([^']+)' doesn't exist")
_OPERATION = re.compile(r"Operation ([A-Z ]+) failed for (.+?)(?: \(|$)")
_KEEP = 'or let the tests build on each other: @pytest.mark.netns_leftovers("keep") on their class or module'
_FIXTURE = "create it in a fixture of a wider scope: what such a fixture makes stays for all its tests"
_NEAR = 0.6
_DEFINED = (
    "SELECT CONCAT('view ', TABLE_SCHEMA, '.', TABLE_NAME) FROM information_schema.VIEWS",
    "SELECT CONCAT(LOWER(ROUTINE_TYPE), ' ', ROUTINE_SCHEMA, '.', ROUTINE_NAME) FROM information_schema.ROUTINES",
    "SELECT CONCAT('trigger ', TRIGGER_SCHEMA, '.', TRIGGER_NAME) FROM information_schema.TRIGGERS",
)


def exists(server: Instance | None, schema: str, name: str = "", routine: str = "") -> bool:
    """Return True if a schema, a table or a routine exists, or if the server cannot be asked."""
    if server is None or not server.is_running or schema in ("", "*"):
        return True
    if not name:
        return bool(names(server, f"SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {literal(schema)}"))
    table, column = ("ROUTINES", "ROUTINE") if routine else ("TABLES", "TABLE")
    condition = f"{column}_SCHEMA = {literal(schema)} AND {column}_NAME = {literal(name)}"
    return bool(names(server, f"SELECT 1 FROM information_schema.{table} WHERE {condition}"))


def near_names(server: Instance | None, schema: str, table: str = "") -> list[str]:
    """Return the schemas, or the tables of a schema as ``shop.orders``, that have a similar name, the nearest first."""
    query = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA"
    if table:
        query = f"SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {literal(schema)}"
    near = difflib.get_close_matches(table or schema, names(server, query), 3, _NEAR)
    return [f"{schema}.{name}" for name in near] if table else near


@dataclass(frozen=True)
class _Gone:
    """Why a schema or a table is not there any more: a clause, what the mode is, and what keeps it."""

    clause: str
    reason: str
    remedies: tuple[str, ...]


def _put_away(failure: Failure, context: Context, schema: str, table: str) -> _Gone | None:
    """Return why a schema or a table went away after an earlier test, if it did."""
    server, known = failure.server.name if failure.server else "", context.put_away
    went_with = [table, ""] if table and not exists(failure.server, schema) else [table]
    for part in went_with:
        if test := known.get((server, schema, part)):
            thing = "" if part == table else f"with its schema {schema} "
            return _Gone(
                f"{test} created it, and it was dropped {thing}after that test",
                f"netns_leftovers = {context.leftovers}: what a test changes on a server is undone at its end",
                (_FIXTURE, _KEEP),
            )
    if (test := known.get(("", schema, ""))) and not near_names(failure.server, schema, table):
        return _Gone(
            f"{schema} belongs to the account of each test, and is dropped with it",
            f"the last test with this schema was {test}",
            ("create it in this test, or in a function-scoped fixture", "or in a schema that a wider fixture makes"),
        )
    return None


def put_away(failure: Failure, context: Context, schema: str, table: str = "") -> Explanation | None:
    """Return the explanation that says after which test a schema or a table went away, or None."""
    gone = _put_away(failure, context, schema, table)
    if gone is None:
        return None
    what = f"there is no {_named(failure, schema, table)} any more: {gone.clause}"
    return Explanation(what, (gone.reason,), gone.remedies)


def _named(failure: Failure, schema: str, table: str) -> str:
    """Return what is not there; a schema in the word of the error, too, which may be ``database``."""
    if table:
        return f"table {schema}.{table}"
    return f"schema (database) {schema}" if "database" in failure.message else f"schema {schema}"


def unknown_schema(failure: Failure, context: Context) -> Explanation | None:
    """Explain 1049: there is no such schema."""
    found = _SCHEMA.search(failure.message)
    return None if found is None else _gone(failure, context, found[1])


def unknown_table(failure: Failure, context: Context) -> Explanation | None:
    """Explain 1146: there is no such table."""
    found = _TABLE.search(failure.message)
    return None if found is None else _gone(failure, context, found[1], found[2])


def _gone(failure: Failure, context: Context, schema: str, table: str = "") -> Explanation:
    name = _named(failure, schema, table)
    if gone := put_away(failure, context, schema, table):
        return gone
    details = []
    if table and not exists(failure.server, schema):
        details.append(f"there is no schema {schema} either")
    near = near_names(failure.server, schema, table)
    details += [f"there is {', '.join(near)}, with a similar name"] if near else []
    details += _elsewhere(failure, context, schema, table)
    if failure.server and (test := context.put_away.get((failure.server.name, "", ""))):
        details.append(f"{fixture_of(failure.server)} was started anew after {test}: what earlier tests left is gone")
    create = f"CREATE TABLE {schema}.{table} (...)" if table else f"CREATE SCHEMA {schema}"
    return Explanation(
        f"there is no {name} on {fixture_of(failure.server)}",
        tuple(details[:3]),
        (f"write {' or '.join(near)}",)
        if near
        else (
            f"create it in the test or in a fixture: {create}",
            "or load it when the server starts: factories.mysqld(load=[...])",
        ),
    )


def _elsewhere(failure: Failure, context: Context, schema: str, table: str) -> list[str]:
    others = [server for server in context.servers if server is not failure.server and server.is_running]
    return [f"the server {server.name} has it" for server in others if exists(server, schema, table)][:1]


def account_operation(failure: Failure, _: Context) -> Explanation | None:
    """Explain 1396: an account to be created exists, or an account to be changed or dropped does not."""
    found = _OPERATION.search(failure.message)
    if found is None:
        return None
    verb, account = found[1], found[2]
    if verb.startswith("CREATE"):
        return Explanation(
            f"{verb} was refused: {account} exists already",
            ("an account is user and host: accounts of the same user with other hosts are others",),
            (
                f"{verb} IF NOT EXISTS {account}",
                "or create it with netns_account(...), which drops it when the test ends",
            ),
        )
    client = named_client(account)
    same = [quoted(name) for name in all_accounts(failure.server) if client and name[0] == client[0] and name != client]
    near = f"the accounts of that user are {', '.join(same[:5])}" if same else "no account has that user name"
    return Explanation(
        f"{verb} was refused: there is no account {account}",
        (near,),
        (f"{verb} {same[0]}",) if same else (f"{verb} IF EXISTS {account}",),
    )


def grant_creates_no_account(failure: Failure, _: Context) -> Explanation | None:
    """Explain 1410: GRANT for an account that does not exist, which GRANT no longer creates."""
    client = named_client(failure.statement.replace("`", "'")) or _granted(failure.statement)
    account = quoted(client) if client else "the account"
    same = [quoted(name) for name in all_accounts(failure.server) if client and name[0] == client[0]]
    return Explanation(
        f"GRANT does not create accounts, and there is no account {account}",
        (f"the accounts of that user are {', '.join(same[:5])}",) if same else (),
        (
            f"CREATE USER {account}",
            f"or GRANT ... TO {same[0]}" if same else "or create it with netns_account(..., grants=[...])",
        ),
    )


def _granted(statement: str) -> tuple[str, str] | None:
    found = re.search(r"\bTO [`']?([\w.]+)[`']?(?:@[`']?([\w.%:/]+)[`']?)?", statement, re.IGNORECASE)
    return None if found is None else (found[1], found[2] or "%")


def definer_missing(failure: Failure, _: Context) -> Explanation | None:
    """Explain 1449: a view, a routine or a trigger whose definer does not exist."""
    client = named_client(failure.message)
    if client is None:
        return None
    account = quoted(client)
    conditions = f"DEFINER = {literal('@'.join(client))}"
    found = names(failure.server, " UNION ALL ".join(f"{query} WHERE {conditions}" for query in _DEFINED))
    thing = found[0] if len(found) == 1 else "what the statement uses"
    return Explanation(
        f"{thing} runs with the privileges of its definer {account}, and that account does not exist",
        (f"of this definer are: {', '.join(found[:5])}",) if len(found) > 1 else (),
        (f"CREATE USER {account}, with the privileges that it needs", "or define it anew with SQL SECURITY INVOKER"),
    )
