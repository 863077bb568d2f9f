import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.composite import composite
from fvae_studio.core.displacement import DisplacementField, combine_displacements
from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.core.progress import CancelToken, NoProgress
from fvae_studio.core.regularise import prepare_flow
from fvae_studio.core.types import FlowField, Photo
from fvae_studio.core.warp import flow_roi, upsample_flow, warp_faces, warp_photo
from fvae_studio.errors import Cancelled, GeometryError


def texture(height: int, width: int, dtype: type = np.uint8, seed: int = 0) -> np.ndarray:
    """Blurred noise over the whole range of the dtype."""
    noise = np.random.default_rng(seed).normal(size=(height, width, 3))
    smooth = cv2.GaussianBlur(noise, (0, 0), 1.5)
    smooth = (smooth - smooth.min()) / (smooth.max() - smooth.min())
    return np.round(smooth * np.iinfo(dtype).max).astype(dtype)


def placed(center: tuple[float, float], face_px: float, angle: float = 0.0) -> SimilarityTransform:
    """The transform of a crop of `face_px` photo pixels around `center`."""
    a, b = 128 / face_px * math.cos(angle), 128 / face_px * math.sin(angle)
    x, y = center
    return SimilarityTransform(a, b, 63.5 - (a * x - b * y), 63.5 - (b * x + a * y))


def bump(size: int = 64, *, dx: float = 4.0, dy: float = -2.0, radius: float = 14.0) -> FlowField:
    """A push in the middle of the crop that fades to exactly zero well inside it."""
    y, x = (np.mgrid[:size, :size] + 0.5) * 128 / size - 64
    rise = np.exp(-(x**2 + y**2) / (2 * radius**2)) * np.clip((50 - np.hypot(x, y)) / 10, 0, 1)
    flow = np.stack([dx * rise, dy * rise], axis=-1).astype(np.float32)
    return FlowField(flow, np.full((size, size), 0.5, np.float32))


def twist(size: int = 64, *, angle: float = 0.3) -> FlowField:
    """A turn about the crop's middle that fades outwards."""
    y, x = (np.mgrid[:size, :size] + 0.5) * 128 / size - 64
    turn = angle * np.clip(1 - np.hypot(x, y) / 50, 0, 1) ** 2
    flow = np.stack([x * np.cos(turn) - y * np.sin(turn) - x, x * np.sin(turn) + y * np.cos(turn) - y], axis=-1)
    return FlowField(prepare_flow(flow.astype(np.float32)), np.ones((size, size), np.float32))


@pytest.fixture(params=[np.uint8, np.uint16], ids=["8 bit", "16 bit"])
def photo(request):
    return Photo(texture(300, 400, request.param))


@pytest.mark.parametrize("roi", [None, "whole", Rect(13, 7, 100, 90)])
def test_identity_flow_returns_photo_pixels(photo, roi):
    roi = photo.bounds if roi == "whole" else roi

    warped = warp_photo(photo, FlowField.identity((64, 64)), placed((200, 150), 220, 0.2), roi=roi)

    np.testing.assert_array_equal(warped.pixels, photo.pixels[warped.roi.slices])
    assert not warped.moved.any()
    assert composite(photo, [warped]) is photo


@pytest.mark.parametrize("kernel", ["sinc", "bicubic"])
def test_pixels_outside_the_region_are_identical(photo, kernel):
    warped = warp_photo(photo, bump(), placed((200, 150), 220, 0.2), kernel=kernel)
    edited = composite(photo, [warped])

    changed = (edited.pixels != photo.pixels).any(axis=2)
    outside = np.ones(changed.shape, bool)
    outside[warped.roi.slices] = False
    assert changed.any()
    assert not changed[outside].any()
    assert not changed[warped.roi.slices][~warped.moved].any()
    assert edited.pixels.dtype == photo.pixels.dtype


def test_whole_photo_as_region_gives_the_same_pixels(photo):
    flow, where = bump(), placed((200, 150), 220, 0.2)

    tight = composite(photo, [warp_photo(photo, flow, where)])
    whole = warp_photo(photo, flow, where, roi=photo.bounds)

    # Positions are rounded a little differently in another tile: one step of OpenCV's 1/32 px at most.
    difference = np.abs(whole.pixels.astype(int) - tight.pixels)
    assert (difference > 0).mean() < 0.01


