import numpy as np
import pytest

from fvae_studio.core.flow_view import (
    draw_arrows,
    draw_bent_grid,
    draw_confidence,
    draw_faces,
    draw_flow_colours,
    flow_colours,
)
from fvae_studio.core.geometry import Rect
from fvae_studio.core.types import Face
from fvae_studio.errors import GeometryError


def grey(height: int = 240, width: int = 320, dtype: type = np.uint8) -> np.ndarray:
    return np.full((height, width, 3), np.iinfo(dtype).max // 2, dtype)


def some_flow(height: int = 240, width: int = 320) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    rise = np.clip(1 - np.hypot(x - width / 2, y - height / 2) / (min(height, width) / 3), 0, 1)
    return np.stack([9 * rise, -5 * rise], axis=-1).astype(np.float32)


def face(rect: Rect, index: int = 1) -> Face:
    points = np.random.default_rng(0).random((478, 2)) * (rect.width - 1, rect.height - 1) + (rect.x, rect.y)
    return Face(index, rect, points.astype(np.float32), 0.9)


def all_views(pixels, flow):
    confidence = np.linspace(0, 1, pixels.shape[1], dtype=np.float32)[None].repeat(pixels.shape[0], 0)
    height, width = pixels.shape[:2]
    yield draw_flow_colours(pixels, flow)
    yield draw_arrows(pixels, flow)
    yield draw_bent_grid(pixels, flow)
    yield draw_confidence(pixels, confidence)
    yield draw_faces(pixels, [face(Rect(width // 4, height // 4, max(2, width // 2), max(2, height // 2)))])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(240, 320), (9, 7), (1, 1)])
def test_views_keep_size_and_depth_and_leave_the_input(dtype, shape):
    pixels = grey(*shape, dtype)

    for view in all_views(pixels, some_flow(*shape)):
        assert view.shape == pixels.shape
        assert view.dtype == dtype
        assert not np.shares_memory(view, pixels)
    np.testing.assert_array_equal(pixels, grey(*shape, dtype))


def test_views_mark_the_picture():
    for view in all_views(grey(), some_flow()):
        assert (view != grey()).any(axis=2).mean() > 0.003


def test_colour_code_tells_direction_and_length():
    right, left, nothing, half = flow_colours(np.array([[[4.0, 0], [-4, 0], [0, 0], [2, 0]]]))[0]

    # Baker et al.: red to the right, cyan to the left, white for none.
    assert right[0] == 255
    assert right[1] < 30
    assert left[0] < 120
    assert left[2] == 255
    np.testing.assert_array_equal(nothing, 255)
    np.testing.assert_allclose(half, (right.astype(float) + 255) / 2, atol=1)


def test_colours_leave_still_pixels():
    view = draw_flow_colours(grey(), some_flow())

    assert (view[:20, 280:] == grey()[:20, 280:]).all()
    assert (view[110:130, 150:170] != 127).any(axis=2).all()


def test_no_motion_is_drawn_without_colours():
    still = np.zeros((240, 320, 2), np.float32)

    assert (draw_flow_colours(grey(), still)[:150] == 127).all()
    assert (draw_arrows(grey(), still)[60:] == 127).all()


def test_opacity_zero_leaves_the_middle_alone():
    flow = some_flow()
    confidence = np.ones((240, 320), np.float32)

    for view in (
        draw_flow_colours(grey(), flow, opacity=0),
        draw_arrows(grey(), flow, opacity=0),
        draw_bent_grid(grey(), flow, opacity=0),
        draw_confidence(grey(), confidence, opacity=0),
        draw_faces(grey(), [face(Rect(90, 60, 100, 100))], opacity=0),
    ):
        assert (view[60:160] == 127).all()


def test_grid_lines_follow_the_flow():
    flow = np.zeros((200, 200, 2), np.float32)
    flow[..., 0] = 3

    straight = draw_bent_grid(grey(200, 200), np.zeros_like(flow), spacing_px=20)
    shifted = draw_bent_grid(grey(200, 200), flow, spacing_px=20)

    # Backward flow of +3 px shows the source's column 100 at column 97.
    assert (straight[110, 100] != 127).any()
    assert (shifted[110, 97] != 127).any()
    assert (shifted[110, 100] == 127).all()


def test_lines_are_wider_on_larger_pictures():
    def share(size: int) -> float:
        view = draw_faces(grey(size, size), [face(Rect(size // 4, size // 4, size // 2, size // 2))])
        row = view[size // 2, : size // 4 + 30]
        return (row != 127).any(axis=1).sum()

    assert share(2800) > share(350)


def test_sizes_that_differ_are_geometry_errors():
    with pytest.raises(GeometryError, match="one size"):
        draw_arrows(grey(), np.zeros((3, 3, 2), np.float32))
    with pytest.raises(GeometryError, match="one size"):
        draw_confidence(grey(), np.zeros((3, 3), np.float32))
    with pytest.raises(GeometryError, match="opacity"):
        draw_faces(grey(), [], opacity=1.5)
