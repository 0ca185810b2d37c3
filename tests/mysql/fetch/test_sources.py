"""Which of the machine's package sources are used."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pytest_netns_mysql.errors import FetchError
from pytest_netns_mysql.mysql.fetch.apt import AptRoot
from pytest_netns_mysql.mysql.fetch.progress import Progress
from pytest_netns_mysql.mysql.fetch.sources import Source, choose, parse_stanzas, signed_by

DEBIAN_TARGETS = """\
Repo-URI: http://mirror.example/debian-security/
Release: trixie-security
Origin: Debian
Label: Debian-Security
Component: main
Architecture: amd64

Repo-URI: http://mirror.example/debian/
Release: trixie
Origin: Debian
Label: Debian
Component: main
Architecture: amd64
Sourcesentry: {file}:{number}
"""


@pytest.mark.parametrize(
    ("name", "number", "text", "key"),
    [
        (
            "debian.sources",
            2,
            "# a comment\n\nTypes: deb\nURIs: http://other.example/\nSigned-By: /wrong.gpg\n\n"
            "Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie\nSigned-By: /k/debian.gpg\nTrusted: yes\n",
            "/k/debian.gpg",
        ),
        (
            "inline.sources",
            1,
            "Types: deb\nURIs: http://mirror.example/debian/\nSigned-By:\n -----BEGIN PGP-----\n .\n abc\n",
            "\n -----BEGIN PGP-----\n .\n abc",
        ),
        ("plain.sources", 1, "Types: deb\nURIs: http://mirror.example/debian/\nSuites: trixie\n", ""),
        (
            "sources.list",
            2,
            "# main\ndeb [arch=amd64 signed-by=/k/one.gpg,/k/two.gpg trusted=yes] "
            "http://mirror.example/debian trixie main\n",
            "/k/one.gpg /k/two.gpg",
        ),
        ("plain.list", 1, "deb http://mirror.example/debian trixie main\n", ""),
    ],
)
def test_debian_gets_unstable_of_its_own_mirror_and_key(
    tmp_path: Path, name: str, number: int, text: str, key: str
) -> None:
    (tmp_path / name).write_text(text)
    targets = parse_stanzas(DEBIAN_TARGETS.format(file=tmp_path / name, number=number))
    chosen = choose(targets, "amd64", "unstable")
    assert chosen == [Source("http://mirror.example/debian/", ("unstable",), ("main",), "amd64", key)]
    assert "rusted" not in chosen[0].stanza()


def test_ubuntu_gets_its_own_suites_without_security() -> None:
    def target(suite: str, component: str, origin: str = "Ubuntu", architecture: str = "amd64") -> dict[str, str]:
        return {
            "Repo-URI": f"http://{origin.lower()}.example/",
            "Release": suite,
            "Origin": origin,
            "Label": origin,
            "Component": component,
            "Architecture": architecture,
            "Signed-By": "/k/ubuntu.gpg",
        }

    suites = ("noble", "noble-updates", "noble-security", "noble-backports", "noble-proposed")
    targets = [target(suite, component) for suite in suites for component in ("main", "universe", "multiverse")]
    targets += [target("noble", "main", architecture="i386"), target("stable", "main", origin="Elsewhere")]
    assert choose(targets, "amd64", "unstable") == [
        Source("http://ubuntu.example/", ("noble", "noble-updates"), ("main", "universe"), "amd64", "/k/ubuntu.gpg")
    ]


def test_debian_gives_its_own_suites_where_no_other_is_asked_for(tmp_path: Path) -> None:
    """Those of main alone, without security, as on Ubuntu."""
    entry = "http://mirror.example/debian"
    (tmp_path / "sources.list").write_text(f"deb {entry} trixie main contrib\ndeb {entry} trixie-updates main\n")
    stanza = "Repo-URI: {}/\nRelease: {}\nOrigin: Debian\nLabel: Debian\nComponent: {}\nArchitecture: amd64\n\n"
    suites = [("trixie", "main"), ("trixie", "contrib"), ("trixie-updates", "main"), ("trixie-backports", "main")]
    text = "".join(stanza.format(entry, *suite) for suite in suites) + DEBIAN_TARGETS.split("\n\n")[0]
    assert choose(parse_stanzas(text), "amd64", None) == [
        Source(f"{entry}/", ("trixie", "trixie-updates"), ("main",), "amd64", "")
    ]


def test_no_source_at_all_is_an_error() -> None:
    with pytest.raises(FetchError, match="this machine has no package source for amd64"):
        choose([], "amd64", None)


def test_an_entry_that_cannot_be_read_leaves_the_keys_to_apt(tmp_path: Path) -> None:
    assert signed_by({"Sourcesentry": f"{tmp_path}/gone.list:1", "Repo-URI": "http://mirror.example/"}) == ""


@pytest.mark.skipif(shutil.which("apt-get") is None and "CI" not in os.environ, reason="this is about apt's own lists")
def test_a_machine_with_emptied_lists_tells_its_origins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an image does that removed what apt-get update had brought."""
    (tmp_path / "lists").mkdir()
    (tmp_path / "apt.conf").write_text(f'Dir::State::lists "{tmp_path}/lists/";\n')
    full = AptRoot(tmp_path / "one", Progress(print))
    expected = choose(full.targets(), full.architecture(), "unstable")
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    bare = AptRoot(tmp_path / "two", Progress(print))
    assert choose(bare.targets(), bare.architecture(), "unstable") == expected
    assert list((tmp_path / "lists").iterdir()) == []
