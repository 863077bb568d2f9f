"""The main path with the real engine and the shipped model: what is seen is exported, and only the face moves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from fvae_studio.app import Studio
from fvae_studio.core.alignment import crop_region, estimate_alignment
from fvae_studio.core.export import ExportOptions
from fvae_studio.core.photo_io import read_photo
from fvae_studio.paths import models_dir, samples_dir

pytestmark = [
    pytest.mark.gui,
    pytest.mark.slow,
    pytest.mark.skipif(not (models_dir() / "manifest.json").is_file(), reason="no model ships with this tree"),
]
WAIT_MS = 60_000


@pytest.fixture
def studio(qapp, qtbot, tmp_path) -> Iterator[Studio]:
    studio = Studio(qapp, settings_file=tmp_path / "settings.json")
    studio.store.set_value("device", "cpu")
    with qtbot.waitSignal(studio.service.ready, timeout=WAIT_MS):
        studio.start([samples_dir() / "group.jpg"])
    qtbot.waitUntil(lambda: bool(studio.document.current and studio.document.current.faces), timeout=WAIT_MS)
    yield studio
    for photo in studio.document.photos:
        photo.exported = photo.edit
    studio.close()
    studio.window.close()
    studio.window.deleteLater()
    studio.theme.deleteLater()


def drag_to(track, fraction: float, qtbot) -> None:
    start = track.rect().center()
    end = start + QPoint(round(fraction * track.width() / 2), 0)
    qtbot.mousePress(track, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 11):
        qtbot.mouseMove(track, start + (end - start) * step / 10)
    qtbot.mouseRelease(track, Qt.MouseButton.LeftButton, pos=end)


def test_from_a_click_on_a_face_to_the_exported_file(studio, qtbot, tmp_path):
    window, document = studio.window, studio.document
    entry = document.current
    face = entry.faces[1]
    position = window.canvas._placement.to_view(*face.box.center).toPoint()
    qtbot.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=position)
    with qtbot.waitSignal(
        document.rendered, timeout=WAIT_MS, check_params_cb=lambda edit: edit.request.quality == "full_res"
    ) as rendered:
        drag_to(window.sliders.slider("smile").track, 0.8, qtbot)
    edit = rendered.args[0]
    seen = entry.photo.pixels.copy()
    for patch in edit.patches:
        seen[patch.roi.slices] = patch.pixels
    changed = (seen != entry.photo.pixels).any(axis=-1)
    region = crop_region(estimate_alignment(face.landmarks)).intersect(entry.photo.bounds)
    outside = changed.copy()
    outside[region.slices] = False

    assert entry.chosen_face == 2
    assert changed.any()
    assert not outside.any()
    assert 0 < edit.trust[2] <= 1

    # The file has the pixels that were seen, and is byte for byte what the command line writes for the same recipe.
    options = replace(ExportOptions(), folder=tmp_path, note_edit=False)
    studio.commands.exports.start("this", options)
    qtbot.waitUntil(lambda: entry.is_exported, timeout=WAIT_MS)
    exported = tmp_path / "group-edited.jpg"
    recipe = tmp_path / "recipe.json"
    recipe.write_text(entry.edit.effective.to_json())
    command = [
        sys.executable,
        "-m",
        "fvae_studio",
        "edit",
        str(entry.path),
        "--recipe",
        str(recipe),
        "--device",
        "cpu",
        "--no-note",
    ]
    subprocess.run([*command, "-o", str(tmp_path / "cli.jpg")], check=True, capture_output=True)

    assert exported.read_bytes() == (tmp_path / "cli.jpg").read_bytes()
    png = replace(options, format="PNG")
    entry.exported = None
    studio.commands.exports.start("this", png)
    qtbot.waitUntil(lambda: entry.is_exported, timeout=WAIT_MS)
    np.testing.assert_array_equal(read_photo(tmp_path / "group-edited.png").pixels, seen)

    # And back to the very photo.
    with qtbot.waitSignal(document.rendered) as original:
        window.actions_table["undo"].trigger()
    assert original.args == [None]
    assert entry.edit.is_identity


def test_model_cards_come_from_the_engines_thread(studio, qtbot):
    dialog = studio.commands.dialogs.open_models()
    qtbot.waitUntil(lambda: bool(dialog._cards), timeout=WAIT_MS)

    assert dialog._loaded == studio.document.summary.name
    assert dialog._cards[0].is_shipped
    dialog.reject()


def test_nothing_heavy_is_imported_by_the_window():
    code = (
        "import sys; import fvae_studio.app; "
        "print([name for name in ('torch', 'mediapipe', 'qtawesome', 'imagecodecs') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert out.stdout.strip() == "[]"


def test_clip_that_is_scrubbed_is_the_clip_that_is_exported(studio, qtbot, tmp_path):
    from fvae_studio.core.clip_export import ClipOptions

    document, clip = studio.document, studio.commands.clip
    clip.show_dock()
    document.put_paths([samples_dir() / "ada_neutral.jpg", samples_dir() / "ada_smile.jpg"])
    document.set_timeline(replace(document.timeline, fps=2.0), "")
    qtbot.waitUntil(lambda: clip.stage.scene is not None, timeout=WAIT_MS)
    with qtbot.waitSignal(
        studio.service.moment_rendered,
        timeout=WAIT_MS,
        check_params_cb=lambda moment: moment.request.quality == "full_res",
    ) as rendered:
        clip.desk.scrub(0.5)
    seen = document.photos[1].photo.pixels.copy()
    for patch in rendered.args[0].patches:
        seen[patch.roi.slices] = patch.pixels
    rows = studio.commands.exports.queue._rows
    clip.exports.start(ClipOptions("png"), tmp_path / "frames")
    qtbot.waitUntil(lambda: [row.state for row in rows.values()] == ["done"], timeout=WAIT_MS)
    frames = [read_photo(path).pixels for path in sorted((tmp_path / "frames").iterdir())]

    assert len(frames) == 3
    np.testing.assert_array_equal(frames[0], document.photos[1].photo.pixels)
    np.testing.assert_array_equal(frames[1], seen)
    assert (frames[1] != frames[0]).any()
    document.mark_clip_exported(document.timeline)
