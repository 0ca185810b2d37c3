"""Connection options: common names for every driver that is known here, translated to the driver's own names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import ClientError

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.drivers.driver import Options

ALIASES: Mapping[str, str] = {
    "username": "user",
    "passwd": "password",
    "db": "database",
    "schema": "database",
    "connect_timeout": "connection_timeout",
    "socket": "unix_socket",
    "local_infile": "allow_local_infile",
    "client_flag": "client_flags",
}
"""The drivers' other names of an option, and the common name, which is mysql.connector's."""

CONNECT_TIMEOUT = 10
"""The seconds after which a silent server is given up, which is the default of PyMySQL and of X DevAPI."""

_TLS_OPTIONS = ("ssl_disabled", "ssl_ca", "ssl_cert", "ssl_key", "ssl_verify_cert", "ssl_verify_identity")


@dataclass(frozen=True, eq=False)
class DriverOptions:
    """The options of a driver.

    Attributes:
        label: The driver's name, for errors.
        option_names: Returns the names of the options that the driver takes.
        own_names: The driver's names of options, by the common names, if they differ.
        convert: Returns options in the driver's form, if the form differs.
        aliases: The common names of options, by the other names that the driver's users may write.
        needs_timeout: True if the driver would wait for a silent server without a limit.
    """

    label: str
    option_names: Callable[[], frozenset[str]]
    own_names: Mapping[str, str] = field(default_factory=dict)
    convert: Callable[[Options], Options] = dict
    aliases: Mapping[str, str] = field(default_factory=lambda: ALIASES)
    needs_timeout: bool = False

    def with_common_names(self, options: Mapping[str, Any]) -> Options:
        """Return options by their common names, such as ``database`` for ``db``.

        Raises ClientError if an option is given twice, by two names.
        """
        given: dict[str, tuple[str, Any]] = {}
        for name, value in options.items():
            common = self.aliases.get(name, name)
            if common in given:
                raise ClientError(
                    f"{common} is given twice, as {given[common][0]}= and as {name}=",
                    where=f"options of {self.label}",
                    remedies=[f"write {common}= only"],
                )
            given[common] = (name, value)
        return {common: value for common, (_, value) in given.items()}

    def to_own(self, options: Mapping[str, Any], *, others: Iterable[DriverOptions] | None = ()) -> Options:
        """Return options by the driver's own names and in its form, with a limit for the connecting.

        Args:
            options: The options, by common names or the driver's own.
            others: The options of other drivers, for the error about an unknown option; None to let every option pass.

        Raises:
            ClientError: The driver does not take an option, or an option is given twice.
        """
        common = self.with_common_names(options)
        if self.needs_timeout:
            common.setdefault("connection_timeout", CONNECT_TIMEOUT)
        own = {self.own_names.get(name, name): value for name, value in self.convert(common).items()}
        if others is not None:
            for name in own.keys() - self.option_names():
                raise self._unknown(name, others)
        return own

    def takes(self, name: str) -> bool:
        """Return True if the driver is installed and has an option of this name."""
        try:
            return name in self.option_names()
        except ImportError:
            return False

    def _unknown(self, name: str, others: Iterable[DriverOptions]) -> ClientError:
        import difflib

        allowed = {*self.option_names(), *self._common_names()}
        takers = [other.label for other in others if other is not self and other.takes(name)]
        similar = [] if takers else difflib.get_close_matches(name, allowed, n=1)
        return ClientError(
            f"{self.label} takes no option {name}=" + (f", an option of {' and '.join(takers)}" if takers else ""),
            where=f"options of {self.label}",
            tried=[f"its options are {', '.join(sorted(allowed))}"],
            remedies=[
                *(f"write {option}=" for option in similar),
                f"leave {name}= out, or pass a driver that takes it: driver=...",
            ],
        )

    def _common_names(self) -> Iterator[str]:
        """Yield the common names of options for which the driver has other names."""
        names = self.option_names()
        yield from (name for name in self.own_names if self.own_names[name] in names)
        yield from (name for name in _TLS_OPTIONS if names >= {*self.convert({name: False})})


def has_tls_options(options: Iterable[str]) -> bool:
    """Return True if one of the options is about TLS."""
    return any(name.startswith(("ssl", "tls")) for name in options)
