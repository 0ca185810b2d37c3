"""Many processes that meet a fetched server for the first time, and records that are damaged."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
from pathlib import Path

import pytest

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.mysql.cache import cached, locking, manifest, versionline
from tests.stress.together.caches import AREA, fake_server, netns_mysql, new_cache, seeded
from tests.support.processes import PATIENCE
from tests.support.stress import check, scaled

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

AT_ONCE = 8


def find_it(cache: Path, barrier: object) -> None:
    signal.alarm(int(PATIENCE))  # whoever waits for ever is a fault
    barrier.wait()  # type: ignore[attr-defined]
    found = cached.fetched(cache, "mysql")
    os._exit(0 if found is not None else 1)


def test_workers_that_meet_a_fetched_server_at_once_all_take_it(tmp_path: Path) -> None:
    """Each runs the program and writes the manifest: none may find half of another's, and call it damaged."""
    faults = []
    rounds = scaled(3, 60)
    forking = multiprocessing.get_context("fork")
    for number in range(rounds):
        cache = new_cache(tmp_path / f"cache{number}")
        folder = fake_server(cache)
        barrier = forking.Barrier(AT_ONCE)
        workers = [forking.Process(target=find_it, args=(cache, barrier)) for _ in range(AT_ONCE)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        failed = [worker.exitcode for worker in workers if worker.exitcode != 0]
        if failed or manifest.fault(folder) is not None:
            faults.append(f"round {number}: {failed}, {manifest.fault(folder)}")
        if left := sorted(path.name for path in folder.iterdir() if path.name.startswith(".netns-manifest.json.")):
            faults.append(f"round {number} left {left}")
    claim = "workers that meet a fetched server at the same time take it"
    check(AREA, claim, rounds * AT_ONCE, faults)


VALUES = ("", "{", "null", "[]", "{}", "7", '"x"', "true", "[[[[", "\x00\x00", "\ufffd", '{"entries": {"a": 7}}')


def damaged(text: str, chance: random.Random) -> str:
    """Return a text as a broken disk, another version or an editor may leave it."""
    kind = chance.randrange(5)
    if kind == 0:
        return chance.choice(VALUES)
    if kind == 1:
        return text[: chance.randrange(len(text))]
    if kind == 2:
        at = chance.randrange(len(text))
        return text[:at] + chr(chance.randrange(1, 0x250)) + text[at + 1 :]
    content = json.loads(text)
    target = content
    while isinstance(target, dict) and target:
        key = chance.choice(sorted(target))
        value = target[key]
        if not isinstance(value, dict) or not value or chance.random() < 0.4:
            if kind == 3:
                del target[key]
            else:
                target[key] = chance.choice([None, 7, -1, 1e300, "x", "", [], {}, [1, 2], True, "../" * 9, "\0"])
            break
        target = value
    return json.dumps(content)


def test_a_damaged_record_causes_no_traceback(tmp_path: Path) -> None:
    """What damage cannot be told from a change, such as another version in the line, only has to be no exception."""
    chance, seed = seeded("records")
    cache = new_cache(tmp_path / "cache")
    folder = fake_server(cache)
    program = folder / "bin" / "mysqld"
    assert cached.fetched(cache, "mysql") is not None
    versionline.ask_once(program, cache, ())
    files = [folder / "server.json", folder / ".netns-manifest.json", cache / "identified.json"]
    whole = {file: file.read_text() for file in files}
    faults = []
    count = scaled(300, 20_000)
    for _ in range(count):
        file = chance.choice(files)
        text = damaged(whole[file], chance)
        file.write_text(text, errors="surrogateescape")
        try:
            cached.fetched(cache, "mysql")
            cached.looked_for(cache, "mysql", "server")
            cached.drop_damaged(cache, "mysql", lambda _: None)
            if versionline.ask_once(program, cache, ()) != json.loads(whole[folder / "server.json"])["version_line"]:
                stored = json.loads(text)[str(program)]["version_line"]
                assert isinstance(stored, str), "a version line that is no text"
        except NetnsError:
            pass
        except Exception as error:  # noqa: BLE001 - any of them is a fault
            faults.append(f"{seed}: {file.name} with {text[:300]!r}: {error!r}")
        for each, content in whole.items():
            each.write_text(content)
    check(AREA, "damaged records in the cache cause no traceback", count, faults)


def test_what_a_run_uses_is_not_cleared(tmp_path: Path) -> None:
    """Also before the run's server is up, which `netns-mysql ps` shows only then."""
    cache = new_cache(tmp_path / "cache")
    folder = fake_server(cache)
    names = ("mysql-9.9.9-bbbbbbbbbbbb", "mysql-9.9.9-cccccccccccc.unfinished")
    for name in names:
        (cache / "templates" / name).mkdir()
    making = locking.try_lock(cache / "templates" / "mysql-9.9.9-cccccccccccc.lock")
    with locking.shared(folder), locking.shared(cache / "templates" / names[0]):
        kept = netns_mysql("cache", "clear", "--cache", cache).stdout.splitlines()
    assert making is not None
    os.close(making)
    removed = netns_mysql("cache", "clear", "--cache", cache).stdout.splitlines()
    faults: list[object] = []
    if kept != [
        f"kept: servers/{folder.name}: a run uses it",
        f"kept: templates/{names[0]}: a run uses it",
        f"kept: templates/{names[1]}: another process is making it",
    ]:
        faults.append(kept)
    if [line.partition(",")[0] for line in removed] != [f"removed: servers/{folder.name}"] + [
        f"removed: templates/{name}" for name in names
    ]:
        faults.append(removed)
    check(AREA, "clearing the cache keeps what a run uses, and what is being made", 3, faults)
