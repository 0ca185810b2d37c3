"""What is not signed, or not as signed, is refused: small archives on this disk, and the real apt."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_netns_mysql.errors import FetchError
from pytest_netns_mysql.mysql.fetch.fetch import fetch
from pytest_netns_mysql.mysql.fetch.sources import Source
from tests.conftest import IN_CI

pytestmark = pytest.mark.skipif(
    shutil.which("apt-get") is None and "CI" not in os.environ, reason="fetching is for machines with apt"
)


def run(*command: str | Path) -> str:
    answer = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


class Archive:
    """A package archive on disk, whose packages hold nothing."""

    def __init__(self, root: Path, version: str = "9.9.9-1", server: str = "mysql-server-core") -> None:
        """Build the packages and their index."""
        self.root = root
        self.architecture = run("dpkg", "--print-architecture").strip()
        self.index = root / "dists/unstable/main" / f"binary-{self.architecture}" / "Packages"
        self.index.parent.mkdir(parents=True)
        entries = []
        for name in (server, server.replace("server", "client"), "patchelf"):
            control = f"Package: {name}\nVersion: {version}\nArchitecture: {self.architecture}\n"
            control += "Maintainer: nobody <nobody@example.org>\nDescription: nothing\n"
            (root / name / "DEBIAN").mkdir(parents=True)
            (root / name / "DEBIAN" / "control").write_text(control)
            file = root / f"{name}.deb"
            run("dpkg-deb", "--build", "--root-owner-group", root / name, file)
            entries.append(f"{control}Filename: {file.name}\nSize: {file.stat().st_size}\nSHA256: {digest(file)}\n")
        self.index.write_text("\n".join(entries))
        self.release = root / "dists/unstable/Release"
        listed = f" {digest(self.index)} {self.index.stat().st_size} {self.index.relative_to(self.release.parent)}"
        self.release.write_text(
            f"Origin: Debian\nSuite: unstable\nCodename: unstable\nDate: Thu, 01 Jan 2026 00:00:00 UTC\n"
            f"Architectures: {self.architecture}\nComponents: main\nSHA256:\n{listed}\n"
        )

    def source(self, key: Path | None = None) -> Source:
        """Name the archive as a source."""
        return Source(f"copy:{self.root}/", ("unstable",), ("main",), self.architecture, str(key or ""))


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


class Keys:
    """Two keys: ``ours`` signs, ``other`` does not."""

    def __init__(self, home: Path) -> None:
        """Make the keys; gpg(1) needs a short path for its agent's socket."""
        self.home = home
        for name in ("ours", "other"):
            self.gpg("--passphrase", "", "--quick-generate-key", f"{name}@example.org", "ed25519", "sign", "never")
            self.gpg("--output", str(home / f"{name}.gpg"), "--export", f"{name}@example.org")

    def gpg(self, *arguments: str) -> None:
        """Run gpg on this keyring alone."""
        run("gpg", "--homedir", self.home, "--batch", "--quiet", "--pinentry-mode", "loopback", *arguments)

    def sign(self, archive: Archive) -> None:
        """Sign an archive's Release file into its InRelease."""
        signed = str(archive.release.with_name("InRelease"))
        self.gpg("--local-user", "ours@example.org", "--output", signed, "--clearsign", str(archive.release))


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keys]:
    if shutil.which("gpg") is None:
        assert not IN_CI, "CI has gpg"
        pytest.skip("there is no gpg to sign an archive with")
    home = tmp_path_factory.mktemp("gpg")
    home.chmod(0o700)
    yield Keys(home)
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def refusal(cache: Path, source: Source) -> str:
    """Fetch, expect a FetchError, and return its text; nothing may be left in the cache."""
    with pytest.raises(FetchError) as caught:
        fetch(cache, progress=print, sources=[source])
    assert [entry.name for entry in (cache / "servers").iterdir()] == [".lock"]
    return str(caught.value)


def test_a_rightly_signed_archive_is_used(archive: Archive, keys: Keys, tmp_path: Path) -> None:
    """All the way to its packages, which hold nothing: so the refusals below have their reasons."""
    keys.sign(archive)
    text = refusal(tmp_path / "cache", archive.source(keys.home / "ours.gpg"))
    assert text.startswith("the package of the C library has no program loader (ld.so(8))")


