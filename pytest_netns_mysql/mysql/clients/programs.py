"""Command lines for MySQL's client programs, with a private option file for the password."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import ClientError

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.account import Account

Launcher = Callable[[list[str]], list[str]]
_WITHOUT_OPTION_FILE = ("mysqlrouter",)  # a server, which has its own configuration file


def groups_of(
    account: Account, endpoint: Endpoint, options: Mapping[str, str] | None = None
) -> dict[str, dict[str, str]]:
    """Return the groups of an option file for a client.

    Args:
        account: The account that the client logs in as, and whose schema it selects.
        endpoint: The endpoint that the client connects to.
        options: Further options of the group ``client``.
    """
    client = {
        **(options or {}),
        "user": account.user,
        "password": account.password,
        "host": endpoint.address,
        "port": str(endpoint.port),
    }
    if not f"{account.user}{account.schema or ''}".isascii():
        # With the character set of the locale, a client program could fail to encode the names.
        client = {"loose-default-character-set": "utf8mb4", **client}
    # The option "database" is for mysql only: mysqldump would refuse it in the group "client".
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
    """Return the command line of a client program that reads an option file.

    Args:
        program: The program's path.
        arguments: The arguments after the option file.
        file: The option file.
        namespace: The namespace that the program connects from.
        enters: True if the program ``mysql`` has the option ``--network-namespace``.
        launcher: Returns a command line that runs another command line in the namespace.

    Raises:
        ClientError: An argument would make the program read another option file.
    """
    name = Path(program).name
    for argument in arguments:
        if argument.startswith(("--defaults-", "--no-defaults")):
            raise ClientError(
                f"{argument} would make {name} ignore the option file with the account",
                where=f"netns_argv({name!r}, ...)",
                remedies=[f"leave {argument} out", "or run netns_mysqld.program(...) with arguments of your own"],
            )
    words = [program] if name in _WITHOUT_OPTION_FILE else [program, f"--defaults-file={file}"]
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
    """Return the command line of mysqlxtest, which does not read option files.

    Args:
        program: The program's path.
        arguments: Further arguments.
        account: The account that the program logs in as.
        endpoint: The endpoint that the program connects to.
        namespace: The namespace that the program connects from.
        launcher: Returns a command line that runs another command line in the namespace.

    Raises:
        ClientError: The account has a password, which all users of the machine could see on the command line.
    """
    if account.password:
        raise ClientError(
            f"mysqlxtest reads no option file: all users could see the password of {account} on its command line",
            where="netns_argv('mysqlxtest', ...)",
            remedies=[
                "use an account without a password, such as the namespace's own",
                "or run netns_mysqld.program('mysqlxtest') with arguments of your own",
            ],
        )
    family = ["--ipv=6"] if ":" in endpoint.address else []
    schema = [f"--schema={account.schema}"] if account.schema is not None else []
    place = [f"--user={account.user}", "--password=", f"--host={endpoint.address}", f"--port={endpoint.port}"]
    place += ["--ssl-mode=REQUIRED"]  # without TLS the server refuses an account until its password is in the cache
    words = [program, *place, *family, *schema]
    return launcher([*words, *arguments]) if namespace == GLOBAL else [*words, _enter(namespace), *arguments]


def _enter(namespace: str) -> str:
    """Return the option by which mysql and mysqlxtest enter a namespace; see "Network Namespace Support"."""
    return f"--network-namespace={namespace}"
