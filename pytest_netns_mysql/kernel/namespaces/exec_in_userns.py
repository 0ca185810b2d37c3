"""A script that enters a user namespace and becomes another program there.

A process with several threads cannot enter a user namespace, and a program may have several before any code of this
package runs. This script has one thread. It runs as a file, by `python -I -S`. Its arguments are the path of the
program and the program's argv.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def command(executable: str, argv: Sequence[str]) -> list[str]:
    """Return the command line that runs a program in a user namespace.

    Args:
        executable: The path of the program.
        argv: The program's argv, whose first word may be another name.
    """
    # -I would ignore PYTHONHOME, without which this interpreter may not find its library.
    isolated = ["-s", "-S"] if "PYTHONHOME" in os.environ else ["-I", "-S"]
    return [sys.executable, *isolated, __file__, executable, *argv]


def main() -> None:
    """Enter a user namespace, then become the program; if the kernel refuses, the program runs outside."""
    folder = os.path.dirname(__file__)  # noqa: PTH120 - pathlib is slow to import
    sys.path[:] = [*(path for path in sys.path if path != folder), _parent_of_package()]
    from pytest_netns_mysql.kernel.namespaces.refusal import StepError
    from pytest_netns_mysql.kernel.namespaces.usernamespace import unshare_user_namespace

    try:
        unshare_user_namespace(starts_workers=True)
    except StepError as error:
        print(f"netns-mysql: the kernel refuses {error.step}: {error}", file=sys.stderr)  # noqa: T201
    executable, *argv = sys.argv[1:]
    os.execv(executable, argv)  # noqa: S606 - no shell is wanted


def _parent_of_package() -> str:
    """Return the directory that contains the package: this file is pytest_netns_mysql/kernel/namespaces/NAME.py."""
    path = os.path.abspath(__file__)  # noqa: PTH100 - pathlib is slow to import
    for _ in range(4):
        path = os.path.dirname(path)  # noqa: PTH120
    return path


if __name__ == "__main__":
    main()
