"""Files of variables: ``.env`` beside a compose file, and those of ``env_file``."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path

from pytest_netns_mysql import paths
from pytest_netns_mysql.errors import TopologyError
from pytest_netns_mysql.topology.compose.interpolation import InterpolationError, interpolate

_EXTRA = "pip install 'pytest-netns-mysql[compose]'"


def read(
    file: Path, variables: Mapping[str, str], unset: Callable[[str], None], *, raw: bool = False
) -> dict[str, str | None]:
    """Return the variables of a file; None for a name without a value.

    python-dotenv reads the lines, with their quotes and comments. Values in single quotes are not interpolated.

    Args:
        file: The file.
        variables: Variables for interpolation, which come before those of the file.
        unset: Called with the name of a variable that has no value and no default.
        raw: Whether values are taken as they are, as ``format: raw`` says.

    Raises:
        TopologyError: The file cannot be read, or a line of it is wrong.
    """
    try:
        from dotenv.parser import parse_stream
    except ImportError as error:
        raise TopologyError(
            "files of variables need python-dotenv, which is not installed", where=str(file), remedies=[_EXTRA]
        ) from error
    try:
        text = paths.read_text(file)
    except (OSError, ValueError) as error:
        raise TopologyError(
            f"the file of variables cannot be read: {error}", where=str(file), remedies=["make it readable, in UTF-8"]
        ) from error
    if raw:
        lines = (line.partition("=") for line in text.splitlines() if line.strip() and not line.startswith("#"))
        return {name: value for name, _, value in lines}
    found: dict[str, str | None] = {}
    for binding in parse_stream(io.StringIO(text)):
        where = f"{file}, line {binding.original.line}"
        if binding.error:
            raise TopologyError("this is not NAME=value", where=where, remedies=["correct that line"])
        if binding.key is None:
            continue
        value = binding.value
        if value is not None and not _is_literal(binding.original.string):
            known = {name: text for name, text in found.items() if text is not None} | dict(variables)
            try:
                value = interpolate(value, known, unset)
            except InterpolationError as error:
                raise TopologyError(str(error), where=where, remedies=["correct that line"]) from error
        found[binding.key] = value
    return found


def _is_literal(line: str) -> bool:
    return line.partition("=")[2].lstrip().startswith("'")
