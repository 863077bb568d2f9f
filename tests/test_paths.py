"""Paths as people type them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fvae_studio.paths import typed_path


def test_home_is_filled_in_and_blanks_around_it_go() -> None:
    assert typed_path(" ~/photos ") == Path.home() / "photos"


@pytest.mark.parametrize("text", ["~nobody-of-that-name/photos", "", "/", "photos"])
def test_what_cannot_be_filled_in_stays_as_it_is_typed(text: str) -> None:
    assert typed_path(text) == Path(text)
