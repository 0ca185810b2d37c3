"""Enter a user namespace as a script, for `python -I -S`, and become the program that is named.

A process with threads cannot enter a user namespace, and a program that it becomes may have threads before it can do
anything. This script has one thread. Its arguments are the program's file and its argv.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def command(executable: str, argv: Sequence[str]) -> list[str]:
    """Return the argv that enters a user namespace and becomes ``argv``, run by ``executable``, in it."""
    # -I would have it ignore PYTHONHOME, without which this interpreter may not find its library.
    isolated = ["-s", "-S"] if "PYTHONHOME" in os.environ else ["-I", "-S"]
    return [sys.executable, *isolated, __file__, executable, *argv]


def main() -> None:
    """Enter, then become the program; it is run outside where the kernel refuses, and says so itself."""
    # The package's parent, and nothing else of the folder that it lies in is imported.
    sys.path[:] = [*(path for path in sys.path if path != os.path.dirname(__file__)), _parent()]  # noqa: PTH120
    from pytest_netns_mysql.kernel.namespaces.refusal import StepError
    from pytest_netns_mysql.kernel.namespaces.usernamespace import become_capable

    try:
        become_capable(starts_workers=True)
    except StepError as error:
        print(f"netns-mysql: the kernel refuses {error.step}: {error}", file=sys.stderr)  # noqa: T201
    executable, *argv = sys.argv[1:]
    os.execv(executable, argv)  # noqa: S606 - no shell is wanted


def _parent() -> str:
    file = os.path.abspath(__file__)  # noqa: PTH100 - pathlib is slow to import
    for _ in range(4):
        file = os.path.dirname(file)  # noqa: PTH120
    return file


if __name__ == "__main__":
    main()
