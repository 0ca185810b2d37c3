"""Accounts that a more specific account hides, and what their users miss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.access.explanation import HiddenAccount
from pytest_netns_mysql.mysql.access.grantlines import ALL, Grant, Grants, read_grants
from pytest_netns_mysql.mysql.access.matching import in_order, matches
from pytest_netns_mysql.mysql.dialects.quoting import decoded, identifier, literal
from pytest_netns_mysql.mysql.servernames import MARIADB

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.access.loginstate import ServerAccount
    from pytest_netns_mysql.mysql.access.refusals import Login
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_NOTHING = "USAGE"
_ON_TABLE = (
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "DROP",
    "REFERENCES",
    "INDEX",
    "ALTER",
    "CREATE VIEW",
    "SHOW VIEW",
    "TRIGGER",
)
_ON_SCHEMA = (
    *_ON_TABLE,
    "CREATE TEMPORARY TABLES",
    "LOCK TABLES",
    "EXECUTE",
    "CREATE ROUTINE",
    "ALTER ROUTINE",
    "EVENT",
)
"""What ALL PRIVILEGES on a schema means in MySQL, which lists privileges of the whole server one by one."""


class HiddenAccounts:
    """The accounts behind those that logins get, with the grants that they have and the picked account lacks."""

    def __init__(self, server: Instance) -> None:
        """Remember the server, which is asked for the grants of an account when they are needed."""
        self._server = server
        self._grants = cache(self._read_grants)

    def behind(self, login: Login, picked: ServerAccount, *, is_refused: bool) -> tuple[HiddenAccount, ...]:
        """Return the hidden accounts that have a privilege which the picked account lacks.

        An account that an anonymous account hides is always one of them: its user is surprised to be nobody. So are all
        accounts behind an account that is refused.

        Args:
            login: The login.
            picked: The account that the server picks.
            is_refused: Whether the login by that account is refused.
        """
        ordered = in_order(login.user, login.state)
        others = [account for account in ordered if account != picked and matches(account, login.origin, login.state)]
        if not others:
            return ()
        own, taken = self._with_roles(str(picked)), [self._grants(str(picked))]
        inherits = not self._has_active_roles(picked)
        found = []
        for account in others:
            if inherits:
                inherited = _inherited(self._grants(str(account)), taken, picked, account)
                own.append(inherited)
                taken.append(inherited)
            missing = _missing(self._with_roles(str(account)), own)
            is_unexpected = is_refused or (account.user != "" and picked.user == "")
            if missing or is_unexpected:
                found.append(HiddenAccount(str(account), missing))
        return tuple(found)

    def _has_active_roles(self, account: ServerAccount) -> bool:
        """Return True if an account of MySQL has a role from its login on: then its own grants count alone."""
        if self._server._spec.kind.flavor == MARIADB or not self._grants(str(account)).roles:
            return False
        (((is_active,),),) = self._server._administrator.ask(
            "SELECT @@GLOBAL.activate_all_roles_on_login OR EXISTS (SELECT * FROM mysql.default_roles "
            f"WHERE USER = {literal(account.user)} AND HOST = {literal(account.host)})"
        )
        return is_active == b"1"

    def _with_roles(self, account: str) -> list[Grants]:
        """Return the grants of an account and of the roles that it has, directly or by another role."""
        found: dict[str, Grants] = {}
        waiting = [account]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = self._grants(name)
                waiting += found[name].roles
        return list(found.values())

    def _read_grants(self, account: str) -> Grants:
        (rows,) = self._server._administrator.ask(f"SHOW GRANTS FOR {account}")
        return read_grants(decoded(line) for (line,) in rows)


def _inherited(grants: Grants, taken: Sequence[Grants], picked: ServerAccount, account: ServerAccount) -> Grants:
    """Return the grants of a hidden account that count for the login all the same.

    For a schema, a table or a routine, the server takes the first account with a grant on it whose host matches the
    client, and whose user is that of the picked account; for a schema, an anonymous account will do, too.
    """
    found = []
    for grant in _all([grants], is_revoke=False):
        users = (picked.user, "") if grant.name == "*" else (picked.user,)
        is_taken = any(_is_on_same(grant, each) for each in _all(taken, is_revoke=False))
        if grant.schema != "*" and account.user in users and not is_taken:
            found.append(grant)
    return Grants(tuple(found))


def _is_on_same(grant: Grant, other: Grant) -> bool:
    if grant.name != "*":
        return grant.object == other.object
    return other.name == "*" != other.schema and (grant.is_on(other.schemas) or other.is_on(grant.schemas))


def _missing(hidden: Sequence[Grants], own: Sequence[Grants]) -> tuple[str, ...]:
    """Return what the hidden account may do and the other account may not, a clause for each object."""
    by_object: dict[str, dict[str, None]] = {}
    for grant in _all(hidden, is_revoke=False):
        by_object.setdefault(grant.object, {}).update(dict.fromkeys(_lacking(grant, own)))
    for revoke in _all(own, is_revoke=True):
        for privilege, _ in revoke.privileges:
            if _have(hidden, privilege, revoke) and not _have(own, privilege, revoke):
                by_object.setdefault(revoke.object, {})[privilege] = None
    return tuple(f"{', '.join(privileges)} ON {on}" for on, privileges in by_object.items() if privileges)


def _all(several: Sequence[Grants], *, is_revoke: bool) -> Iterator[Grant]:
    return (grant for grants in several for grant in grants.grants if grant.is_revoke == is_revoke)


def _lacking(grant: Grant, own: Sequence[Grants]) -> Iterator[str]:
    """Yield the privileges of a grant that an account does not have."""
    for privilege, columns in grant.privileges:
        if columns:
            missing = [column for column in columns if not _have(own, privilege, grant, column)]
            yield from [f"{privilege} ({', '.join(map(identifier, missing))})"] if missing else []
        elif privilege != _NOTHING and not _have(own, privilege, grant):
            every = _meant_by_all(grant) if privilege == ALL else ()
            lacking = [each for each in every if not _have(own, each, grant)]
            yield from [privilege] if len(lacking) == len(every) else lacking


def _meant_by_all(grant: Grant) -> tuple[str, ...]:
    if grant.schema == "*":
        return ()
    return _ON_SCHEMA if grant.name == "*" else _ON_TABLE


def _have(several: Sequence[Grants], privilege: str, on: Grant, column: str = "") -> bool:
    return any(grants.give(privilege, on.schemas, on.name, column) is not None for grants in several)
