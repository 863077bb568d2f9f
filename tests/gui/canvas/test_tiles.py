"""Tiles: sharp, without seams, made behind the window's back and only while they are wanted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QImage, QPainter, QRegion

from fvae_studio.core.levels import reduce_photo
from fvae_studio.core.types import Photo
from fvae_studio.gui.canvas import photo_painter
from fvae_studio.gui.canvas import tiles as tiles_module
from fvae_studio.gui.canvas.background import Background
from fvae_studio.gui.canvas.edit_layer import Picture
from fvae_studio.gui.canvas.photo_painter import paint_photo, visible_keys
from fvae_studio.gui.canvas.placement import Placement
from fvae_studio.gui.canvas.tiles import PhotoTiles, TileKey
from fvae_studio.gui.canvas.view import CanvasView
from fvae_studio.gui.qimage import to_pixels, to_qimage

VIEW = QSizeF(700, 500)


class Patient:
    """A background that works when it is told to."""

    def __init__(self) -> None:
        self.jobs: list[tuple[int, Callable[[], Any], Callable[[Any], None]]] = []
        self.num_done = 0

    def run(self, work: Callable[[], Any], done: Callable[[Any], None], *, priority: int = 0) -> None:
        self.jobs.append((priority, work, done))

    def work(self, count: int = 10_000) -> None:
        while self.jobs and count:
            job = max(self.jobs, key=lambda one: one[0])
            self.jobs.remove(job)
            job[2](job[1]())
            count -= 1
            self.num_done += 1


@pytest.fixture
def background() -> Patient:
    return Patient()


@pytest.fixture
def large() -> Photo:
    """2300 x 1700: three levels, tiles that meet in the middle of the view."""
    rng = np.random.default_rng(5)
    coarse = rng.integers(0, 256, (17, 23, 3)).astype(np.float32)
    smooth = np.kron(coarse, np.ones((100, 100, 1)))
    return Photo(np.clip(smooth + rng.normal(0, 12, smooth.shape), 0, 255).astype(np.uint8))


def placed(photo: Photo, zoom: float, x: float, y: float) -> Placement:
    return Placement(QSizeF(photo.width, photo.height), VIEW, zoom, x, y).snapped(1.0)


def painted(tiles: PhotoTiles, placement: Placement, *, layer: Any = None, clip: QRectF | None = None) -> np.ndarray:
    image = QImage(int(VIEW.width()), int(VIEW.height()), QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    view = QRectF(QPointF(0, 0), VIEW)
    paint_photo(painter, placement, tiles, layer, pane=view, clip=clip or view, device_ratio=1.0)
    painter.end()
    return to_pixels(image)


def shown_sharply(tiles: PhotoTiles, background: Patient, placement: Placement) -> np.ndarray:
    background.work()
    tiles.want(*visible_keys(placement, tiles, device_ratio=1.0))
    background.work()
    assert tiles.is_complete
    return painted(tiles, placement)


@pytest.mark.parametrize("zoom", [0.3, 0.47, 0.77, 1.0, 1.3, 2.9])
def test_tiles_meet_without_a_seam(large, background, zoom):
    tiles = PhotoTiles(large, background, lambda: None)
    placement = placed(large, zoom, 1024.3, 1024.7)
    seen = shown_sharply(tiles, background, placement)
    level = placement.level(1.0)
    smaller = reduce_photo(large, level)
    whole = QImage(int(VIEW.width()), int(VIEW.height()), QImage.Format.Format_RGB32)
    whole.fill(0)
    painter = QPainter(whole)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    covered = QRectF(0, 0, smaller.width << level, smaller.height << level)
    painter.drawImage(placement.rect_to_view(covered), to_qimage(smaller.pixels))
    painter.end()
    apart = np.abs(seen.astype(int) - to_pixels(whole)).max(axis=2)

    # Qt counts positions in 1/65536 of a pixel from each picture's own corner.
    assert np.mean(apart > 6) < 0.001
    assert (len(visible_keys(placement, tiles, device_ratio=1.0)[0]) > 1) == (level < tiles.top_level)


@dataclass(frozen=True)
class Layer:
    """An edit layer with one picture for every level."""

    picture: Picture

    def pictures(self, _level: int) -> tuple[Picture, ...]:
        return (self.picture,)


@pytest.mark.parametrize("zoom", [0.3, 0.47, 1.0, 1.3])
def test_what_an_edits_picture_covers_is_not_drawn_and_not_missed(large, background, zoom, monkeypatch):
    tiles = PhotoTiles(large, background, lambda: None)
    placement = placed(large, zoom, 1024.3, 1024.7)
    shown_sharply(tiles, background, placement)
    picture = np.random.default_rng(2).integers(0, 256, (150, 225, 3), dtype=np.uint8)
    layer = Layer(Picture(QRectF(904, 872, 450, 300), to_qimage(picture)))
    drawn = painted(tiles, placement, layer=layer)

    with monkeypatch.context() as everything:
        everything.setattr(photo_painter, "_not_under", lambda _pictures, _device, shown: QRegion(shown))
        # Qt rounds otherwise where its own rows begin elsewhere.
        np.testing.assert_allclose(painted(tiles, placement, layer=layer), drawn, atol=1)

    covered = []
    monkeypatch.setattr(photo_painter, "_paint_tile", lambda _painter, _device, _tile, area: covered.append(area))
    painted(tiles, placement, layer=layer, clip=placement.rect_to_view(QRectF(930, 900, 300, 200)))
    assert covered == []


def test_drawing_a_part_again_changes_nothing(large, background):
    tiles = PhotoTiles(large, background, lambda: None)
    placement = placed(large, 0.47, 1024.3, 1024.7)
    whole = shown_sharply(tiles, background, placement)

    part = painted(tiles, placement, clip=QRectF(101, 57, 203, 154))

    np.testing.assert_allclose(part[57:211, 101:304], whole[57:211, 101:304], atol=1)
    part[57:211, 101:304] = 0
    assert not part.any()


def test_pixels_are_squares_from_400_percent_on(large, background):
    tiles = PhotoTiles(large, background, lambda: None)
    placement = placed(large, 8.0, 1024.3, 1024.7)
    seen = shown_sharply(tiles, background, placement)
    corner = placement.to_view(0, 0)
    columns = np.floor((np.arange(700) + 0.5 - corner.x()) / 8).astype(int)
    rows = np.floor((np.arange(500) + 0.5 - corner.y()) / 8).astype(int)
    np.testing.assert_array_equal(seen, large.pixels[rows][:, columns])


def test_actual_pixels_are_copied(large, background):
    tiles = PhotoTiles(large, background, lambda: None)
    placement = placed(large, 1.0, 1024.37, 1024.81)
    seen = shown_sharply(tiles, background, placement)
    corner = placement.to_photo(QPointF(0, 0))
    x, y = round(corner.x()), round(corner.y())

    assert (corner.x(), corner.y()) == pytest.approx((x, y), abs=1e-6)
    np.testing.assert_array_equal(seen, large.pixels[y : y + 500, x : x + 700])


@pytest.mark.parametrize("is_level_made", [False, True])
def test_tile_is_the_smaller_photo(large, background, is_level_made):
    tiles = PhotoTiles(large, background, lambda: None)
    # One job makes the overview; the levels between come later, and tiles do not wait for them.
    background.work(10_000 if is_level_made else 1)
    key = TileKey(1, 1, 0)
    tiles.want([key])
    background.work()
    tile = tiles.find(key)
    wanted = reduce_photo(large, 1).pixels[0:513, 511:1025]

    assert tile is not None
    assert tile.covered == QRectF(1022, 0, 1028, 1026)
    assert np.abs(to_pixels(tile.image).astype(int) - wanted).max() <= 1


def test_what_went_out_of_sight_is_not_made(large, background):
    tiles = PhotoTiles(large, background, lambda: None)
    background.work()
    before = background.num_done
    tiles.want([TileKey(0, column, row) for row in range(4) for column in range(5)])
    tiles.want([TileKey(0, 4, 3)])
    background.work()

    assert tiles.find(TileKey(0, 4, 3)) is not None
    assert tiles.find(TileKey(0, 4, 0)) is None
    assert background.num_done - before < 10


def test_cache_drops_old_tiles_but_none_that_is_seen(large, background, monkeypatch):
    monkeypatch.setattr(tiles_module, "CACHE_BYTES", 5 * 2**20)
    tiles = PhotoTiles(large, background, lambda: None)
    background.work()
    first = [TileKey(0, column, 0) for column in range(4)]
    second = [TileKey(0, column, row) for row in (1, 2) for column in range(4)]
    for keys in (first, second):
        tiles.want(keys)
        background.work()
        assert tiles.is_complete

    assert all(tiles.find(key) is None for key in first)
    assert all(tiles.find(key) is not None for key in second)


def test_missing_tiles_are_stood_in_for(large, background):
    tiles = PhotoTiles(large, background, lambda: None)
    background.work()
    placement = placed(large, 0.9, 1150, 850)
    tiles.want(*visible_keys(placement, tiles, device_ratio=1.0))
    soft = painted(tiles, placement)
    background.work()
    sharp = painted(tiles, placement)

    assert np.abs(soft.astype(int) - sharp).mean() < 12
    assert (soft != sharp).any()


def test_nothing_is_made_in_the_windows_thread(qtbot, large, monkeypatch):
    threads: set[str] = set()

    def watch(function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **named: Any) -> Any:
            threads.add(threading.current_thread().name)
            return function(*args, **named)

        return watched

    monkeypatch.setattr(tiles_module, "to_qimage", watch(to_qimage))
    monkeypatch.setattr(tiles_module, "reduce_photo", watch(reduce_photo))
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(700, 500)
    view.show()
    view.set_photo(large)
    for zoom in (0.4, 1.0, 3.0):
        view.zoom_to(zoom)
        for _ in range(5):
            view._pan(-120, -60)
            view.grab()
        qtbot.waitUntil(lambda: (view.grab(), view.is_settled)[1])
    view.close_threads()

    assert threads
    assert threading.main_thread().name not in threads


def test_closed_tiles_say_nothing_more(large, background):
    said: list[int] = []
    tiles = PhotoTiles(large, background, lambda: said.append(1))
    tiles.close()
    background.work()

    assert not said
    assert tiles.overview is None


def test_work_that_fails_is_told_and_the_next_goes_on(qtbot, caplog):
    background = Background()
    results: list[Any] = []

    def fail() -> None:
        raise ValueError("broken tile")

    background.run(fail, results.append)
    background.run(lambda: 7, results.append)
    qtbot.waitUntil(lambda: len(results) == 2)
    background.close()
    background.run(lambda: 8, results.append)

    assert sorted(results, key=str) == [7, None]
    assert "broken tile" in caplog.text
    assert background.is_idle


@pytest.mark.parametrize("shape", [(1, 1), (3, 9000), (9000, 2), (1025, 1024)])
def test_photos_of_any_shape_are_shown(background, shape):
    photo = Photo(np.full((*shape, 3), 200, np.uint8))
    tiles = PhotoTiles(photo, background, lambda: None)
    background.work()
    placement = Placement.fitted(QSizeF(photo.width, photo.height), VIEW)
    for shown in (placement.snapped(1.0), placement.zoomed(9.0, QPointF(350, 250)).snapped(1.0)):
        tiles.want(*visible_keys(shown, tiles, device_ratio=1.0))
        background.work()
        seen = painted(tiles, shown)

        assert tiles.is_complete
        assert set(np.unique(seen)) <= {0, 200}
    assert seen.any()
