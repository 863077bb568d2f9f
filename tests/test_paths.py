"""Paths as people type them, and names of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from fvae_studio.paths import typed_path, with_ending


def test_home_is_filled_in_and_blanks_around_it_go() -> None:
    assert typed_path(" ~/photos ") == Path.home() / "photos"


@pytest.mark.parametrize("text", ["~nobody-of-that-name/photos", "", "/", "photos"])
def test_what_cannot_be_filled_in_stays_as_it_is_typed(text: str) -> None:
    assert typed_path(text) == Path(text)


def test_a_name_that_is_too_long_keeps_its_ending(tmp_path: Path) -> None:
    assert with_ending("ada", "-clip") == "ada-clip"
    for long in ("x" * 251, "ü" * 125):
        made = with_ending(long, "-clip")
        (tmp_path / f"{made}-12.webm").touch()

        assert made.startswith(long[:50])
        assert made.endswith("-clip")
