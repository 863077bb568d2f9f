import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvae_studio.core.composite import blend_sources, composite
from fvae_studio.core.geometry import Rect
from fvae_studio.core.types import Photo, WarpedFace
from fvae_studio.errors import GeometryError

RNG = np.random.default_rng(7)


def warped_face(rect: Rect, value: int, moved: np.ndarray, alpha: bool = False) -> WarpedFace:
    shape = (rect.height, rect.width)
    return WarpedFace(
        np.full((*shape, 3), value, np.uint8),
        moved,
        np.ones(shape, np.float32),
        rect,
        np.full(shape, value, np.uint8) if alpha else None,
    )


def test_nothing_moved_is_the_very_photo():
    photo = Photo(np.zeros((10, 10, 3), np.uint8))
    still = warped_face(Rect(2, 2, 4, 4), 9, np.zeros((4, 4), bool))

    assert composite(photo, []) is photo
    assert composite(photo, [still]) is photo


def test_still_corner_of_one_face_does_not_undo_another():
    photo = Photo(np.zeros((10, 10, 3), np.uint8))
    moved = np.zeros((6, 6), bool)
    moved[3:, 3:] = True
    first = warped_face(Rect(0, 0, 6, 6), 50, np.ones((6, 6), bool))
    second = warped_face(Rect(3, 3, 6, 6), 90, moved)

    pixels = composite(photo, [first, second]).pixels[..., 0]

    assert (pixels[:6, :6] == 50).all()
    assert (pixels[6:9, 6:9] == 90).all()
    assert not pixels[9].any()
    assert not photo.pixels.any()


def test_alpha_is_pasted_alike():
    photo = Photo(np.zeros((5, 5, 3), np.uint8), np.full((5, 5), 255, np.uint8))

    edited = composite(photo, [warped_face(Rect(1, 1, 2, 2), 40, np.ones((2, 2), bool), alpha=True)])

    assert edited.alpha is not None
    assert (edited.alpha == 40).sum() == 4
    assert (edited.alpha == 255).sum() == 21


def test_faces_that_do_not_fit_are_geometry_errors():
    photo = Photo(np.zeros((5, 5, 3), np.uint8))

    with pytest.raises(GeometryError, match="beyond"):
        composite(photo, [warped_face(Rect(3, 3, 4, 4), 1, np.ones((4, 4), bool))])
    with pytest.raises(GeometryError, match="does not fit"):
        composite(Photo(np.zeros((5, 5, 3), np.uint16)), [warped_face(Rect(0, 0, 2, 2), 1, np.ones((2, 2), bool))])
    with pytest.raises(GeometryError, match="with alpha"):
        composite(photo, [warped_face(Rect(0, 0, 2, 2), 1, np.ones((2, 2), bool), alpha=True)])


def test_two_sources_follow_the_paper():
    first, second = np.full((1, 2, 3), 100, np.uint8), np.full((1, 2, 3), 200, np.uint8)
    confidences = [np.array([[1, 0.5]], np.float32), np.array([[0, 0.5]], np.float32)]

    blended = blend_sources([first, second], confidences)

    share = np.e / (np.e + 1)
    assert blended[0, 0, 0] == round(share * 100 + (1 - share) * 200)
    assert blended[0, 1, 0] == 150


@given(st.integers(1, 4), st.floats(0, 50), st.sampled_from([np.uint8, np.uint16, np.float32]), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_alike_sources_blend_to_themselves(count, sharpness, dtype, seed):
    rng = np.random.default_rng(seed)
    picture = (rng.random((5, 6, 3)) * 250).astype(dtype)
    confidences = [rng.random((5, 6)).astype(np.float32) for _ in range(count)]

    blended = blend_sources([picture] * count, confidences, sharpness=sharpness)

    assert blended.dtype == dtype
    np.testing.assert_allclose(blended, picture, rtol=1e-5)


def test_weight_zero_makes_the_ends_exact():
    first, second = (RNG.integers(0, 256, (9, 9, 3)).astype(np.uint8) for _ in range(2))
    confidences = [np.zeros((9, 9), np.float32), np.ones((9, 9), np.float32)]

    np.testing.assert_array_equal(blend_sources([first, second], confidences, weights=[1, 0]), first)
    np.testing.assert_array_equal(blend_sources([first, second], confidences, weights=[0, 0.3]), second)


def test_sharpness_decides():
    pictures = [np.full((300, 1), value, np.uint8) for value in (10, 200)]
    confidences = [np.full((300, 1), value, np.float32) for value in (0.9, 0.1)]

    assert (blend_sources(pictures, confidences, sharpness=1000) == 10).all()
    assert (blend_sources(pictures, confidences, sharpness=0) == 105).all()


@pytest.mark.parametrize(
    "arguments",
    [
        ([], [], {}),
        ([np.zeros((2, 2))], [np.zeros((2, 3), np.float32)], {}),
        ([np.zeros((2, 2)), np.zeros((2, 2), np.uint8)], [np.zeros((2, 2), np.float32)] * 2, {}),
        ([np.zeros((2, 2))], [np.zeros((2, 2), np.float32)], {"weights": [0.0]}),
        ([np.zeros((2, 2))], [np.zeros((2, 2), np.float32)], {"weights": [-1.0]}),
        ([np.zeros((2, 2))], [np.zeros((2, 2), np.float32)], {"sharpness": np.nan}),
        ([np.zeros((2, 2))], [], {}),
    ],
)
def test_sources_that_do_not_match_are_geometry_errors(arguments):
    pixels, confidences, options = arguments

    with pytest.raises(GeometryError):
        blend_sources(pixels, confidences, **options)
