"""Whether something that is not on this machine may be brought now: the setting netns_fetch, and where we stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_netns_mysql.errors import NetnsError

NEVER = "never"


@dataclass(frozen=True)
class Permission:
    """Whether servers, MySQL Router and images may be brought to this machine.

    Attributes:
        fetch: The value of the setting netns_fetch.
        place: Where that was set, or None.
    """

    fetch: str = "auto"
    place: str | None = None

    @property
    def is_never(self) -> bool:
        """True if the setting forbids fetching and pulling."""
        return self.fetch == NEVER

    def require(
        self,
        title: str,
        product: str,
        *,
        error: type[NetnsError],
        where: str | None = None,
        tried: Sequence[str] = (),
        remedies: Sequence[str] = (),
    ) -> None:
        """Raise an error if a product may not be fetched now, or cannot be.

        Args:
            title: What messages call the product: ``MySQL Router``.
            product: Its name for ``netns-mysql fetch``.
            error: The class of the error.
            where: The setting or factory that asks for it.
            tried: Where the product was looked for.
            remedies: Ways out beside fetching.

        Raises:
            NetnsError: One of class ``error``.
        """
        command = f"netns-mysql fetch {product}"
        if self.is_never:
            raise error(
                f"{title} is not on this machine, and netns_fetch = never: it is not fetched from the machine's "
                "package sources",
                where=self.place or where,
                tried=tried,
                remedies=[
                    f"run `{command}`, which fetches it once, into the cache",
                    *remedies,
                    "set netns_fetch = auto: the run fetches it",
                ],
            )
        if is_inside():
            raise error(
                f"{title} is not on this machine, and cannot be fetched from inside the sandbox, which has no way to "
                "the package sources",
                where=where,
                tried=tried,
                remedies=[
                    f"run `{command}` before",
                    "let it be known at collection: a test, or a fixture that it asks for by an argument, asks for the "
                    "factory's fixture; then it is fetched before the sandbox is entered",
                    *remedies,
                ],
            )


def is_inside() -> bool:
    """Return True if the calling thread stands in a sandbox: one of its own process, or of ``netns-mysql run``."""
    from pytest_netns_mysql.kernel.namespaces.directories import WORK_DIRECTORY

    return (WORK_DIRECTORY / "global").exists()
