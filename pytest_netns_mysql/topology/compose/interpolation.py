"""Interpolation: ``$VAR`` and ``${VAR:-default}`` in texts; see "Interpolation" in the specification."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATORS = (":-", ":?", ":+", "-", "?", "+")
_DEEPEST = 50  # templates within templates


class InterpolationError(ValueError):
    """A template is wrong, or requires a variable that is not set."""


def interpolate(text: str, variables: Mapping[str, str], unset: Callable[[str], None], depth: int = 0) -> str:
    """Return a text with the values of its variables; ``$$`` is a dollar sign.

    Args:
        text: The text.
        variables: The values by name.
        unset: Called with the name of a variable that has no value and no default.
        depth: How deep the text stands in other templates.

    Raises:
        InterpolationError: A template is wrong, or requires a variable that is not set.
    """
    if depth > _DEEPEST:
        raise InterpolationError("templates are nested too deeply")
    parts: list[str] = []
    at = 0
    while (dollar := text.find("$", at)) >= 0:
        parts.append(text[at:dollar])
        at = dollar + 1
        if text.startswith("$", at):
            parts.append("$")
            at += 1
        elif text.startswith("{", at):
            end = _end(text, at + 1)
            parts.append(_template(text[at + 1 : end], variables, unset, depth))
            at = end + 1
        elif (name := _NAME.match(text, at)) is not None:
            parts.append(_plain(name[0], variables, unset))
            at = name.end()
        else:
            raise InterpolationError(f"{text!r} has a single $: a dollar sign is written $$")
    return "".join(parts) + text[at:]


def _end(text: str, start: int) -> int:
    """Return the place of the brace that closes a template whose content begins at ``start``."""
    depth = 1
    at = start
    while at < len(text):
        if text.startswith("$$", at):
            at += 2
            continue
        if text.startswith("${", at):
            depth += 1
            at += 2
            continue
        if text[at] == "}":
            depth -= 1
            if not depth:
                return at
        at += 1
    raise InterpolationError(f"{text!r} has a ${{ without its }}")


def _template(content: str, variables: Mapping[str, str], unset: Callable[[str], None], depth: int) -> str:
    name = _NAME.match(content)
    if name is None:
        raise InterpolationError(f"${{{content}}} has no name of a variable")
    rest = content[name.end() :]
    if not rest:
        return _plain(name[0], variables, unset)
    operator = next((known for known in _OPERATORS if rest.startswith(known)), None)
    if operator is None:
        raise InterpolationError(
            f"${{{content}}} is not one of ${{VAR}}, ${{VAR:-default}}, ${{VAR:?error}}, ${{VAR:+text}}"
        )
    word = rest[len(operator) :]
    value = variables.get(name[0])
    is_given = bool(value) if operator.startswith(":") else value is not None
    if operator.endswith("+"):
        return interpolate(word, variables, unset, depth + 1) if is_given else ""
    if is_given:
        return value or ""
    if operator.endswith("?"):
        reason = interpolate(word, variables, unset, depth + 1)
        raise InterpolationError(f"the variable {name[0]} is required" + (f": {reason}" if reason else ""))
    return interpolate(word, variables, unset, depth + 1)


def _plain(name: str, variables: Mapping[str, str], unset: Callable[[str], None]) -> str:
    value = variables.get(name)
    if value is None:
        unset(name)
        return ""
    return value
