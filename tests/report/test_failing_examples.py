"""The examples that fail: each explains itself on the terminal, in less than forty lines."""

from __future__ import annotations

import re
import shutil
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.support.suites import InnerRun, Suite, parts_of_failure

_EXAMPLES = Path(__file__).parents[2] / "examples" / "failing"
_LONGEST = 40  # lines of a failure

CAUSES = {
    "logins": {
        "wrong_origin": "the connection comes from 198.51.100.2 (namespace blue, which the call names), not from *",
        "no_account_for_this_host": "app has no account that matches 192.0.2.2 (namespace red)",
        "host_that_no_account_has": "app has no account that matches 192.0.2.2 (namespace red)",
        "wrong_password": "wrong password for 'app'@'192.0.2.%', which the server picked for app from *",
        "account_of_another_host_is_picked": "the server picked 'app'@'192.0.2.2', not 'app'@'%', and the *",
        "account_requires_tls": "the account 'app'@'192.0.2.2' requires TLS, and the connection did not use TLS",
        "account_requires_a_certificate": "the account 'app'@'192.0.2.2' requires a client certificate *",
        "account_is_locked": "the account 'app'@'192.0.2.2' is locked",
        "password_has_expired": "the password of the account 'app'@'192.0.2.2' has expired, *",
        "account_is_for_the_unix_socket": "'backup'@'192.0.2.2' logs in by auth_socket, which accepts connections *",
        "server_requires_tls": "the server requires TLS (require_secure_transport = ON), *",
        "certificate_of_another_authority": "TLS: the client does not trust the server's certificate: another CA *",
        "password_needs_a_secure_connection": "caching_sha2_password needs TLS or the server's RSA public key *",
        "host_is_blocked": "the server blocks 192.0.2.2 (namespace red): too many connections from there broke off *",
    },
    "grants": {
        "no_privilege_on_the_schema": "'app'@'192.0.2.2' has no privilege on the schema shop",
        "the_grant_belongs_to_another_host": "'app'@'192.0.2.2' has no INSERT privilege on shop.orders",
        "no_privilege_on_the_column": "'app'@'192.0.2.2' has no SELECT privilege on the column total of shop.orders",
        "no_privilege_on_the_procedure": "'app'@'192.0.2.2' has no EXECUTE privilege on the procedure shop.close_day",
        "no_privilege_of_an_administrator": '"SET GLOBAL max_connections = 5" needs SUPER or SYSTEM_VARIABLES_ADMIN, *',
    },
    "limits": {
        "too_many_connections": "the server has no connection left: max_connections is 4, set by SET GLOBAL *",
        "too_many_connections_of_a_user": "'app'@'192.0.2.2' has all the connections that it may have: *",
        "too_many_statements_of_an_account": "the account 'app'@'192.0.2.2' has used its 1 connection per hour *",
    },
    "network": {
        "link_is_down": "red cannot reach 198.51.100.2 port 3306 (namespace blue): the link of blue to global is down",
        "partition": "red cannot reach 198.51.100.2 port 3306 (namespace blue): *partition*",
        "nobody_listens_there": "nothing listens at 192.0.2.1 port 3306 (namespace global): *",
        "server_was_killed": "netns_mysqld was killed by the test (SIGKILL), and all its connections ended",
        "server_crashes": "netns_mysqld was ended by SIGSEGV while connection * was open",
        "connection_was_killed": "connection * was killed: netns_mysqld.execute ran KILL *",
    },
    "schemas": {
        "second_wants_the_schema": "there is no schema (database) stock any more: *test_first_makes_the_schema *",
        "table_with_a_typing_error": "there is no table shop.order on netns_mysqld",
        "deadlock": "deadlock: two transactions each waited for a lock of the other, *",
        "lock_wait_timeout": "the statement gave up waiting for a row lock that connection * holds",
    },
    "mistakes": {
        "endpoint_in_an_unknown_namespace": "the error itself says what is wrong, and what to do",
        "endpoint_that_the_server_does_not_have": "the error itself says what is wrong, and what to do",
    },
}

SAMPLES = {
    "logins": {"docs/howto/refused-login.md": "test_account_of_another_host_is_picked"},
    "grants": {"docs/howto/reports.md": "test_the_grant_belongs_to_another_host"},
}
"""The pages that show what one of the examples prints."""


def because_of(page: str) -> list[str]:
    """Return the explanation in the sample of a page."""
    (text,) = re.findall(r"^because {4}(.*\n(?: {11}.*\n)*)", (_EXAMPLES.parents[1] / page).read_text(), re.MULTILINE)
    return [line.strip() for line in text.splitlines()]


@pytest.fixture
def failing(pytester: pytest.Pytester) -> Path:
    """A copy of the examples, where pytest is to run."""
    shutil.copytree(_EXAMPLES, pytester.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    return pytester.path


def lines_of_failure(result: InnerRun, name: str) -> list[str]:
    """Return what the terminal shows of one failed test, without what was put back after it."""
    _, _, text = result.stdout.str().partition(f" {name} ___")
    lines = text.splitlines()[1:]
    ends = [line.startswith(("___", "===")) or " (teardown) -" in line for line in lines]
    return lines[: ends.index(True)]


@pytest.mark.parametrize(
    "file",
    [pytest.param(file, marks=[pytest.mark.as_user] if file in ("logins", "network") else []) for file in CAUSES],
)
def test_each_explains_itself(suite: Suite, failing: Path, file: str) -> None:
    result = suite.run(f"{file}.py", "--color=no", "-p", "no:cacheprovider")
    result.assert_outcomes(failed=len(CAUSES[file]), **({"passed": 1} if file == "schemas" else {}))
    wrong = {}
    for name, cause in CAUSES[file].items():
        full = f"test_{name}[names]" if name == "host_is_blocked" else f"test_{name}"
        because = parts_of_failure(result, full)["because"]
        if not fnmatchcase(because[0], cause.replace("[", "[[]")):
            wrong[name] = because
        assert len(lines_of_failure(result, full)) < _LONGEST, f"{name} is long"
    assert wrong == {}
    for page, name in SAMPLES.get(file, {}).items():
        assert because_of(page) == parts_of_failure(result, name)["because"]


def test_an_unknown_namespace_is_an_error_before_any_server_starts(suite: Suite, failing: Path) -> None:
    result = suite.run("unknown_namespace.py", "--color=no")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "there is no namespace 'green'",
            "  where: @pytest.mark.netns of unknown_namespace.py::test_in_green",
            "  tried: topology red-blue (preset red-blue) has red, blue, global",
            "  do: use one of these names, or add the namespace to the topology",
        ]
    )
