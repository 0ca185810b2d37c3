"""The report of a run as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import pytest

from pytest_netns_mysql.report import jsonfile
from pytest_netns_mysql.report.reportdata import Explanation
from tests.support import reportdata

pytestmark = pytest.mark.oldest_python


def test_what_is_written_can_be_read() -> None:
    run = reportdata.run()
    assert jsonfile.load(jsonfile.dump(run)) == run


def test_the_keys_are_the_names_of_the_fields() -> None:
    run = json.loads(jsonfile.dump(reportdata.run(reportdata.denied())))
    assert run["format"] == 1
    assert set(run) == {"tests", "topologies", "began", "duration", "versions", "colours", "remarks", "format"}
    (test,) = run["tests"]
    assert test["place"]["namespace"] == "blue"
    assert test["connections"][1]["failed_test"] is True
    assert test["explanation"]["what"] == "No account of the user 'app' matches a client from 198.51.100.2."


def test_bytes_that_are_no_text_do_not_spoil_the_file() -> None:
    test = replace(reportdata.passed(), error=b"caf\xe9".decode(errors="surrogateescape"))
    assert json.loads(jsonfile.dump(test))["error"] == r"caf\udce9"


def test_other_json_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="missing required field `tests`"):
        jsonfile.load("{}")


def test_the_schema_describes_each_class() -> None:
    schema = jsonfile.schema()
    assert {"RunReport", "TestReport", "Connection", Explanation.__name__} <= set(schema["$defs"])
