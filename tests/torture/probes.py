"""One bad file against the code that reads its kind; what came of it, in words. Runs in a worker process."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable
from pathlib import Path

from fvae_studio.errors import FvaeStudioError

_LONGEST_SENTENCE = 900
_SMALL_PIXELS = 1_000_000


def probe(kind: str, path: Path) -> str:
    """Let the program read a file.

    Returns:
        "read", "refused", or "BUG: ..." with what is wrong.
    """
    before = path.read_bytes()
    others = set(path.parent.iterdir())
    try:
        _READERS[kind.partition(".")[0]](path)
    except FvaeStudioError as error:
        outcome = _judge(str(error))
    except Exception:
        outcome = "BUG: " + traceback.format_exc(limit=-4)
    else:
        outcome = "read"
    if left := set(path.parent.iterdir()) - others:
        outcome = f"BUG: left {sorted(left)} behind"
    if path.read_bytes() != before:
        outcome = "BUG: changed the file that it read"
    return outcome


def _judge(message: str) -> str:
    """Whether an error is a sentence that a person can read."""
    if not 8 <= len(message) <= _LONGEST_SENTENCE or "\n" in message or "Traceback" in message:
        return f"BUG: no sentence of decent length ({len(message)}): {message[:300]}"
    if re.search(r"<[\w.]+ object at 0x", message):
        return f"BUG: an object instead of words: {message[:300]}"
    return "refused"


def _read_image(path: Path) -> None:
    from fvae_studio.core.photo_io import WriteOptions, read_photo, write_photo

    photo = read_photo(path)
    if photo.width * photo.height > _SMALL_PIXELS:
        return
    # What can be read can be edited and written again, the whole file or none.
    edited = photo.pixels.copy()
    edited[: photo.height // 2] ^= 1
    name = photo.metadata.format if photo.metadata.format not in ("BMP", "GIF") else "PNG"
    out = path.with_name("written.out")
    try:
        write_photo(photo.with_pixels(edited), out, options=WriteOptions(format=name), source=photo)
        again = read_photo(out)
        assert again.pixels.shape == photo.pixels.shape, f"{again.pixels.shape} written, {photo.pixels.shape} wanted"
    finally:
        out.unlink(missing_ok=True)


def _read_project(path: Path) -> None:
    from fvae_studio.core.project_file import load_project, save_project

    project = load_project(path)
    out = path.with_name("written.fvae")
    try:
        save_project(project, out)
        assert load_project(out).photos == project.photos or project.photos[0].edit.faces is not None
    finally:
        out.unlink(missing_ok=True)


def _read_recipe(path: Path) -> None:
    from fvae_studio.cli.commands import read_text
    from fvae_studio.core.edits import EditState

    state = EditState.from_json(read_text(path))
    assert EditState.from_json(state.to_json()) == state


def _read_preset(path: Path) -> None:
    from fvae_studio.core.presets import PresetFolder

    folder = PresetFolder(path.parent / "presets")
    try:
        preset = folder.bring_in(path)
        assert preset in folder.load()
    finally:
        for found in (path.parent / "presets").glob("*"):
            found.unlink()
        if (path.parent / "presets").is_dir():
            (path.parent / "presets").rmdir()


def _read_settings(path: Path) -> None:
    from fvae_studio.core.export import ExportOptions
    from fvae_studio.settings import load_settings, save_settings

    settings = load_settings(path)
    ExportOptions.from_json(settings.export)
    out = path.with_name("written.json")
    try:
        save_settings(settings, out)
    finally:
        out.unlink(missing_ok=True)


def _read_weights(path: Path) -> None:
    from fvae_studio.model.checkpoint import load_checkpoint
    from fvae_studio.model.weights import read_header

    read_header(path)
    load_checkpoint(path)


def _read_flow(path: Path) -> None:
    from fvae_studio.core.flow_io import read_flow

    read_flow(path)


_READERS: dict[str, Callable[[Path], None]] = {
    "image": _read_image,
    "project": _read_project,
    "recipe": _read_recipe,
    "preset": _read_preset,
    "settings": _read_settings,
    "weights": _read_weights,
    "flow": _read_flow,
}
