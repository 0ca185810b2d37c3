"""Accounts that a more specific account hides, and what their users miss."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.access.explanation import HiddenAccount
from pytest_netns_mysql.mysql.access.matching import in_order, matches
from pytest_netns_mysql.mysql.dialects.quoting import decoded

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.access.loginstate import ServerAccount
    from pytest_netns_mysql.mysql.access.refusals import Login
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_GRANT = "GRANT "
_NOTHING = "USAGE ON *.*"


class HiddenAccounts:
    """The accounts behind those that logins get, with the grants that they have and the picked account lacks."""

    def __init__(self, server: Instance) -> None:
        """Remember the server, which is asked for the grants of an account when they are needed."""
        self._server = server
        self._grants = cache(self._read_grants)

    def behind(self, login: Login, picked: ServerAccount) -> tuple[HiddenAccount, ...]:
        """Return the hidden accounts that have a privilege which the picked account lacks.

        An account that an anonymous account hides is always one of them: its user is surprised to be nobody.
        """
        ordered = in_order(login.user, login.state)
        others = [account for account in ordered if account != picked and matches(account, login.origin, login.state)]
        found = []
        for account in others:
            own = self._grants(str(picked))
            missing = tuple(grant for grant in self._grants(str(account)) if grant not in own)
            is_unexpected = account.user != "" and picked.user == ""
            if missing or is_unexpected:
                found.append(HiddenAccount(str(account), missing))
        return tuple(found)

    def _read_grants(self, account: str) -> tuple[str, ...]:
        """Return what an account is granted, each as between GRANT and TO."""
        (rows,) = self._server.administrator.ask(f"SHOW GRANTS FOR {account}")
        lines = [decoded(line) for (line,) in rows]
        grants = [line[len(_GRANT) :].rpartition(" TO ")[0] for line in lines if line.startswith(_GRANT)]
        return tuple(grant for grant in grants if grant != _NOTHING)
