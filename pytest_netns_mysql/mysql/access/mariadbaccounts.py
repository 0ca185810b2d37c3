"""The accounts of a MariaDB server: see its knowledge base, "mysql.global_priv Table"."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.mysql.access.loginstate import LoginErrors, ServerAccount, limit_clauses, tls_clauses
from pytest_netns_mysql.mysql.dialects.quoting import decoded

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.quoting import RawRow

_DAY = 86_400  # seconds
_NATIVE = "mysql_native_password"
_REQUIREMENTS = ("", "ANY", "X509", "SPECIFIED")


class MariaDBLogins:
    """How what decides about logins is read from MariaDB."""

    errors: LoginErrors = LoginErrors(locked=4151, insecure=1045)
    unlimited: frozenset[str] = frozenset({"SUPER", "CONNECTION ADMIN"})
    query = "SELECT User, Host, Priv, UNIX_TIMESTAMP(), @@GLOBAL.default_password_lifetime FROM mysql.global_priv"

    def account(self, row: RawRow) -> ServerAccount:
        """Return the account of a row that ``query`` returned."""
        user, host, document, now, lifetime = map(decoded, row)
        values: dict[str, Any] = json.loads(document)
        return ServerAccount(
            user,
            host,
            plugins=_plugins(values),
            has_password=_has_password(values),
            is_role=bool(values.get("is_role")),
            is_locked=bool(values.get("account_locked")),
            is_expired=_is_expired(values, int(now), int(lifetime)),
            tls=tls_clauses(
                _REQUIREMENTS[values.get("ssl_type", 0)],
                cipher=values.get("ssl_cipher", ""),
                issuer=values.get("x509_issuer", ""),
                subject=values.get("x509_subject", ""),
            ),
            max_user_connections=values.get("max_user_connections", 0),
            limits=limit_clauses(
                (values.get("max_connections", 0), "logins"),
                (values.get("max_questions", 0), "statements"),
                (values.get("max_updates", 0), "statements that write"),
            ),
        )


def _plugins(values: dict[str, Any]) -> tuple[str, ...]:
    """Return the plugins of an account; an empty alternative stands for the account's first plugin."""
    first = values.get("plugin") or _NATIVE
    alternatives = values.get("auth_or") or [{}]
    return tuple(alternative.get("plugin", first) for alternative in alternatives)


def _has_password(values: dict[str, Any]) -> bool:
    """Return True if an account or one of its alternatives has a password."""
    return any(each.get("authentication_string") for each in (values, *values.get("auth_or", ())))


def _is_expired(values: dict[str, Any], now: int, default_lifetime: int) -> bool:
    if "password_last_changed" not in values:
        return False
    changed = int(values["password_last_changed"])
    lifetime = int(values.get("password_lifetime", -1))
    days = default_lifetime if lifetime < 0 else lifetime
    return changed == 0 or 0 < days * _DAY < now - changed