@pytest.mark.parametrize(("face_px", "angle"), [(90, 0.0), (220, 0.3), (900, -0.4)])
def test_warp_samples_the_function_that_the_photo_shows(face_px, angle):
    # A smooth picture whose values between pixels are known, in 16 bit, against float64 throughout.
    def picture(x, y):
        return 32768 + 14000 * np.sin(x / 7) + 12000 * np.cos(y / 9 + x / 30)

    size = 1000
    y, x = np.mgrid[:size, :size].astype(np.float64)
    photo = Photo(np.repeat(np.round(picture(x, y))[..., None], 3, axis=2).astype(np.uint16))
    where = placed((500.3, 480.8), face_px, angle)
    dx, dy, radius = 4.0, -2.0, 14.0

    warped = warp_photo(photo, bump(128, dx=dx, dy=dy, radius=radius), where)

    ys, xs = warped.roi.slices
    crop = where.apply(np.stack([x, y], axis=-1)[ys, xs]).astype(np.float64) - 63.5
    far = np.hypot(crop[..., 0], crop[..., 1])
    rise = np.exp(-(far**2) / (2 * radius**2)) * np.clip((50 - far) / 10, 0, 1)
    move = where.inverse.linear @ np.array([dx, dy])
    expected = picture(x[ys, xs] + rise * move[0], y[ys, xs] + rise * move[1])
    error = warped.pixels[..., 0] - expected
    psnr = 10 * np.log10(65535**2 / np.mean(error**2))
    assert psnr > 55


@given(
    face_px=st.floats(60, 500),
    angle=st.floats(-math.pi, math.pi),
    x=st.floats(-50, 250),
    y=st.floats(-50, 250),
    dx=st.floats(-30, 30),
    size=st.sampled_from([16, 64, 128]),
)
@settings(max_examples=30, deadline=None)
def test_any_placement_gives_a_region_inside_the_photo(face_px, angle, x, y, dx, size):
    photo = Photo(texture(200, 200))
    where = placed((x, y), face_px, angle)

    warped = warp_photo(photo, bump(size, dx=dx), where, kernel="bicubic")
    edited = composite(photo, [warped])

    assert warped.roi.intersect(photo.bounds) == warped.roi or warped.roi.is_empty
    assert warped.pixels.shape == (warped.roi.height, warped.roi.width, 3)
    outside = np.ones((200, 200), bool)
    outside[warped.roi.slices] = False
    np.testing.assert_array_equal(edited.pixels[outside], photo.pixels[outside])


def test_constant_photo_stays_constant_also_at_its_border():
    photo = Photo(np.full((120, 120, 3), 77, np.uint8))

    edited = composite(photo, [warp_photo(photo, bump(dx=20), placed((10, 60), 200))])

    np.testing.assert_array_equal(edited.pixels, 77)


def test_whole_pixel_shift_moves_pixels_exactly():
    photo = Photo(texture(300, 300))
    flow = np.zeros((64, 64, 2), np.float32)
    flow[8:-8, 8:-8] = (5, -3)
    where = placed((150, 150), 128)

    warped = warp_photo(photo, FlowField(flow, np.ones((64, 64), np.float32)), where, roi=Rect(130, 130, 40, 40))

    np.testing.assert_array_equal(warped.pixels, photo.pixels[127:167, 135:175])


def test_no_seam_where_the_flow_ends():
    photo = Photo(texture(400, 400))
    where = placed((200, 200), 330)

    displacement = upsample_flow(bump(radius=40).flow, where, photo.bounds)

    # Neighbouring pixels never move apart by more than a steep but smooth flow does: no jump at the region's edge.
    assert np.abs(np.diff(displacement, axis=0)).max() < 0.6
    assert not displacement[0].any()


