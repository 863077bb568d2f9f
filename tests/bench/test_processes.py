from __future__ import annotations

import sys

import pytest

from fvae_studio.bench.processes import ask_process, run_process
from fvae_studio.errors import DataError


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell a child's peak memory")
def test_peak_memory_is_that_of_the_child():
    small = run_process([sys.executable, "-c", "pass"])
    large = run_process([sys.executable, "-c", "b = bytearray(400 * 2**20)"])

    assert small.peak_mb is not None
    assert large.peak_mb is not None
    # The system counts this test's own process as the least; it is far from 400 MB larger than that.
    assert large.peak_mb >= 400
    assert large.seconds > 0


def test_failed_command_is_told_with_what_it_said():
    with pytest.raises(DataError, match="no luck"):
        run_process([sys.executable, "-c", "import sys; sys.exit('no luck')"])


def test_byte_code_may_be_written_as_on_peoples_machines(monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    told = ask_process([sys.executable, "-c", "import sys; print(str(sys.dont_write_bytecode).lower())"])

    assert told is False
