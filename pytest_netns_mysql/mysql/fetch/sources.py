"""The choice of package sources, among those of the machine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOM = "free some space for the cache: fetching needs about 600 MB for a moment, and keeps 220 MB at most"
"""The remedy for a full file system."""

ORIGINS: Mapping[str, tuple[str, ...]] = {"Debian": ("main",), "Ubuntu": ("main", "universe")}
"""The components to use of the archives that are known here. Derived distributions often use these archives, too."""

_NOT_A_BASE = re.compile(r"-(security|backports|proposed)\b")


@dataclass(frozen=True)
class Source:
    """Suites of one archive and the key that signs them, as in sources.list(5).

    Attributes:
        uri: The address of the archive.
        suites: The suites.
        components: The components.
        architecture: The architecture of the packages.
        signed_by: The value of ``Signed-By``, a keyring's path or a key. '' means the keys that the machine trusts for
            all sources.
    """

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    architecture: str
    signed_by: str = ""

    def stanza(self) -> str:
        """Return the source in the deb822 format, without options such as ``Trusted`` that allow unsigned packages."""
        lines = [
            "Types: deb",
            f"URIs: {self.uri}",
            f"Suites: {' '.join(self.suites)}",
            f"Components: {' '.join(self.components)}",
            f"Architectures: {self.architecture}",
            "Targets: Packages",
        ]
        if self.signed_by:
            lines.append(f"Signed-By: {self.signed_by}")
        return "\n".join(lines) + "\n"


def choose(targets: Sequence[Mapping[str, str]], architecture: str, debian_suite: str | None) -> list[Source]:
    """Return the sources to fetch from, by the origins in the machine's signed release files.

    These are the machine's own suites without security, backports and proposed, or ``debian_suite`` on Debian.

    Args:
        targets: The stanzas of ``apt-get indextargets``.
        architecture: The architecture of the packages.
        debian_suite: The suite of the same mirror to use on Debian, or None for the machine's own.

    Raises:
        FetchError: The machine has no package source.
    """
    main = [target for target in targets if _is_base(target, architecture)]
    known = [each for each in main if each.get("Origin") == each.get("Label") and each.get("Origin") in ORIGINS]
    debian = [each for each in known if each["Origin"] == "Debian"]
    if debian and debian_suite is not None:
        entry = debian[0]
        return [Source(entry["Repo-URI"], (debian_suite,), ("main",), architecture, signed_by(entry))]
    known = [each for each in known if each.get("Component") in ORIGINS[each["Origin"]]]
    sources = _grouped(known or main, architecture)
    if not sources:
        raise FetchError(
            f"this machine has no package source for {architecture}",
            where="apt's sources (sources.list(5))",
            tried=[target.get("Description", "a target without a description") for target in targets],
        )
    return sources


def signed_by(target: Mapping[str, str]) -> str:
    """Return the ``Signed-By`` value of the entry that a target comes from, or ''.

    apt names the entry ``FILE:N``, where N is a line of a ``.list`` file or a stanza of a ``.sources`` file.
    """
    if "Signed-By" in target:
        return target["Signed-By"]
    file, _, number = target.get("Sourcesentry", "").rpartition(":")
    try:
        text = Path(file).read_text(errors="replace")
    except OSError:
        return ""
    if file.endswith(".sources"):
        return _signed_by_in_stanzas(parse_stanzas(text), int(number), target)
    line = text.splitlines()[int(number) - 1]
    options = re.search(r"\[(.*?)\]", line)
    value = re.search(r"\bsigned-by=(\S+)", options.group(1), re.IGNORECASE) if options else None
    return value.group(1).replace(",", " ") if value else ""


def parse_stanzas(text: str) -> list[dict[str, str]]:
    """Return the stanzas of a deb822 text as mappings, with continuation lines after a newline."""
    lines = (line.rstrip() for line in text.splitlines() if not line.startswith("#"))
    stanzas: list[dict[str, str]] = []
    for block in re.split(r"\n{2,}", "\n".join(lines).strip("\n")):
        fields: dict[str, str] = {}
        last = ""
        for line in filter(None, block.split("\n")):
            if line[0] in " \t":
                fields[last] = fields.get(last, "") + "\n" + line
            else:
                last, _, value = line.partition(":")
                fields[last] = value.strip()
        if fields:
            stanzas.append(fields)
    return stanzas


def _is_base(target: Mapping[str, str], architecture: str) -> bool:
    return (
        target.get("Architecture") == architecture
        and not target.get("Repo-URI", "cdrom:").startswith("cdrom:")
        and not _NOT_A_BASE.search(target.get("Release", ""))
        and target.get("Label") != "Debian-Security"
    )


def _signed_by_in_stanzas(stanzas: Sequence[Mapping[str, str]], number: int, target: Mapping[str, str]) -> str:
    # The number should be enough, but a stanza that does not name the archive cannot be the right one.
    numbered = stanzas[number - 1 : number]
    uri = target["Repo-URI"].rstrip("/")
    for stanza in [*numbered, *stanzas]:
        fields = {name.lower(): value for name, value in stanza.items()}
        if uri in [word.rstrip("/") for word in fields.get("uris", "").split()]:
            return fields.get("signed-by", "")
    return ""


def _grouped(targets: Sequence[Mapping[str, str]], architecture: str) -> list[Source]:
    groups: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for target in targets:
        groups.setdefault((target["Repo-URI"], signed_by(target)), []).append(target)
    return [
        Source(uri, _values(members, "Release"), _values(members, "Component"), architecture, key)
        for (uri, key), members in groups.items()
    ]


def _values(targets: Sequence[Mapping[str, str]], field: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(target[field] for target in targets if target.get(field)))
