"""The reference pages are what the program says."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from fvae_studio.core.presets import BUILT_IN
from fvae_studio.gui.actions import ACTION_ROWS, plain_text
from fvae_studio.gui.dialogs.shortcuts import FIXED_KEYS
from fvae_studio.settings import OPTIONS

pytestmark = pytest.mark.gui


@pytest.fixture(scope="module")
def pages(reference: ModuleType) -> dict[str, str]:
    found: dict[str, str] = reference.pages()
    return found


def test_committed_pages_are_those_of_the_program(pages: dict[str, str], reference: ModuleType) -> None:
    old = [name for name, text in pages.items() if (reference.FOLDER / name).read_text(encoding="utf-8") != text]

    assert old == [], "run `make docs`"


def test_a_page_that_differs_is_told(reference: ModuleType, tmp_path: Path) -> None:
    for name in ("command-line.md", "training.md", "python.md", "studio.md"):
        (tmp_path / name).write_bytes((reference.FOLDER / name).read_bytes())
    (tmp_path / "python.md").write_text("# Python\n", encoding="utf-8")
    (tmp_path / "studio.md").unlink()

    assert reference.differing(tmp_path) == ["python.md", "studio.md"]


def test_every_command_of_the_window_is_listed_with_its_keys(pages: dict[str, str]) -> None:
    for row in ACTION_ROWS:
        line = next(line for line in pages["studio.md"].splitlines() if line.startswith(f"| {plain_text(row.text)} |"))

        assert all(f"`{key}`" in line for key in row.keys) or row.text in ("&None",)


def test_fixed_keys_settings_and_presets_are_listed(pages: dict[str, str]) -> None:
    page = pages["studio.md"]

    assert all(f"| {text} |" in page for _, rows in FIXED_KEYS for text, _ in rows)
    assert all(f"| {option.label} |" in page for option in OPTIONS)
    assert all(f"| {preset.name} |" in page for preset in BUILT_IN)


def test_docstring_sections_become_lists(reference: ModuleType) -> None:  # noqa: ARG001 (its folder is on the path)
    from api_reference import _docstring

    def example() -> None:
        """First line.

        A paragraph
        of two lines.

        Args:
            path: where
                it lies.
            **rest: anything.

        Raises:
            OSError: the disk is full.
        """

    text = "\n".join(_docstring(example))

    assert "A paragraph of two lines." in text
    assert "- `path`: where it lies.\n- `**rest`: anything." in text
    assert text.index("Raises:") < text.index("- `OSError`: the disk is full.")


def test_values_of_options_are_told(pages: dict[str, str]) -> None:
    page = pages["command-line.md"]

    assert "| `--quality` | `1..100` |" in page
    assert "| `--easing` | `linear\\|ease\\|ease-in\\|ease-out\\|spline` |" in page
    assert "fvae-studio interpolate A B [C ...] --output PATH [OPTIONS]" in page
