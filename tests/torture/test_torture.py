"""A slice of `make torture`, the same in every run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.torture.corpus import ROOT, Reader, Tally, run_corpus
from tests.torture.documents import document_files
from tests.torture.images import BadFile, image_files


@pytest.mark.skipif(os.name == "nt", reason="the limits of the workers are those of other systems")
def test_bad_files_are_read_or_refused_with_a_sentence(tmp_path: Path) -> None:
    tally = run_corpus(_slice(), tmp_path)

    assert [(bad.kind, bad.name, outcome) for bad, outcome in tally.faults] == []
    assert tally.num_files > 300
    assert {kind for kind, _ in tally.counts} >= {"image", "project", "recipe", "preset", "settings", "weights"}


def _slice() -> Iterator[BadFile]:
    yield from islice(image_files(per_family=1, seed=1), 0, None, 4)
    yield from islice(document_files(per_place=1, seed=1), 0, None, 7)


@pytest.mark.skipif(os.name == "nt", reason="the limits of the workers are those of other systems")
def test_crash_and_hang_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.torture.corpus.LIMIT_S", 0.5)
    program = "import sys, os, time; print('x', flush=True); sys.stdin.readline(); line = sys.stdin.readline(); "
    outcomes = []
    for act in ("os._exit(3)", "time.sleep(60)"):
        reader = Reader(tmp_path)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        process = subprocess.Popen([sys.executable, "-c", program + act], **pipes)
        process.stdin.write("\n")
        process.stdout.readline()
        monkeypatch.setattr(reader, "_start", lambda process=process: process)
        outcomes.append(reader.read(BadFile("image", "test", "test", b"x")))
        reader.close()
    tally = Tally()
    for outcome in outcomes:
        tally.add(BadFile("image", "test", "test", b"x"), outcome)

    assert [outcome.split(":")[0] for outcome in outcomes] == ["crash", "hang"]
    assert len(tally.faults) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="it forks, kills and mounts as Linux does")
def test_nothing_is_lost_by_kills_full_disks_and_other_studios() -> None:
    command = [sys.executable, "-m", "tests.torture", "--only", "faults", "--kills", "4"]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "| the clock is set back between saves | 5 | 0 |" in done.stdout
