from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fvae_studio.errors import DataError
from tests.helpers.fake_faces import make_photo
from tests.helpers.prepared_faces import make_prepared
from trainer.baselines.average_flow import average_photographed_flow, rendered_people
from trainer.baselines.pixel_upsampling import enlarge
from trainer.baselines.tvl1 import tvl1_flow
from trainer.facekit.fit import FaceFits
from trainer.prepare import load_prepared


def test_tvl1_finds_a_backward_shift():
    photo = make_photo(96, 96, seed=3).pixels
    source, target = photo[8:72, 8:72], photo[10:74, 11:75]  # target(p) = source(p + (3, 2))

    flow = tvl1_flow(source, target)
    np.testing.assert_allclose(np.median(flow[12:-12, 12:-12], axis=(0, 1)), [3, 2], atol=0.2)


def test_average_flow_is_the_training_peoples_motion():
    # Everybody's second photo is the first one shifted by (3, 2) at 256 px: backward, (-1.5, -1) at 128.
    flow = average_photographed_flow(make_prepared(), "neutral", "smile")

    np.testing.assert_allclose(np.median(flow[16:-16, 16:-16], axis=(0, 1)), [-1.5, -1.0], atol=0.2)


def test_average_flow_does_not_look_at_held_out_people():
    prepared = make_prepared()
    changed = np.array(prepared.crops)
    for row, face in enumerate(prepared.faces):
        if face.split == "held_out":
            changed[row] = 255 - changed[row][::-1]

    np.testing.assert_array_equal(
        average_photographed_flow(prepared, "neutral", "smile"),
        average_photographed_flow(replace(prepared, crops=changed), "neutral", "smile"),
    )


def test_average_flow_needs_training_people():
    with pytest.raises(DataError, match="no training person"):
        average_photographed_flow(make_prepared((("a", "held_out"),)), "neutral", "smile")


def test_rendered_people_are_training_people_who_move(workplace, facekit):
    prepared, fits = load_prepared(workplace.prepared), FaceFits.load(workplace.fits)
    pairs = rendered_people(facekit, fits, prepared, {"mouthSmile_L": 0.8, "mouthSmile_R": 0.8}, most_people=2)

    assert {(prepared.faces[row].split, prepared.faces[row].label) for row, _ in pairs} == {("train", "neutral")}
    assert all(np.abs(pair.forward).max() > 0.5 for _, pair in pairs)


def test_enlarging_keeps_the_colours():
    small = make_photo(32, 32).pixels
    large = enlarge(small, 128)

    assert large.shape == (128, 128, 3)
    np.testing.assert_allclose(large.mean(axis=(0, 1)), small.mean(axis=(0, 1)), atol=2)
