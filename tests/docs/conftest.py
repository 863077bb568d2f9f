from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def reference() -> Iterator[ModuleType]:
    """packaging/reference.py; `packaging` is no package, there is a library of that name."""
    folder = str(ROOT / "packaging")
    sys.path.insert(0, folder)
    try:
        import reference

        yield reference
    finally:
        sys.path.remove(folder)