def test_flow_without_zero_border_is_faded():
    photo = Photo(texture(300, 300))
    flow = FlowField(np.full((64, 64, 2), 2, np.float32), np.ones((64, 64), np.float32))

    warped = warp_photo(photo, flow, placed((150, 150), 200))

    assert Rect(50, 50, 200, 200).intersect(warped.roi) == warped.roi
    displacement = upsample_flow(flow.flow, placed((150, 150), 200), photo.bounds)
    assert np.abs(np.diff(displacement, axis=1)).max() < 0.7


def test_region_is_tight():
    roi = flow_roi(bump(radius=5).flow, placed((1000, 1000), 1280), Rect(0, 0, 2000, 2000))

    # The push of 40 px falls below 0.02 px at 3.9 radii (195 px).
    assert 380 <= roi.width <= 410
    assert 370 <= roi.height <= 410


def test_tiles_do_not_show():
    # Larger than a tile in both directions, on a slope: any misplaced tile would be a step.
    size = 1400
    slope = np.mgrid[:size, :size].sum(axis=0) * 20
    photo = Photo(np.repeat(slope[..., None], 3, axis=2).astype(np.uint16))

    warped = warp_photo(photo, bump(dx=3, dy=2), placed((700, 700), 1300, 0.1))

    second = np.diff(warped.pixels[..., 0].astype(int), n=2, axis=1)
    assert np.abs(second).max() <= 20


def test_cancelling_stops_between_tiles():
    token = CancelToken()
    token.cancel()

    with pytest.raises(Cancelled):
        warp_photo(Photo(texture(100, 100)), bump(), placed((50, 50), 90), progress=NoProgress(token))


def test_region_beyond_the_photo_is_a_geometry_error(photo):
    with pytest.raises(GeometryError, match="beyond the photo"):
        warp_photo(photo, bump(), placed((50, 50), 90), roi=Rect(-1, 0, 10, 10))


def test_confidence_comes_at_photo_resolution(photo):
    warped = warp_photo(photo, bump(), placed((200, 150), 220))

    assert warped.confidence.shape == warped.moved.shape
    np.testing.assert_allclose(warped.confidence, 0.5, atol=1e-6)


def test_transparent_pixels_do_not_bleed():
    # Left half: opaque light grey. Right half: transparent, with black hidden in it.
    pixels = np.full((200, 200, 3), 200, np.uint8)
    alpha = np.full((200, 200), 255, np.uint8)
    pixels[:, 100:], alpha[:, 100:] = 0, 0
    photo = Photo(pixels, alpha)

    edited = composite(photo, [warp_photo(photo, bump(dx=7.3, dy=1.1), placed((100, 100), 150))])

    assert edited.alpha is not None
    assert (edited.alpha != alpha).any()
    # Whatever is seen at all has the light grey, to rounding where little is seen.
    seen = edited.alpha >= 32
    assert np.abs(edited.pixels[seen].astype(int) - 200).max() <= 3


def test_opaque_alpha_changes_nothing():
    pixels = texture(200, 200)
    plain = Photo(pixels)
    opaque = Photo(pixels.copy(), np.full((200, 200), 255, np.uint8))
    where = placed((100, 100), 150)

    edited = composite(opaque, [warp_photo(opaque, bump(), where)])

    np.testing.assert_array_equal(edited.pixels, composite(plain, [warp_photo(plain, bump(), where)]).pixels)
    assert edited.alpha is not None
    assert (edited.alpha == 255).all()


def test_nearly_opaque_photo_matches_the_opaque_one():
    pixels = texture(200, 200)
    alpha = np.full((200, 200), 255, np.uint8)
    alpha[0, 0] = 254
    alpha[60:140, 60:140] = 254
    where = placed((100, 100), 150)

    with_alpha = warp_photo(Photo(pixels.copy(), alpha), bump(), where)
    plain = warp_photo(Photo(pixels), bump(), where)

    assert np.abs(with_alpha.pixels.astype(int) - plain.pixels).max() <= 2


