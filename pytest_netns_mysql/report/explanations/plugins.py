"""Authentication plugins that client or server lack: 1251, 1524, 2059, 2061."""

from __future__ import annotations

import re

from pytest_netns_mysql.report.explanations.calls import said, with_key, with_tls
from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.drivererror import Failure
from pytest_netns_mysql.report.explanations.loginaccounts import account_in_force, is_mariadb, quoted
from pytest_netns_mysql.report.explanations.noaccount import without_account
from pytest_netns_mysql.report.reportdata import Explanation

_SHA = re.compile(r"(?:caching_sha2|sha256)_password")
_PLUGIN = re.compile(r"[Pp]lugin '([\w.]+)'")


def _plugin(failure: Failure) -> str:
    found = _PLUGIN.search(failure.message)
    return found[1].removesuffix(".so") if found else "of this account"


def not_loaded(failure: Failure, _: Context) -> Explanation:
    """Explain 1524: the server does not have the plugin of an account."""
    plugin = _plugin(failure)
    old = " MySQL 9 has it no longer." if plugin == "mysql_native_password" else ""
    return Explanation(
        f"the server has no authentication plugin {plugin}",
        (f"an account that uses it cannot log in or be created.{old}",),
        (
            "ALTER USER ... IDENTIFIED BY '...'"
            if is_mariadb(failure.server)
            else "ALTER USER ... IDENTIFIED WITH caching_sha2_password BY '...'",
            "or name no plugin: the server takes its default",
        ),
    )


def client_lacks(failure: Failure, context: Context) -> Explanation:
    """Explain 1251 and 2059: the client does not have a plugin that the account or the client's options ask for."""
    if missing := without_account(failure, context):
        return missing
    account = account_in_force(failure, context)
    driver = failure.attempt.driver if failure.attempt else "the client"
    name = quoted(account) if account else "..."
    return Explanation(
        f"{driver} does not have the authentication plugin {_plugin(failure)}, by which this login is to be made",
        (f"the server picked {name} for this login",) if account else (),
        (
            f"give the account the server's default plugin: ALTER USER {name} IDENTIFIED BY '...'",
            "or use a driver that has the plugin, and no auth_plugin option",
        ),
    )


def needs_secure_connection(failure: Failure, context: Context) -> Explanation:
    """Explain 2061: caching_sha2_password sends a password over TLS only, the first time."""
    if missing := without_account(failure, context):
        return missing
    found = _SHA.search(failure.message)
    plugin = found[0] if found else "caching_sha2_password"
    return Explanation(
        f"{plugin} needs TLS or the server's RSA public key for the first login of an account, "
        "and the client had neither",
        tuple(filter(None, [said(failure)])),
        (with_tls(failure), with_key(failure)),
    )
