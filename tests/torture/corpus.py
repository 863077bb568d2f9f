"""Running a corpus of bad files through worker processes, each with a limit of time and memory, and counting."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.torture.images import BadFile

LIMIT_S = 10.0
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Tally:
    """Counts by kind and family.

    Attributes:
        counts: (kind, family) -> outcome -> how many; outcomes are read, refused, crash, hang, bug.
        faults: (file, what is wrong), for people.
    """

    counts: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    faults: list[tuple[BadFile, str]] = field(default_factory=list)

    @property
    def num_files(self) -> int:
        """Of all."""
        return sum(sum(counter.values()) for counter in self.counts.values())

    def add(self, bad: BadFile, outcome: str) -> None:
        """Count one."""
        word = outcome if outcome in ("read", "refused") else outcome.partition(":")[0].lower()
        self.counts.setdefault((bad.kind, bad.family), Counter())[word] += 1
        if word not in ("read", "refused"):
            self.faults.append((bad, outcome))

    def table(self) -> str:
        """Markdown."""
        words = ("read", "refused", "crash", "hang", "bug")
        lines = ["| reader | family | files | " + " | ".join(words) + " |", "|---|---|" + "---:|" * 6]
        total: Counter[str] = Counter()
        for (kind, family), counter in sorted(self.counts.items()):
            total += counter
            numbers = [sum(counter.values()), *(counter[word] for word in words)]
            lines.append(f"| {kind} | {family} | " + " | ".join(map(str, numbers)) + " |")
        numbers = [self.num_files, *(total[word] for word in words)]
        lines.append("| **all** | | " + " | ".join(f"**{number}**" for number in numbers) + " |")
        return "\n".join(lines)


class Reader:
    """One worker process; a new one is started where the last one died.

    Args:
        folder: of its own, for the files.
    """

    def __init__(self, folder: Path, *, needs_torch: bool = False) -> None:
        self._folder, self._needs_torch = folder, needs_torch
        folder.mkdir(parents=True, exist_ok=True)
        self._process: subprocess.Popen[str] | None = None

    def read(self, bad: BadFile) -> str:
        """Outcome of one file: as `probe` says, or "crash: ..." or "hang: ..."."""
        path = self._folder / f"bad{bad.suffix}"
        path.write_bytes(bad.content)
        process = self._process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps([bad.kind, str(path)]) + "\n")
            process.stdin.flush()
            with selectors.DefaultSelector() as selector:
                selector.register(process.stdout, selectors.EVENT_READ)
                if not selector.select(LIMIT_S):
                    return f"hang: more than {LIMIT_S:g} s" + self._end()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        return str(json.loads(line)) if line else "crash: " + self._end()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._end()

    def _end(self) -> str:
        assert self._process is not None
        self._process.kill()
        code = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process = None
        return f" (exit code {code})"

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.torture.worker", *(["--weights"] if self._needs_torch else [])]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        # Its start, with all imports, must not count as the time of a file.
        path = self._folder / "first"
        path.write_bytes(b"x")
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(["weights" if self._needs_torch else "image", str(path)]) + "\n")
        process.stdin.flush()
        process.stdout.readline()
        path.unlink()
        return process


def run_corpus(corpus: Iterable[BadFile], folder: Path) -> Tally:
    """Read all files, one after the other, in two processes: one for weights, with torch, one for all others."""
    tally = Tally()
    readers = {needs: Reader(folder / str(needs), needs_torch=needs) for needs in (False, True)}
    try:
        for bad in corpus:
            tally.add(bad, readers[bad.kind == "weights"].read(bad))
    finally:
        for reader in readers.values():
            reader.close()
    return tally
