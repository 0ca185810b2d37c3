"""A statement that an option of the server forbids: 1290, 1836."""

from __future__ import annotations

import re

from pytest_netns_mysql.mysql.mysqld.instance import Instance
from pytest_netns_mysql.report.explanations.answers import variable
from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.drivererror import Failure
from pytest_netns_mysql.report.explanations.loginaccounts import fixture_of, is_mariadb
from pytest_netns_mysql.report.reportdata import Explanation

_OPTION = re.compile(r"running with the ([\w-]+(?:=\w+)?|[^ ]+) option")


def option_forbids(failure: Failure, _: Context) -> Explanation | None:
    """Explain 1290 and 1836: the server is read-only, or an option forbids the statement."""
    found = _OPTION.search(failure.message)
    option = found[1].lstrip("-").replace("-", "_") if found else "read_only"
    server = failure.server
    name = fixture_of(server)
    if option.split("=")[0] not in ("read_only", "super_read_only"):
        remedy = f"restart it with another value: {name}.restart(..., {option.split('=')[0]}=...)"
        return Explanation(
            f"{name} runs with the option {option}, which forbids this statement",
            (f"its value is {variable(server, option.split('=')[0])}",) if found else (),
            (remedy if "secure_file_priv" not in option else _FILES,),
        )
    is_super = variable(server, "super_read_only") in ("ON", "1")
    is_replica = server is not None and server.writable is not server
    details = ["it is a replica: writes go to its source"] if is_replica else []
    details += ["not even an administrator may write: super_read_only = ON"] if is_super else []
    return Explanation(
        f"{name} is read-only ({option} = ON), and the statement writes",
        tuple(details),
        (
            "write on the source" if is_replica else f"SET GLOBAL {option} = OFF",
            f"or use an account that may: GRANT {_privilege(server)} ON *.* TO ..." if not is_super else "",
        )[: 1 if is_super else 2],
    )


_FILES = "read and write files in the folder that secure_file_priv names"


def _privilege(server: Instance | None) -> str:
    """Return the privilege to write although read_only = ON."""
    return "READ_ONLY ADMIN" if is_mariadb(server) else "CONNECTION_ADMIN"
