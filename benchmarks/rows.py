"""The rows of the table by name; README.md says what each does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from benchmarks import per_test, whole_runs
from benchmarks.table import Line
from benchmarks.workshop import Workshop

ROWS: Mapping[str, Callable[[Workshop, int], Sequence[Line]]] = {
    "first-assertion": whole_runs.first_assertion,
    "reused-server": whole_runs.reused_server,
    "one-more-test": per_test.one_more_test,
    "linear": per_test.linear,
    "looks": per_test.looks,
    "capture": per_test.capture,
    "marker": per_test.marker_alone,
    "idle": whole_runs.idle,
    "end-of-run": whole_runs.end_of_run,
    "workers": whole_runs.workers,
    "namespaces": whole_runs.namespaces,
    "testcontainers": whole_runs.testcontainers,
}
