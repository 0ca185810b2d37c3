"""Inner suites: files in tests/suites that a test copies to a folder of its own and runs with pytest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SUITES = Path(__file__).parents[1] / "suites"
_NAME = re.compile(r"\w+/\w+")


def source(name: str) -> str:
    """Return the text of an inner suite, such as ``marker/places`` for ``tests/suites/marker/places.py``."""
    return (SUITES / f"{name}.py").read_text()


class InnerRun:
    """The result of a pytest run, whose failing tests are named where its outcome is not the expected one.

    Attributes:
        ret: The exit code.
        stdout: What the run printed, with pytest's matchers of lines.
        outlines: The lines that the run printed.
        stderr: What the run wrote to its standard error.
    """

    def __init__(self, result: pytest.RunResult) -> None:
        self.ret = result.ret
        self.stdout = result.stdout
        self.stderr = result.stderr
        self.outlines = result.outlines
        self._result = result

    def parseoutcomes(self) -> dict[str, int]:
        """Return how many tests have each outcome, such as ``{"passed": 3}``."""
        return self._result.parseoutcomes()

    def assert_outcomes(self, **expected: int) -> None:
        """Fail unless the run has exactly these outcomes, such as ``passed=3, failed=1``."""
        __tracebackhide__ = True
        try:
            self._result.assert_outcomes(**expected)
        except (AssertionError, ValueError) as error:
            pytest.fail(f"{error}\n{self.summary()}")

    def summary(self) -> str:
        """Return the last lines of the run: the tests that failed, each with its error."""
        text = self.stdout.str()
        _, _, summary = text.rpartition("short test summary info")
        return (summary if summary != text else "\n".join(text.splitlines()[-30:])) + self.stderr.str()[-2000:]


def parts_of_failure(result: InnerRun, name: str) -> dict[str, list[str]]:
    """Return the lines of each part in the report of a failed netns test, by the part's name.

    Args:
        result: The run, whose output has no colors.
        name: The name of the test.
    """
    _, found, text = result.stdout.str().partition(f" {name} ___")
    _, section, text = text.partition("- netns -")
    assert found, f"{name} did not fail: {result.summary()}"
    assert section, f"{name} has no report"
    parts: dict[str, list[str]] = {}
    for line in text.splitlines()[1:]:
        if line.startswith(("___", "---", "===")):
            break
        part, content = line[:11].strip(), line[11:]
        parts.setdefault(part or list(parts)[-1], []).append(content)
    return parts


class Suite:
    """A runner of inner suites, each in a process of its own, with warnings as errors."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester

    def __call__(self, suite: str, *arguments: str, **files: str) -> InnerRun:
        """Write an inner suite and run it.

        Args:
            suite: The name of a file in tests/suites, such as ``marker/places``, or the text of a short suite. It
                becomes ``test_inner.py``.
            arguments: Arguments of pytest.
            files: More files, by their names without ``.py``: each the name of a file in tests/suites, or a text.
        """
        self.write(suite, **files)
        return self.run(*arguments)

    def write(self, suite: str, **files: str) -> None:
        """Write an inner suite as ``test_inner.py``, and its other files."""
        for file, text in {"test_inner": suite, **files}.items():
            self._pytester.makepyfile(**{file: source(text) if _NAME.fullmatch(text) else text})

    def run(self, *arguments: str) -> InnerRun:
        """Run what was written. The run ends with the errors of its failing tests, whatever else is asked of it."""
        report = "fE" + "".join(one.removeprefix("-r") for one in arguments if re.fullmatch("-r[A-Za-z]+", one))
        others = [one for one in arguments if not re.fullmatch("-r[A-Za-z]+", one)]
        command = ["-p", "no:cacheprovider", "-Werror", f"-r{report}", *others]
        return InnerRun(self._pytester.runpytest_subprocess(*command))
