"""The mouth of another photo behind parted lips."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.core.alignment import extract_crop
from fvae_studio.core.geometry import SimilarityTransform
from fvae_studio.core.mouth_light import to_srgb
from fvae_studio.core.photo_mouth import PhotoMouth
from fvae_studio.core.types import Photo
from fvae_studio.errors import EditError
from tests.core.test_parting import parted
from tests.helpers.mouths import SEAM, mouth

TO_CROP = SimilarityTransform(0.25, 0.0, 0.0, 0.0)


def laughing(gap: float = 6.0) -> PhotoMouth:
    """Red all over, but for a mouth's inside that is green, with a blue line down its middle."""
    pixels = np.zeros((512, 512, 3), np.uint8)
    pixels[:] = (200, 40, 40)
    top, bottom = round((SEAM - gap / 2) * 4), round((SEAM + gap / 2) * 4)
    pixels[top:bottom] = (40, 200, 40)
    pixels[top:bottom, 248:262] = (40, 40, 200)
    photo = Photo(pixels)
    landmarks = TO_CROP.inverse.apply(mouth(gap))
    return PhotoMouth.of(photo, landmarks, extract_crop(photo, TO_CROP))


def shaded(lips, donor: PhotoMouth) -> tuple[np.ndarray, np.ndarray]:
    """sRGB bytes at every crop pixel, and which of them lie well inside the gap."""
    x, y = np.meshgrid(np.arange(128, dtype=np.float32), np.arange(128, dtype=np.float32))
    colours = np.round(to_srgb(donor.shade(x, y, lips, px_per_crop_px=4.0)) * 255)
    step = len(lips.top) // 128
    inside = (y > lips.top[::step] + 0.5) & (y < lips.bottom[::step] - 0.5)
    return colours, inside & (x > 53) & (x < 74)


@pytest.mark.parametrize(("up", "down"), [(2, 2), (4, 1), (1, 5), (5, 5)])
def test_only_the_mouths_inside_is_seen_never_lips(up, down):
    colours, inside = shaded(parted(up, down), laughing())
    seen = colours[inside]

    assert len(seen) > 20
    assert (seen[:, 0] < seen[:, 1:].max(axis=1)).all()


def test_middle_of_the_teeth_stays_in_the_middle():
    colours, inside = shaded(parted(3, 3), laughing())
    is_line = inside & (colours[..., 2] > colours[..., 1])
    _, columns = np.nonzero(is_line)

    assert columns.mean() == pytest.approx(63.5, abs=1)


def test_gap_that_the_other_photo_shows_whole_is_not_stretched():
    colours, inside = shaded(parted(2, 2), laughing())
    is_line = inside & (colours[..., 2] > colours[..., 1])

    assert np.unique(np.nonzero(is_line)[1]).size == pytest.approx(14 / 4, abs=1)


def test_other_photo_is_shown_in_this_ones_light():
    donor = laughing()
    dark = extract_crop(Photo((donor.photo.pixels * 0.5).astype(np.uint8)), TO_CROP)
    own, darker = (shaded(parted(), each)[0] for each in (donor, donor.in_light_of(dark)))

    assert darker[82, 58, 1] < 0.75 * own[82, 58, 1]


def test_closed_mouth_in_the_other_photo_is_told():
    with pytest.raises(EditError, match="closed"):
        laughing(gap=0.5)
