"""Accounts that a more specific account hides, and what their users miss."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.access.explanation import HiddenAccount
from pytest_netns_mysql.mysql.access.matching import in_order, matches
from pytest_netns_mysql.mysql.dialects.quoting import decoded

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.access.loginstate import ServerAccount
    from pytest_netns_mysql.mysql.access.refusals import Login
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_GRANT = re.compile(r"GRANT (?P<what>.*?)(?: ON (?P<object>.*))? TO ", re.DOTALL)
_PRIVILEGE = re.compile(r"(?:[^,(]|\([^)]*\))+")
_EVERYTHING = "*.*"
_ALL = "ALL PRIVILEGES"
_NOTHING = "USAGE"

Grants = Mapping[str, Sequence[str]]
"""Privileges by the object that they are on, '' for roles."""


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
        found = []
        for account in others:
            missing = _missing(self._grants(str(account)), self._grants(str(picked)))
            is_unexpected = is_refused or (account.user != "" and picked.user == "")
            if missing or is_unexpected:
                found.append(HiddenAccount(str(account), missing))
        return tuple(found)

    def _read_grants(self, account: str) -> Grants:
        (rows,) = self._server.administrator.ask(f"SHOW GRANTS FOR {account}")
        found: dict[str, list[str]] = {}
        for (line,) in rows:
            grant = _GRANT.match(decoded(line))
            if grant is not None:
                privileges = [privilege.strip() for privilege in _PRIVILEGE.findall(grant["what"])]
                found.setdefault(grant["object"] or "", []).extend(privileges)
        return found


def _missing(grants: Grants, own: Grants) -> tuple[str, ...]:
    """Return what the first grants allow and the others do not, a clause for each object."""
    everywhere = own.get(_EVERYTHING, ())
    clauses = []
    for on, privileges in grants.items():
        held = {_NOTHING, *own.get(on, ()), *everywhere}
        missing = [privilege for privilege in privileges if not held & {privilege, _ALL}]
        if missing:
            clauses.append(", ".join(missing) + (f" ON {on}" if on else ""))
    return tuple(clauses)
