"""TLS that does not come about: 2026, and 3159."""

from __future__ import annotations

import re

from pytest_netns_mysql.report.explanations.answers import variable
from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.failure import Failure
from pytest_netns_mysql.report.model import Explanation

_NOT_VALID_FOR = re.compile(r"certificate is not valid for '([^']+)'")
_CA = "trust the server's own authority: netns_connect(..., ssl_ca=netns_mysqld.tls.ca)"


def handshake_failed(failure: Failure, _: Context) -> Explanation:
    """Explain 2026: the client or the server refused the TLS handshake."""
    message = failure.message
    found = _NOT_VALID_FOR.search(message)
    if found or "ostname mismatch" in message or "IP address mismatch" in message:
        name = found[1] if found else "the host that the client connected to"
        return Explanation(
            f"TLS: the server's certificate is not valid for {name}, and the client verifies the name",
            ("the certificate that mysqld makes by itself names no host",),
            (
                "connect with ssl_verify_identity=False",
                "or give the server a certificate with this name: ssl_cert, ssl_key",
            ),
        )
    if "certificate" in message.lower() and ("verify failed" in message or "unknown ca" in message):
        return Explanation(
            "TLS: the client does not trust the server's certificate: another authority than that in ssl_ca signed it",
            (_short(message),),
            (_CA, "or do not verify: ssl_verify_cert=False"),
        )
    if "version" in message.lower() or "protocol" in message.lower():
        versions = variable(failure.server, "tls_version")
        return Explanation(
            "TLS: client and server have no protocol version in common",
            ((f"the server's tls_version is {versions}",) if versions else ()) + (_short(message),),
            ("let the client use one of them: tls_versions=[...]",),
        )
    has = variable(failure.server, "have_ssl") or variable(failure.server, "tls_version")
    return Explanation(
        "TLS: the handshake between client and server failed",
        (_short(message), *((f"the server's tls_version is {has}",) if has else ())),
        (_CA, "or connect without TLS: ssl_disabled=True"),
    )


def _short(message: str) -> str:
    return f"the library says: {message[:160]}"


def tls_required(failure: Failure, _: Context) -> Explanation:
    """Explain 3159: the server accepts TLS connections only."""
    client = f" from {failure.attempt.namespace}" if failure.attempt else ""
    return Explanation(
        f"the server requires TLS (require_secure_transport = ON), and the connection{client} does not use it",
        (),
        (
            "connect with TLS: netns_connect(..., ssl_disabled=False)",
            'or let the server do without: netns_mysqld.execute("SET GLOBAL require_secure_transport = OFF")',
        ),
    )
