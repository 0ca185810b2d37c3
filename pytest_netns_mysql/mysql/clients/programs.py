"""Run MySQL's own client programs: their command line, and a private option file, which holds the password."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import ClientError

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.accounts import Account

Launcher = Callable[[list[str]], list[str]]
_READ_NO_OPTION_FILE = ("mysqlrouter",)  # a server, with a configuration of its own


def groups_of(
    account: Account, endpoint: Endpoint, options: Mapping[str, str] | None = None
) -> dict[str, dict[str, str]]:
    """Return what the option file says: who connects, where to, and to which schema; ``options`` beside that."""
    client = {
        **(options or {}),
        "user": account.user,
        "password": account.password,
        "host": endpoint.address,
        "port": str(endpoint.port),
    }
    if not f"{account.user}{account.schema or ''}".isascii():
        # By the locale alone, a client program could send the names in an encoding that has no such letters.
        client = {"loose-default-character-set": "utf8mb4", **client}
    # mysqldump, which reads its own group, knows no such option.
    return {"client": client} if account.schema is None else {"client": client, "mysql": {"database": account.schema}}


def argv(
    program: str,
    arguments: Sequence[str],
    file: Path,
    namespace: str,
    *,
    enters: bool = True,
    launcher: Launcher = list,
) -> list[str]:
    """Return the command line of a client program that reads ``file``, before its own ``arguments``.

    Args:
        program: The program's path.
        arguments: What the program is given behind the option file.
        file: The option file.
        namespace: The namespace that the program connects from.
        enters: Whether the client program ``mysql`` has the option ``--network-namespace``.
        launcher: Turns an argv into one that is run in the namespace, whichever program it is.

    Raises:
        ClientError: An argument would have the program read another file.
    """
    name = Path(program).name
    for argument in arguments:
        if argument.startswith(("--defaults-", "--no-defaults")):
            raise ClientError(
                f"{argument}: the account stands in an option file of its own, which this would leave unread",
                where=f"netns_argv({name!r}, ...)",
                remedies=["leave it out", "or run netns_mysqld.program(...) with arguments of your own"],
            )
    words = [program] if name in _READ_NO_OPTION_FILE else [program, f"--defaults-file={file}"]
    if name == "mysql" and enters and namespace != GLOBAL:
        return [*words, _enter(namespace), *arguments]
    return launcher([*words, *arguments])


def argv_of_mysqlxtest(
    program: str,
    arguments: Sequence[str],
    account: Account,
    endpoint: Endpoint,
    namespace: str,
    *,
    launcher: Launcher = list,
) -> list[str]:
    """Return the command line of mysqlxtest, which reads no option file.

    Raises ClientError for an account with a password, which would stand on it for everybody to see.
    """
    if account.password:
        raise ClientError(
            f"mysqlxtest reads no option file: the password of {account} would stand on the command line",
            where="netns_argv('mysqlxtest', ...)",
            remedies=[
                "use an account without a password, such as the namespace's own",
                "or run netns_mysqld.program('mysqlxtest') with arguments of your own",
            ],
        )
    family = ["--ipv=6"] if ":" in endpoint.address else []
    schema = [f"--schema={account.schema}"] if account.schema is not None else []
    place = [f"--user={account.user}", "--password=", f"--host={endpoint.address}", f"--port={endpoint.port}"]
    place += ["--ssl-mode=REQUIRED"]  # else an account that the server has not met before is refused
    words = [program, *place, *family, *schema]
    return launcher([*words, *arguments]) if namespace == GLOBAL else [*words, _enter(namespace), *arguments]


def _enter(namespace: str) -> str:
    """Return the option of mysql and mysqlxtest; see the manual, "Network Namespace Support"."""
    return f"--network-namespace={namespace}"
