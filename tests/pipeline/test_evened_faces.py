"""The faces of a clip in one light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE, TEMPLATE_ID, estimate_alignment, extract_crop
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.registration import apply_colour
from fvae_studio.core.timeline import Moment
from fvae_studio.core.types import AlignedCrop, FlowField, Photo
from fvae_studio.model.registry import read_model
from fvae_studio.paths import samples_dir
from fvae_studio.pipeline.borrowing import Donor, borrow
from fvae_studio.pipeline.detector import MediaPipeFaceDetector
from fvae_studio.pipeline.evened_faces import even_light
from fvae_studio.pipeline.interpolator import InterpolationSource, Interpolator
from fvae_studio.pipeline.predictor import FlowPredictor
from tests.core.test_even_light import LIGHTS, face, relit
from tests.core.test_even_tone import curved
from tests.core.test_even_tone import face as curved_face
from tests.helpers.portraits import load_photo


class StillPredictor:
    """Stands in for `FlowPredictor`: nothing moves between its faces."""

    def __init__(self) -> None:
        self.set: list[Sequence[AlignedCrop]] = []

    def set_crops(self, crops: Sequence[AlignedCrop]) -> None:
        self.set.append(crops)

    def latent(self, face: int) -> NDArray[np.float32]:
        return np.full((1, 1, 1), face, np.float32)

    def predict_latents(self, latents: np.ndarray, *, face: int, with_confidence: bool) -> tuple[FlowField, ...]:  # noqa: ARG002
        return (FlowField(np.zeros((64, 64, 2), np.float32), np.ones((64, 64), np.float32)),)


def crop_of(pixels: np.ndarray) -> AlignedCrop:
    return AlignedCrop(pixels, SimilarityTransform.identity(), TEMPLATE_ID, gap=2.5)


def test_every_photo_comes_into_the_light_of_the_lightest() -> None:
    looks = [face(), relit(face(), LIGHTS["half in shadow"]), relit(face(), LIGHTS["from the other, hard"])]
    predictor = StillPredictor()
    lights = even_light(cast(FlowPredictor, predictor), [crop_of(look) for look in looks])
    lacking = [light.lacking for light in lights]

    assert not lacking[0][30:112, 28:100].max() > 0.1
    assert lacking[1][30:112, 28:50].mean() > 0.7
    assert lacking[2][30:112, 80:100].mean() > 0.5
    seen = [crop.pixels.astype(float)[30:112, 28:100] for crop in predictor.set[-1]]
    assert all(np.abs(one - other).mean() < 5 for one, other in pairwise(seen))
    assert {crop.gap for crop in predictor.set[-1]} == {2.5}


def test_photos_in_one_light_are_seen_as_they_are() -> None:
    crops = [crop_of(face()), crop_of(np.roll(face(), 1, axis=1)), crop_of(np.round(face() * 0.7).astype(np.uint8))]
    predictor = StillPredictor()
    lights = even_light(cast(FlowPredictor, predictor), crops)

    assert not any(light.lacking.any() or light.first.any() for light in lights)
    assert predictor.set == [crops]


def test_every_photo_takes_on_the_curve_of_the_first() -> None:
    looks = [curved_face(), curved(curved_face(), "gamma 1.7"), curved_face(), curved(curved_face(), "fog")]
    predictor = StillPredictor()
    lights = even_light(cast(FlowPredictor, predictor), [crop_of(look) for look in looks])

    assert [light.tone is None for light in lights] == [True, False, True, False]
    seen = [crop.pixels.astype(float)[24:104, 24:104] for crop in predictor.set[-1]]
    assert np.array_equal(predictor.set[-1][0].pixels, looks[0])
    assert all(np.abs(one - other).mean() < 3 for one, other in pairwise(seen))


@pytest.mark.parametrize("dark", [0, 1])
def test_a_curve_is_seen_once_shadows_are_filled(dark: int) -> None:
    looks = [curved_face(), curved_face()]
    looks[dark] = curved(relit(looks[dark], LIGHTS["half in shadow"]), "gamma 1.7")
    lights = even_light(cast(FlowPredictor, StillPredictor()), [crop_of(look) for look in looks])

    assert lights[1].tone is not None
    one, other = (apply_colour(light.look, light.colour_map).astype(float)[24:104, 24:104] for light in lights)
    before, after = (
        np.abs(a - b).mean()
        for a, b in ((looks[0][24:104, 24:104].astype(float), looks[1][24:104, 24:104]), (one, other))
    )
    assert after < 0.35 * before


@pytest.mark.parametrize("burnt", [0, 1])
def test_what_is_burnt_out_in_one_photo_can_be_compared(burnt: int) -> None:
    looks = [curved_face(), curved_face()]
    looks[burnt] = np.clip(1.7 * looks[burnt].astype(np.float32), 0, 255).round().astype(np.uint8)
    lights = even_light(cast(FlowPredictor, StillPredictor()), [crop_of(look) for look in looks])

    first, second = (apply_colour(light.look, light.colour_map) for light in lights)
    ceiling = np.minimum(*(light.ceiling for light in lights))
    one, other = (np.minimum(look, ceiling).astype(float)[24:104, 24:104] for look in (first, second))
    assert np.abs(one - other).mean() < 3
    assert (looks[burnt][24:104, 24:104].max(axis=-1) == 255).mean() > 0.3


def test_a_photo_alone_has_its_own_light() -> None:
    predictor = StillPredictor()

    (light,) = even_light(cast(FlowPredictor, predictor), [crop_of(face())])
    assert not light.lacking.any()
    assert len(predictor.set) == 1


@pytest.fixture(scope="module")
def sources() -> tuple[InterpolationSource, InterpolationSource]:
    return sources_of("ada")


def sources_of(nobody: str) -> tuple[InterpolationSource, InterpolationSource]:
    """Sample portraits of nobody: neutral, smiling."""
    files = [samples_dir() / f"{nobody}_{name}.jpg" for name in ("neutral", "smile")]
    if not all(path.exists() for path in files):
        pytest.skip("the sample portraits are not here")
    found = []
    detector = MediaPipeFaceDetector()
    for path in files:
        photo = load_photo(path)
        landmarks = detector.detect(photo)[0].landmarks
        found.append(InterpolationSource(photo, extract_crop(photo, estimate_alignment(landmarks)), landmarks))
    detector.close()
    return found[0], found[1]


@pytest.mark.parametrize("dark", [0, 1])
@pytest.mark.parametrize("light", ["half in shadow", "from one side"])
def test_a_shadow_on_one_of_two_photos_does_not_tear_a_face(sources, dark: int, light: str) -> None:
    predictor = FlowPredictor(read_model(None), device="cpu")
    shaded = list(sources)
    shaded[dark] = in_shadow(sources[dark], LIGHTS[light])
    there = Moment((0.0, 1.0), (0.0, 1.0))
    (even, _), (uneven, _) = (Interpolator(predictor, each).flows(there) for each in (sources, shaded))
    unmoved = error(sources, np.zeros_like(even.flow))

    assert error(sources, even.flow) < 0.75 * unmoved
    # Without one light for both the face is torn apart: 1.3 to 2.2 times as far from the other photo as unmoved.
    assert error(sources, uneven.flow) < 0.9 * unmoved


@pytest.mark.parametrize("bent", [0, 1])
@pytest.mark.parametrize("curve", ["gamma 1.7", "S", "fog", "levels"])
def test_another_curve_of_one_of_two_photos_moves_nothing(bent: int, curve: str) -> None:
    predictor = FlowPredictor(read_model(None), device="cpu")
    sources = sources_of("cal")
    others = list(sources)
    photo = Photo(curved(sources[bent].photo.pixels, curve))
    others[bent] = replace(sources[bent], photo=photo, crop=extract_crop(photo, sources[bent].crop.photo_to_crop))
    there = Moment((0.0, 1.0), (0.0, 1.0))
    (even, _), (uneven, _) = (Interpolator(predictor, each).flows(there) for each in (sources, others))

    # With the curve left in, 1.3 to 1.6 times as far from the other photo.
    assert error(sources, uneven.flow) < 1.1 * error(sources, even.flow)


def in_shadow(source: InterpolationSource, light: np.ndarray) -> InterpolationSource:
    pixels = source.photo.pixels
    places = source.crop.photo_to_crop.apply(np.stack([np.arange(pixels.shape[1]), np.full(pixels.shape[1], 0)], -1))
    by_column = np.interp(places[:, 0], np.arange(CROP_SIZE), light).astype(np.float32)
    photo = Photo(np.round(pixels * by_column[None, :, None]).astype(np.uint8))
    return replace(source, photo=photo, crop=extract_crop(photo, source.crop.photo_to_crop))


def error(sources: Sequence[InterpolationSource], flow: np.ndarray) -> float:
    """Mean difference in the face of the first one's crop, warped, from the second one's; 0..255."""
    first, second = (source.crop.pixels for source in sources)
    axis = np.arange(CROP_SIZE, dtype=np.float32)
    places = np.stack(np.meshgrid(axis, axis), -1) + cv2.resize(flow, (CROP_SIZE, CROP_SIZE))
    warped = cv2.remap(first, places.astype(np.float32), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return float(np.abs(warped.astype(np.float32) - second)[30:112, 28:100].mean())


@pytest.mark.parametrize("dark", [0, 1])
def test_a_borrowed_mouth_has_the_light_of_the_face_that_it_is_given_to(sources, dark: int) -> None:
    predictor = FlowPredictor(read_model(None), device="cpu")
    shaded = list(sources)
    shaded[dark] = in_shadow(sources[dark], LIGHTS["half in shadow"])
    even, uneven = (
        borrow(predictor, each[0], [Donor(each[1], each[1].landmarks, ("mouth",))]) for each in (sources, shaded)
    )
    expected = in_shadow(replace(sources[0], photo=even), LIGHTS["half in shadow"]).photo if dark == 0 else even
    of_mouth = np.s_[84:100, 46:82]
    wanted, found, was = (
        extract_crop(photo, sources[0].crop.photo_to_crop).pixels[of_mouth].astype(np.float32)
        for photo in (expected, uneven, shaded[0].photo)
    )

    assert np.abs(was - wanted).mean() > 4
    assert np.abs(found - wanted).mean() < 0.6 * np.abs(was - wanted).mean()