def test_an_unsigned_archive_is_refused(archive: Archive, tmp_path: Path) -> None:
    text = refusal(tmp_path / "cache", archive.source())
    assert text.startswith("the package indexes could not be downloaded and verified: E: The repository ")
    assert "is not signed." in text
    assert f"where: copy:{archive.root}/ unstable" in text
    assert "do: check that `apt-get update` works on this machine (apt-secure(8))" in text


def test_an_unsigned_archive_is_refused_where_the_machine_would_allow_it(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lax = tmp_path / "lax.conf"
    lax.write_text(
        'APT::Get::AllowUnauthenticated "true";\nAcquire::AllowInsecureRepositories "true";\n'
        'Acquire::AllowWeakRepositories "true";\nAcquire::AllowDowngradeToInsecureRepositories "true";\n'
    )
    monkeypatch.setenv("APT_CONFIG", str(lax))
    assert "is not signed." in refusal(tmp_path / "cache", archive.source())


def test_an_archive_signed_by_another_key_is_refused(archive: Archive, keys: Keys, tmp_path: Path) -> None:
    keys.sign(archive)
    text = refusal(tmp_path / "cache", archive.source(keys.home / "other.gpg"))
    assert "is not signed." in text
    assert "NO_PUBKEY" in text or "Missing key" in text


def test_a_changed_release_file_is_refused(archive: Archive, keys: Keys, tmp_path: Path) -> None:
    keys.sign(archive)
    signed = archive.release.with_name("InRelease")
    signed.write_text(signed.read_text().replace("Suite: unstable", "Suite: sid"))
    text = refusal(tmp_path / "cache", archive.source(keys.home / "ours.gpg"))
    assert "BADSIG" in text or "signature" in text.lower()


def test_a_release_file_that_has_expired_is_refused(
    archive: Archive, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mirror that replays what was signed long ago; the configuration of a machine may allow that."""
    (tmp_path / "apt.conf").write_text(f'Dir::Etc::parts "{tmp_path}/none"; Dir::Etc::main "/dev/null";\n')
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    text = archive.release.read_text()
    archive.release.write_text(text.replace("Suite:", "Valid-Until: Fri, 02 Jan 2026 00:00:00 UTC\nSuite:"))
    keys.sign(archive)
    assert "is expired" in refusal(tmp_path / "cache", archive.source(keys.home / "ours.gpg"))


def test_a_changed_index_is_refused(archive: Archive, keys: Keys, tmp_path: Path) -> None:
    keys.sign(archive)
    archive.index.write_text(archive.index.read_text().replace("nothing", "notHing"))
    text = refusal(tmp_path / "cache", archive.source(keys.home / "ours.gpg"))
    assert text.startswith("the package indexes could not be downloaded and verified: E: ")
    assert "Hash Sum mismatch" in text


def test_a_changed_package_is_refused(archive: Archive, keys: Keys, tmp_path: Path) -> None:
    keys.sign(archive)
    package = archive.root / "mysql-server-core.deb"
    content = bytearray(package.read_bytes())
    content[-1] ^= 1
    package.write_bytes(content)
    text = refusal(tmp_path / "cache", archive.source(keys.home / "ours.gpg"))
    assert text.startswith("the packages could not be downloaded and verified: E: ")
    assert "Hash Sum mismatch" in text


def test_a_server_without_namespaces_is_refused_before_the_download(keys: Keys, tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive", version="1:5.7.44-0ubuntu0.18.04.1", server="mysql-server-core-5.7")
    keys.sign(archive)
    text = refusal(tmp_path / "cache", archive.source(keys.home / "ours.gpg"))
    assert text.splitlines()[:2] == [
        "the machine's package sources offer MySQL 5.7.44: network namespace support came with 8.0.22",
        "  tried: mysql-server-core-5.7 1:5.7.44-0ubuntu0.18.04.1",
    ]


def test_an_archive_without_mysql_is_an_error(keys: Keys, tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive", server="other-server-core")
    keys.sign(archive)
    text = refusal(tmp_path / "cache", archive.source(keys.home / "ours.gpg"))
    assert text.splitlines()[:3] == [
        f"the machine's package sources offer no MySQL for {archive.architecture}",
        f"  where: copy:{archive.root}/ unstable",
        "  tried: a package named mysql-server-core or mysql-server-core-N.N",
    ]
