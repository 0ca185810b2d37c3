"""The accounts of a MySQL server: see the manual, "Grant Tables"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.access.loginstate import LoginErrors, ServerAccount, limit_clauses, tls_clauses
from pytest_netns_mysql.mysql.dialects.quoting import decoded

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.quoting import RawRow

# Such as `writer`@`%`,reader; without quotes and spaces.
_MANDATORY = "REGEXP_REPLACE(@@GLOBAL.mandatory_roles, '[`\\'\" ]', '')"
_IS_MANDATORY = f"FIND_IN_SET(CONCAT(User, '@', Host), {_MANDATORY}) OR Host = '%' AND FIND_IN_SET(User, {_MANDATORY})"
_LIFETIME = "COALESCE(password_lifetime, @@GLOBAL.default_password_lifetime)"
_HAS_AGED = f"{_LIFETIME} > 0 AND password_last_changed + INTERVAL {_LIFETIME} DAY < NOW()"


class MySQLLogins:
    """How what decides about logins is read from MySQL."""

    errors: LoginErrors = LoginErrors(locked=3118, insecure=3159)
    unlimited: frozenset[str] = frozenset()
    query: str = (
        "SELECT User, Host, plugin, authentication_string <> '', account_locked = 'Y', password_expired = 'Y', "
        f"{_HAS_AGED}, ssl_type, ssl_cipher, x509_issuer, x509_subject, max_user_connections, max_connections, "
        "max_questions, max_updates, "
        "EXISTS (SELECT * FROM mysql.role_edges WHERE FROM_USER = User AND FROM_HOST = Host) "
        f"OR {_IS_MANDATORY} FROM mysql.user"
    )

    def account(self, row: RawRow) -> ServerAccount:
        """Return the account of a row that ``query`` returned."""
        user, host, plugin, is_set, locked, expired, aged, *others = map(decoded, row)
        kind, cipher, issuer, subject, together, connections, questions, updates, has_grantees = others
        has_password, is_locked, is_expired = is_set == "1", locked == "1", expired == "1"
        # The table does not tell roles from accounts: CREATE ROLE makes an account like this.
        is_like_a_role = is_locked and is_expired and not has_password
        return ServerAccount(
            user,
            host,
            plugins=(plugin,),
            has_password=has_password,
            is_role=is_like_a_role and has_grantees == "1",
            may_be_role=is_like_a_role,
            is_locked=is_locked,
            is_expired=is_expired or aged == "1",
            tls=tls_clauses(kind, cipher=cipher, issuer=issuer, subject=subject),
            max_user_connections=int(together),
            limits=limit_clauses(
                (int(connections), "logins"), (int(questions), "statements"), (int(updates), "statements that write")
            ),
        )
