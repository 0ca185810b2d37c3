"""What accounts may do, read from SHOW GRANTS; see the manual, "SHOW GRANTS Statement"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pytest_netns_mysql.mysql.dialects.quoting import identifier

_PART = r"(?:`(?:[^`]|``)*`|\*)"
_LINE = re.compile(
    rf"(GRANT|REVOKE) (.+?) ON (?:(TABLE|PROCEDURE|FUNCTION|LIBRARY) )?({_PART})\.({_PART}) (?:TO|FROM) "
)
_ROLES = re.compile(r"GRANT ((?:`(?:[^`]|``)*`(?:@`(?:[^`]|``)*`)?,? ?)+) TO ")
_PRIVILEGE = re.compile(r"([A-Za-z_ ]+?)(?: ?\(([^)]*)\))?(?:, ?|$)")
_PLAIN = re.compile(r"\w+|\*")
# In the pattern of a schema that stands for the name of a schema: what only the same wildcard or a wider one matches.
_ANY_TEXT, _ANY_LETTER = "\uf8f0", "\uf8f1"
ALL = "ALL PRIVILEGES"


@dataclass(frozen=True)
class Grant:
    """A grant of privileges, or a partial revoke.

    Attributes:
        privileges: The privileges, each with the columns to which it is limited, or with none.
        schema: The schema, which may be a pattern, or ``*``.
        name: The table or routine, or ``*``.
        routine: ``PROCEDURE`` or ``FUNCTION`` for a routine, else ''.
        is_revoke: Whether the privileges are taken away from a wider grant.
    """

    privileges: tuple[tuple[str, tuple[str, ...]], ...]
    schema: str
    name: str
    routine: str = ""
    is_revoke: bool = False

    def __str__(self) -> str:
        what = ", ".join(name + (f" ({', '.join(columns)})" if columns else "") for name, columns in self.privileges)
        return f"{'not ' if self.is_revoke else ''}{what} on {self.where}"

    @property
    def where(self) -> str:
        """The object as SQL writes it behind ON."""
        return f"{self.routine} {shown(self.schema)}.{shown(self.name)}".strip()

    def is_about(self, schema: str, name: str) -> bool:
        """Return True if the grant concerns a table or routine, or with ``*`` a whole schema or the server."""
        return self.is_on(schema) and (self.name in ("*", name) or name == "*")

    def is_on(self, schema: str) -> bool:
        """Return True if the grant is on something in a schema."""
        is_pattern = self.name == "*"
        return _like(self.schema, schema) if is_pattern else self.schema == schema

    @property
    def object(self) -> str:
        """The object as SHOW GRANTS writes it, with quotes and with the escapes of a pattern."""
        names = ".".join(name if name == "*" else identifier(name) for name in (self.schema, self.name))
        return f"{self.routine} {names}".strip()

    @property
    def schemas(self) -> str:
        """The schema, to be looked for in other grants: they give something on a pattern if theirs is as wide."""
        if self.name != "*" or self.schema == "*":
            return self.schema
        wildcards = {"%": _ANY_TEXT, "_": _ANY_LETTER}
        return "".join(wildcards.get(part, part[-1]) for part in _parts(self.schema))

    def gives(self, privilege: str, schema: str, name: str, column: str = "") -> bool:
        """Return True if the grant has a privilege on a table, a routine, a column, or with ``*`` on all."""
        is_on_schema = self.schema == "*" or (schema != "*" and self.is_on(schema))
        return (is_on_schema and self.name in ("*", name)) and any(
            given in (ALL, privilege.upper()) and (not columns or column in columns)
            for given, columns in self.privileges
        )


@dataclass(frozen=True)
class Grants:
    """What one account may do.

    Attributes:
        grants: Its own grants.
        roles: The roles that it has, as SQL writes them.
    """

    grants: tuple[Grant, ...]
    roles: tuple[str, ...] = ()

    def give(self, privilege: str, schema: str, name: str, column: str = "") -> Grant | None:
        """Return the grant that has a privilege on an object, or None."""
        if any(grant.is_revoke and grant.gives(privilege, schema, name, column) for grant in self.grants):
            return None
        held = (grant for grant in self.grants if not grant.is_revoke)
        return next((grant for grant in held if grant.gives(privilege, schema, name, column)), None)

    def near(self, schema: str, name: str) -> list[Grant]:
        """Return the grants that concern an object."""
        return [grant for grant in self.anywhere() if grant.is_about(schema, name)]

    def anywhere(self) -> list[Grant]:
        """Return all grants except USAGE and privileges of the whole server such as BACKUP_ADMIN."""
        return [grant for grant in self.grants if grant.privileges != (("USAGE", ()),) and not _is_dynamic(grant)]


def clauses_with(grants: Iterable[Grant], privilege: str, where: str, column: str = "") -> list[str]:
    """Return what is granted together with one more privilege, each clause as between GRANT and TO.

    Args:
        grants: The grants so far.
        privilege: The privilege that is added.
        where: The object as SQL writes it behind ON.
        column: The column to which the privilege is limited, or ''.
    """
    objects: dict[str, dict[str, list[str]]] = {}
    added = ((privilege, (column,) if column else ()), where)
    held = [(privilege, grant.where) for grant in grants if not grant.is_revoke for privilege in grant.privileges]
    for (name, columns), place in [*held, added]:
        known = objects.setdefault(place, {}).setdefault(name, [])
        known += [each for each in columns if each not in known]
    return [
        ", ".join(name + (f" ({', '.join(columns)})" if columns else "") for name, columns in privileges.items())
        + f" ON {place}"
        for place, privileges in objects.items()
    ]


def read_grants(answer: Iterable[str]) -> Grants:
    """Return what an account or a role may do, from the lines that SHOW GRANTS returns."""
    lines = list(answer)
    roles = [
        role
        for line in lines
        if (found := _ROLES.match(line))
        for role in re.findall(rf"{_PART}(?:@{_PART})?", found[1])
    ]
    return Grants(tuple(_grants(lines)), tuple(role.replace("`", "'") for role in roles))


def _grants(lines: list[str]) -> Iterator[Grant]:
    for line in lines:
        if found := _LINE.match(line):
            verb, what, kind, schema, name = found.groups()
            privileges = tuple(
                (match[1].strip(), _columns(match[2])) for match in _PRIVILEGE.finditer(what) if match[1].strip()
            )
            routine = kind if kind in ("PROCEDURE", "FUNCTION") else ""
            yield Grant(privileges, _bare(schema), _bare(name), routine or "", verb == "REVOKE")


def _columns(text: str | None) -> tuple[str, ...]:
    return tuple(_bare(column.strip()) for column in (text or "").split(",") if column.strip())


def _bare(name: str) -> str:
    return name[1:-1].replace("``", "`") if name.startswith("`") else name


def _is_dynamic(grant: Grant) -> bool:
    """Return True for privileges of the whole server alone, such as BACKUP_ADMIN, which concern no schema."""
    return all("_" in name for name, _ in grant.privileges)


def _like(pattern: str, schema: str) -> bool:
    if pattern in (schema, "*"):
        return True
    wildcards = {"%": ".*", "_": f"[^{_ANY_TEXT}]"}
    expression = "".join(wildcards.get(part, re.escape(part[-1])) for part in _parts(pattern))
    return re.fullmatch(expression, schema, re.DOTALL) is not None


def _parts(pattern: str) -> list[str]:
    """Return the letters of a pattern, each with the backslash before it."""
    return re.findall(r"\\.|[^\\]|\\", pattern)


def shown(name: str) -> str:
    """Return an identifier as a reader writes it: quoted only where it must be."""
    name = re.sub(r"\\([_%])", r"\1", name)
    return name if _PLAIN.fullmatch(name) else identifier(name)
