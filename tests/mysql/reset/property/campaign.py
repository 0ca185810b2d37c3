"""Many rounds of random statements, each followed by put_back and a comparison with a fresh server."""

from __future__ import annotations

import logging
import re
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .picture import Difference, Photographer, differences
from .playing import Player
from .rounds import Step, make_round
from .shapes import read_shapes

if TYPE_CHECKING:
    from pytest_netns_mysql import MySQLServer

_LOG = logging.getLogger(__name__)
_MOST_FAILURES = 20  # of a campaign
_ATTEMPTS = 30  # rounds to find out which statements a failure needs


@dataclass(frozen=True)
class Failure:
    """A round after which the server differed from a fresh server."""

    seed: str
    steps: list[Step]
    found: list[str]

    def __str__(self) -> str:
        steps = "\n".join(f"  {step}" for step in self.steps)
        return f"seed {self.seed}:\n{steps}\n leaves\n  " + "\n  ".join(self.found)


@dataclass
class Tally:
    """The results of a campaign."""

    rounds: int = 0
    statements: int = 0
    refused: int = 0
    changed: int = 0
    fresh: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def __str__(self) -> str:
        share = self.fresh.total() / max(1, self.rounds)
        lines = [
            f"{self.rounds} rounds, {self.statements} statements ({self.refused} refused), {self.changed} rounds "
            f"changed something, {self.fresh.total()} fresh servers ({share:.0%}), {len(self.failures)} failures",
            *(f"  {kind}: {1000 * spent / max(1, self.rounds):.1f} ms a round" for kind, spent in self.seconds.items()),
            *(f"  fresh {count} times: {reason}" for reason, count in self.fresh.most_common(25)),
        ]
        return "\n".join(lines)


class Campaign:
    """Plays rounds on a server, and on the servers that replace it."""

    def __init__(self, server: MySQLServer) -> None:
        """Take a picture of a fresh server, to compare each round with."""
        self._original = server
        self._shapes = read_shapes(server)
        self._photographer = Photographer(server)
        self._fresh_rows = {
            table.title: self._photographer.full_rows(server, table.title) for table in self._shapes.tables
        }
        server.kill()
        self._server: MySQLServer | None = None
        self._raised: Difference | None = None
        self.tally = Tally()
        self._start()
        self._fresh = self._photographer.take(self._running)

    @property
    def _running(self) -> MySQLServer:
        assert self._server is not None
        return self._server

    def run(self, seeds: list[str], *, minimize: bool = True) -> None:
        """Play the rounds of some random seeds. The tally has the failures, with the statements that lead to them."""
        for seed in seeds:
            steps = make_round(seed, self._shapes)
            found = self.play(steps)
            if found:
                tally, self.tally = self.tally, Tally()
                if minimize:
                    steps = self._minimized(steps, found)
                    self._start()
                    found = self.play(steps) or [*found, Difference("a fresh server", None, "shows nothing of it")]
                self.tally = tally
                self.tally.failures.append(Failure(seed, steps, [str(one) for one in found]))
                _LOG.info("%s", self.tally.failures[-1])
            if len(self.tally.failures) >= _MOST_FAILURES:
                break
            if self.tally.rounds % 500 == 0:
                _LOG.info("%s", self.tally)

    def play(self, steps: list[Step]) -> list[Difference]:
        """Play one round; return the differences from a fresh server. A server that differs is replaced."""
        tally, server = self.tally, self._running
        start = time.perf_counter()
        player = Player(server)
        errors = player.play(steps)
        played = time.perf_counter()
        stays, changed = self._put_back()
        put_back = time.perf_counter()
        _LOG.debug("put back in %.0f ms", 1000 * (put_back - played))
        tally.rounds += 1
        tally.statements += len(errors)
        tally.refused += sum(error is not None for error in errors)
        for step, error in zip(steps, errors, strict=True):
            _LOG.debug("%s  -> %s", step, error)
        tally.changed += changed
        found: list[Difference] = []
        if stays:
            _LOG.debug("stays: %s", stays)
            tally.fresh.update({_reason(stays[0])})
            self._start()
        else:
            found = self._look()
        player.release()
        compared = time.perf_counter()
        tally.seconds.update(
            {"statements": played - start, "put_back": put_back - played, "fresh or compared": compared - put_back}
        )
        if found:
            found = [self._told(one) for one in found]
            self._start()
        return found

    def _look(self) -> list[Difference]:
        """Return the differences from a fresh server. An error of the server counts as a difference."""
        raised, self._raised = self._raised, None
        if raised is not None:
            return [raised]
        try:
            return differences(self._fresh, self._photographer.take(self._running))
        except Exception:  # noqa: BLE001 - what put_back left may hinder anything
            return [Difference("the server cannot be looked at", None, traceback.format_exc()[-300:])]

    def end(self) -> None:
        """Stop the server of the rounds."""
        if self._server is not None:
            self._server._discard()

    def _start(self) -> None:
        from pytest_netns_mysql.mysql.reset.readstate import read_state
        from pytest_netns_mysql.mysql.reset.reset import put_back
        from pytest_netns_mysql.mysql.server import MySQLServer

        self.end()
        self._server = MySQLServer(self._original._spec, self._original.network)
        self._server._start()
        self._before = read_state(self._server, as_loaded=True)
        self._put_back_by = put_back

    def _put_back(self) -> tuple[tuple[str, ...], bool]:
        """Put the server back as the plugin does; return what stays changed, and whether anything was found."""
        try:
            result = self._put_back_by(self._running, self._before)
        except Exception:  # noqa: BLE001 - it is to raise nothing
            self._raised = Difference("put_back raised", None, traceback.format_exc()[-300:])
            return (), True
        if result.before is not None:
            self._before = result.before
        return result.stays, bool(result.found)

    def _told(self, found: Difference) -> Difference:
        """Return a difference with the rows in place of their digest."""
        title = found.name.removeprefix("rows of ")
        if title == found.name or found.fresh is None or found.now is None:
            return found
        now = self._photographer.full_rows(self._running, title)
        fresh = self._fresh_rows[title]
        more, fewer = Counter(now) - Counter(fresh), Counter(fresh) - Counter(now)
        return Difference(found.name, str(list(fewer)[:5]), str(list(more)[:5]))

    def _minimized(self, steps: list[Step], found: list[Difference]) -> list[Step]:
        """Return the smallest part of the steps that leads to one of the differences; all steps if none does."""
        wanted, attempts = {one.name for one in found}, 0

        def fails(fewer: list[Step]) -> bool:
            self._start()
            return bool(wanted & {one.name for one in self.play(fewer)})

        if not fails(steps):
            return steps
        size = max(1, len(steps) // 2)
        while size:
            start = 0
            while start < len(steps) and attempts < _ATTEMPTS:
                fewer = steps[:start] + steps[start + size :]
                attempts += 1
                if fewer and fails(fewer):
                    steps = fewer
                else:
                    start += size
            size //= 2
        return steps


def _reason(line: str) -> str:
    """Return a line of the report without the name of the object."""
    line = re.sub(r" of connection \d+|\d+", "N", line)
    return re.sub(r"^(\w+(?: variable| transaction)?) .*? (is \w+.*)$", r"\1 \2", line)[:110]
