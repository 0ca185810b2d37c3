"""The schemas and tables that went away at the ends of tests, so that a later error can name the test."""

from __future__ import annotations

_KEPT = 500


class PutAway(dict[tuple[str, str, str], str]):
    """The test after which a schema or a table went away, by server, schema and table; of equal keys the last test.

    The table is '' for a whole schema. The server is '' for the schema of a test's own account, which is dropped with
    the account. The schema is '' for a server that was ended, so that the next test gets a fresh one.
    """

    def note(self, test: str, server: str, *names: tuple[str, str]) -> None:
        """Keep what went away after a test; the oldest entries are forgotten if there are too many.

        Args:
            test: The test.
            server: The server's name, or ''.
            names: Schemas and tables, see above.
        """
        for schema, table in names:
            key = server, schema, table
            self.pop(key, None)
            self[key] = test
        while len(self) > _KEPT:
            del self[next(iter(self))]
