"""TLS that does not come about: 2026, and 3159."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.mysql.dialects.hostrules import AccountName
from pytest_netns_mysql.mysql.dialects.quoting import literal
from pytest_netns_mysql.mysql.mysqld.instance import Instance
from pytest_netns_mysql.report.explanations.answers import ask, variable
from pytest_netns_mysql.report.explanations.calls import call_of, option, options_of, place_of, said, with_key, with_tls
from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.drivererror import Failure
from pytest_netns_mysql.report.explanations.loginaccounts import fixture_of, quoted
from pytest_netns_mysql.report.reportdata import Explanation

_SHA2 = "caching_sha2_password"
_WITHOUT_KEY = ("mysql.connector", "mysqlx")
_LACKS = re.compile(r"certificate verify failed: Missing ([A-Za-z ]*[a-z])")
_NOT_VALID_FOR = re.compile(r"certificate is not valid for '([^']+)'")


def handshake_failed(failure: Failure, _: Context) -> Explanation:
    """Explain 2026: the client or the server refused the TLS handshake."""
    message = failure.message
    text = message.lower()
    found = _NOT_VALID_FOR.search(message)
    if found or "ostname mismatch" in message or "IP address mismatch" in message:
        name = found[1] if found else "the host that the client connected to"
        return Explanation(
            f"TLS: the server's certificate is not valid for {name}, and the client verifies the name",
            ("the certificate that mysqld makes by itself names no host",),
            (
                "connect with ssl_verify_identity=False",
                f"or give the server a certificate for its endpoints: with {fixture_of(failure.server)}.tls."
                "endpoints_certified(): ...",
            ),
        )
    if lacking := _LACKS.search(message):
        return _incomplete(failure, lacking[1])
    if "certificate" in text and ("verify failed" in message or "unknown ca" in message):
        return _untrusted(failure)
    if "version" in text or "protocol" in text:
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
        (_own(failure), "or connect without TLS: ssl_disabled=True"),
    )


def _untrusted(failure: Failure) -> Explanation:
    """Explain a certificate that the client's CA did not sign, or a CA file that holds no CA."""
    given = options_of(failure).get("ssl_ca")
    file = Path(str(given)) if given else None
    client, is_ca = _certificate(file)
    own = _name_of_ca(failure.server)
    details = [f"the server's certificate is signed by its own CA, {own}"] if own else []
    if not is_ca and file is not None:
        what = f"TLS: ssl_ca={file.name} is no CA certificate, so the client trusts no server by it"
        details = [f"it is the certificate of {client}", *details]
    else:
        what = "TLS: the client does not trust the server's certificate: another CA than that in ssl_ca signed it"
        details += [f"the client trusts {client} alone: ssl_ca={file.name}"] if file and client else []
    return Explanation(
        what, tuple(details), (_own(failure), "or do not verify: ssl_verify_cert=False, which hides the error")
    )


def _incomplete(failure: Failure, lacking: str) -> Explanation:
    """Explain a certificate that lacks what RFC 5280 asks for, which Python checks since 3.13."""
    return Explanation(
        f"TLS: the certificate that mysqld makes by itself has no {lacking}, and Python 3.13 and later refuse it",
        (),
        (_own(failure), "or do not verify: ssl_verify_cert=False, which hides the error"),
    )


def _own(failure: Failure) -> str:
    server = fixture_of(failure.server)
    is_complete = sys.version_info >= (3, 13)  # which refuses what mysqld makes by itself
    authority = "certified" if is_complete else f"{server}.tls"
    call = f"{call_of(failure)}({place_of(failure)}, ..., {option(failure, 'ssl_ca', f'str({authority}.ca)')})"
    made = f"with {server}.tls.endpoints_certified() as certified: " if is_complete else ""
    return f"trust the server's own CA: {made}{call}"


def _name_of_ca(server: Instance | None) -> str:
    """Return the subject of the CA that a server uses, or '' if it is not known."""
    if server is None or not (file := variable(server, "ssl_ca")):
        return ""
    with server.network[GLOBAL]:  # the file exists in the sandbox only
        return _certificate(server.datadir / file)[0]


def _certificate(file: Path | None) -> tuple[str, bool]:
    """Return the subject of the certificate in a file, such as ``CN=shop``, and whether it is one of a CA.

    Returns '' and True if the file cannot be read, or the package cryptography is not installed.
    """
    try:
        from cryptography import x509
    except ImportError:
        return "", True
    try:
        certificate = x509.load_pem_x509_certificate(b"" if file is None else file.read_bytes())
    except (OSError, ValueError):
        return "", True
    try:
        is_ca = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        is_ca = certificate.subject == certificate.issuer
    return certificate.subject.rfc4514_string(), is_ca


def _short(message: str) -> str:
    return f"the library says: {message[:160]}"


def tls_required(failure: Failure, _: Context) -> Explanation:
    """Explain 3159: the server accepts TLS connections only."""
    client = f" from {failure.attempt.namespace}" if failure.attempt else ""
    by_program = said(failure)
    return Explanation(
        f"the server requires TLS (require_secure_transport = ON), and the connection{client} does not use it",
        (by_program,) if by_program else (),
        (with_tls(failure), "or let the server do without: SET GLOBAL require_secure_transport = OFF"),
    )


def first_login_without_tls(failure: Failure, account: AccountName) -> Explanation | None:
    """Explain 1045 for a password that may be right: without TLS some drivers cannot send it; else None.

    PyMySQL encrypts the password by the server's RSA public key.
    """
    driver = failure.attempt.driver if failure.attempt and failure.attempt.uses_tls is False else ""
    if driver not in _WITHOUT_KEY:
        return None
    user, host = map(literal, account)
    query = f"SELECT 1 FROM mysql.user WHERE User = {user} AND Host = {host} AND plugin = {literal(_SHA2)}"
    if not ask(failure.server, query):
        return None
    return Explanation(
        f"without TLS {driver} cannot make the first login of {quoted(account)} by {_SHA2}, whatever the password",
        ("if a login with TLS went well before, the password is wrong",),
        (with_tls(failure), with_key(failure)),
    )
