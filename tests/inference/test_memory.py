"""Freed memory goes back to the system."""

from __future__ import annotations

import sys

import psutil
import pytest

from fvae_studio.inference.memory import give_back_memory


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' allocators are not asked")
def test_freed_memory_leaves_the_process():
    process = psutil.Process()
    # Small pieces, which the allocator keeps: what lies above them is not its end when they are freed.
    pieces = [bytearray(40_000) for _ in range(1500)]
    last = bytearray(40_000)
    full = process.memory_info().rss
    pieces.clear()

    if not give_back_memory():
        pytest.skip("this C library has no such call")

    assert full - process.memory_info().rss > 30e6
    assert len(last) == 40_000
