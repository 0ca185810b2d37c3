"""Permission to fetch a product: by the setting netns_fetch, and never from inside a sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_netns_mysql.errors import NetnsError

NEVER = "never"


@dataclass(frozen=True)
class Permission:
    """The user's permission to fetch servers and MySQL Router, and to pull images.

    Attributes:
        fetch: The value of the setting netns_fetch.
        place: The place where the setting was set, or None.
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
        """Raise an error if a product must not or cannot be fetched now.

        Args:
            title: The name of the product in messages, such as ``MySQL Router``.
            product: The name of the product for ``netns-mysql fetch``.
            error: The class of the error.
            where: The setting or factory that needs the product.
            tried: The places where the product was looked for.
            remedies: Remedies other than fetching.

        Raises:
            NetnsError: The error, of class ``error``.
        """
        command = f"netns-mysql fetch {product}"
        if self.is_never:
            raise error(
                f"{title} is not on this machine, and netns_fetch = never: it is not fetched from the machine's "
                "package sources",
                where=self.place or where,
                tried=tried,
                remedies=[
                    f"run `{command}`, which fetches it into the cache, once",
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
                    f"run `{command}` before pytest",
                    "or name the factory's fixture as an argument of a test or fixture: then it is fetched before "
                    "pytest enters the sandbox",
                    *remedies,
                ],
            )


def is_inside() -> bool:
    """Return True if the calling thread is in a sandbox, of its own process or of ``netns-mysql run``."""
    from pytest_netns_mysql.kernel.namespaces.directories import WORK_DIRECTORY

    return (WORK_DIRECTORY / "global").exists()
