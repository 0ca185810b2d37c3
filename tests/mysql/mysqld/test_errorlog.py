"""Reading mysqld's error log; the lines are from MySQL 9.7.4."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from pytest_netns_mysql.mysql.mysqld.errorlog import ErrorLog

START = "2026-07-30T10:00:00.000001Z 0 [System] [MY-015015] [Server] MySQL Server - start."
WARNING = (
    "2026-07-30T10:00:00.100000Z 0 [Warning] [MY-010097] [Server] Insecure configuration for --secure-file-priv: "
    "Current value does not restrict location of generated files."
)
BIND = (
    "2026-07-30T10:00:01.200000Z 0 [ERROR] [MY-010262] [Server] Can't start server: Bind on TCP/IP port: "
    "Cannot assign requested address"
)
PORT = (
    "2026-07-30T10:00:01.200001Z 0 [ERROR] [MY-010257] [Server] "
    "Do you already have another mysqld server running on port: 3306 ?"
)
ABORT = "2026-07-30T10:00:01.200002Z 0 [ERROR] [MY-010119] [Server] Aborting"
CONTINUED = "a line that goes on, as [ERROR]s of other programs do not"
LOG = "\n".join([START, WARNING, BIND, PORT, ABORT]) + "\n"


def test_the_errors_are_the_lines_of_that_priority() -> None:
    assert ErrorLog(LOG).errors == [BIND, PORT, ABORT]


def test_the_codes_are_those_of_errors_in_order_and_without_repeats() -> None:
    assert ErrorLog(LOG + BIND + "\n" + START).codes == ["MY-010262", "MY-010257", "MY-010119"]


def test_an_error_without_a_code_has_none() -> None:
    line = "2026-07-30T10:00:01.200000Z 0 [ERROR] no code"
    assert ErrorLog(line).errors == [line]
    assert ErrorLog(line).codes == []


def test_the_telling_lines_of_a_log_without_errors_are_its_end() -> None:
    lines = [f"line {number}" for number in range(30)]
    assert ErrorLog("\n".join(lines)).telling_lines == lines[10:]


def test_the_telling_lines_of_a_log_with_many_errors_are_the_last_ones() -> None:
    lines = [BIND.replace("01.2", f"{number:02}.2") for number in range(30)]
    assert ErrorLog("\n".join([*lines, START])).telling_lines == lines[10:]


def test_an_empty_log_has_no_telling_lines() -> None:
    log = ErrorLog("")
    assert (log.errors, log.codes, log.telling_lines, log.tail(5)) == ([], [], [], [])


@pytest.mark.parametrize(("count", "expected"), [(0, []), (1, [ABORT]), (2, [PORT, ABORT]), (99, LOG.splitlines())])
def test_the_tail_has_the_given_number_of_lines(count: int, expected: list[str]) -> None:
    assert ErrorLog(LOG).tail(count) == expected


def at(second: float, zone: timezone = timezone.utc) -> datetime:
    moment = datetime(2026, 7, 30, 10, 0, 0, tzinfo=timezone.utc) + timedelta(seconds=second)
    return moment.astimezone(zone)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (at(0), [START, WARNING, BIND, PORT, ABORT]),
        (at(0.000001), [START, WARNING, BIND, PORT, ABORT]),
        (at(0.000002), [WARNING, BIND, PORT, ABORT]),
        (at(1.2), [BIND, PORT, ABORT]),
        (at(1.2, timezone(timedelta(hours=-7))), [BIND, PORT, ABORT]),
        (at(1.200002), [ABORT]),
        (at(1.200003), []),
    ],
)
def test_since_begins_with_the_line_of_that_moment(moment: datetime, expected: list[str]) -> None:
    assert ErrorLog(LOG).since(moment) == expected


def test_since_keeps_lines_without_a_time_with_the_line_before() -> None:
    log = ErrorLog("\n".join([START, CONTINUED, BIND, CONTINUED]))
    assert log.since(at(1)) == [BIND, CONTINUED]


def test_since_understands_local_time() -> None:
    lines = [line.replace("T10:", "T12:").replace("Z 0", "+02:00 0") for line in (START, BIND)]
    assert ErrorLog("\n".join(lines)).since(at(1)) == [lines[1]]
