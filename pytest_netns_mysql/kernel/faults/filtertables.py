"""The tables of nftables that one fault has, in one or several namespaces."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator, Sequence

from pytest_netns_mysql.errors import NetworkError
from pytest_netns_mysql.kernel.faults.fault import NetworkFaults
from pytest_netns_mysql.kernel.netlink import constants as nl
from pytest_netns_mysql.kernel.netlink import ruleset
from pytest_netns_mysql.kernel.netlink.filters import Rule, add_filter, add_ingress_filter
from pytest_netns_mysql.kernel.wiring import refused

_MODULES = "load the modules on the host, as root: modprobe -a nf_tables nft_reject_inet nft_numgen"


class Tables:
    """The tables of one fault."""

    def __init__(self, faults: NetworkFaults) -> None:
        """Begin without tables."""
        self._faults = faults
        self._made: list[tuple[str, ruleset.Table]] = []

    def add(self, namespace: str, place: int | str, rules: Sequence[Rule]) -> None:
        """Filter packets of a namespace.

        Args:
            namespace: The namespace.
            place: A hook, see ``filters.add_filter``; or the name of an interface, whose packets are filtered before
                anything else sees them.
            rules: The rules, which drop or reject packets.

        Raises:
            NetworkError: The kernel refuses the rules.
        """
        table = self._faults.new_table()
        family = nl.NFPROTO_INET if isinstance(place, int) else nl.NFPROTO_NETDEV
        self._made.append((namespace, (family, table)))
        with self._faults.namespaces[namespace]:
            try:
                if isinstance(place, int):
                    add_filter(table, place, rules)
                else:
                    add_ingress_filter(table, place, rules)
            except OSError as error:
                if error.errno == errno.EEXIST:  # the table is somebody else's
                    self._made.pop()
                raise refused(f"a filter of packets in {namespace}", error, self._faults.where, _MODULES) from error

    def remove(self) -> None:
        """Remove the tables; a table that the test deleted is no error.

        Raises:
            NetworkError: The kernel refuses to delete a table. The other tables are removed.
        """
        refusal: NetworkError | None = None
        for namespace, table in self._made:
            with self._faults.namespaces[namespace]:
                for _, error in ruleset.delete([table]):
                    if error.errno != errno.ENOENT:
                        what = f"to delete the nftables table {table[1]} in {namespace}"
                        refusal = refused(what, error, self._faults.where, "undo what the test changed of this table")
                        refusal.__cause__ = error
        if refusal is not None:
            raise refusal

    @contextlib.contextmanager
    def removed_on_error(self) -> Iterator[None]:
        """Remove the tables if the block raises an exception."""
        try:
            yield
        except BaseException:
            with contextlib.suppress(NetworkError):
                self.remove()
            raise