def test_several_faces_do_not_undo_each_other():
    photo = Photo(texture(300, 500))
    faces = [(bump(dx=5), placed((150, 150), 220)), (twist(), placed((280, 150), 260, 0.1))]

    warped = warp_faces(photo, faces)
    edited = composite(photo, warped)
    backwards = composite(photo, warped[::-1])

    assert not warped[0].roi.intersect(warped[1].roi).is_empty
    np.testing.assert_array_equal(edited.pixels, backwards.pixels)
    for flow, where in faces:
        alone = warp_photo(photo, flow, where)
        others = upsample_flow(faces[1][0].flow, faces[1][1], photo.bounds)
        if flow is faces[1][0]:
            others = upsample_flow(faces[0][0].flow, faces[0][1], photo.bounds)
        only_here = alone.moved & ~others.any(axis=2)[alone.roi.slices]
        assert only_here.any()
        difference = edited.pixels[alone.roi.slices].astype(int) - alone.pixels
        assert (np.abs(difference[only_here]) > 2).mean() < 0.01


def test_faces_far_apart_are_as_if_alone():
    photo = Photo(texture(300, 700))
    faces = [(bump(), placed((130, 150), 200)), (bump(dx=-4), placed((550, 150), 200))]

    together = composite(photo, warp_faces(photo, faces))
    one_by_one = composite(composite(photo, [warp_photo(photo, *faces[0])]), [warp_photo(photo, *faces[1])])

    np.testing.assert_array_equal(together.pixels, one_by_one.pixels)


def test_combined_displacement_is_the_composition():
    rect = Rect(0, 0, 500, 300)
    first = DisplacementField.from_flow(bump(dx=5).flow, placed((200, 150), 220))
    second = DisplacementField.from_flow(twist().flow, placed((290, 150), 260, 0.1))

    together = combine_displacements([first, second], rect).dense(rect)

    y, x = np.mgrid[:300, :500].astype(np.float32)
    own = combine_displacements([first], rect).dense(rect)
    positions = np.stack([x, y], axis=-1) + own
    expected = own + cv2.remap(combine_displacements([second], rect).dense(rect), positions, None, cv2.INTER_LINEAR)
    np.testing.assert_allclose(together, expected, atol=0.05)


def test_overlapping_faces_do_not_fold():
    rect = Rect(0, 0, 500, 300)
    fields = [
        DisplacementField.from_flow(prepare_flow(bump(dx=dx, radius=8).flow), placed((x, 150), 220))
        for dx, x in ((11, 230), (11, 250), (-11, 240))
    ]

    displacement = combine_displacements(fields, rect).dense(rect)

    along_x, along_y = np.diff(displacement, axis=1)[:-1], np.diff(displacement, axis=0)[:, :-1]
    determinant = (1 + along_x[..., 0]) * (1 + along_y[..., 1]) - along_x[..., 1] * along_y[..., 0]
    assert determinant.min() > 0


def test_strong_shrinking_does_not_alias():
    # Fine stripes shrunk to less than two pixels each: nothing but grey can be right there.
    stripes = np.where(np.arange(400) % 4 < 2, 60, 200).astype(np.uint8)
    photo = Photo(np.repeat(np.repeat(stripes[:, None], 400, axis=1)[..., None], 3, axis=2))
    y, x = (np.mgrid[:64, :64] + 0.5) * 2 - 64
    # Rows within 12 crop pixels of the middle are drawn three times as dense.
    near = np.clip(y, -12, 12) * 2 * np.clip((40 - np.abs(y)) / 28, 0, 1) * np.clip((50 - np.abs(x)) / 20, 0, 1)
    flow = FlowField(np.stack([0 * x, near], axis=-1).astype(np.float32), np.ones((64, 64), np.float32))
    where = placed((200, 200), 384)

    warped = warp_photo(photo, flow, where, roi=Rect(190, 175, 20, 50))

    bare = np.arange(400) + upsample_flow(flow.flow, where, Rect(200, 0, 1, 400))[:, 0, 1]
    unfiltered = cv2.remap(photo.pixels, np.full((400, 1), 200, np.float32), bare[:, None].astype(np.float32), 2)
    assert warped.pixels[:, 5, 0].std() < 0.5 * unfiltered[175:225, 0, 0].std()
