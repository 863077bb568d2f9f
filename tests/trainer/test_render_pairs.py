"""From prepared faces and fits to a shard of pairs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from fvae_studio.core._cv2 import cv2
from fvae_studio.errors import DataError
from fvae_studio.model.preprocess import normalise
from fvae_studio.model.warp import warp
from tests.helpers.synthetic_face import EXPRESSION_NAMES
from trainer.crops import face_region, small_crop
from trainer.facekit.fit import FaceFits
from trainer.photo_pairs import photographed_flow
from trainer.prepare import load_prepared
from trainer.render import render
from trainer.shards import REAL, RENDERED, RENDERED_REVERSE, read_shard


def test_every_photo_gives_its_pairs_both_ways_and_people_their_real_pairs(workplace):
    kinds = workplace.shard.kind.tolist()

    assert kinds.count(RENDERED) == 6 * 4
    assert kinds.count(RENDERED_REVERSE) == 6 * 4
    assert kinds.count(REAL) == 3 * 2


def test_reverse_pair_swaps_images_and_turns_the_code(workplace):
    shard = workplace.shard
    for row in np.flatnonzero(shard.kind == RENDERED):
        assert shard.kind[row + 1] == RENDERED_REVERSE
        assert (shard.source[row + 1], shard.target[row + 1]) == (shard.target[row], shard.source[row])
        np.testing.assert_array_equal(shard.code[row + 1], -shard.code[row])


def test_only_pairs_of_held_out_people_are_marked(workplace):
    shard = workplace.shard

    for person, held_out in zip(shard.person, shard.held_out, strict=True):
        assert (shard.persons[person] == "people/c") == bool(held_out)


def test_stored_flow_makes_the_target_of_the_source(workplace):
    shard = workplace.shard

    def as_images(rows):
        return normalise(torch.from_numpy(shard.images[rows]).permute(0, 3, 1, 2))

    for kind, least in ((RENDERED, 36.0), (RENDERED_REVERSE, 32.0)):
        rows = np.flatnonzero(shard.kind == kind)
        flow = torch.from_numpy(shard.flows[rows].astype(np.float32)).permute(0, 3, 1, 2)
        seen = torch.from_numpy(shard.visible[rows])[:, None] > 254
        error = ((warp(as_images(shard.source[rows]), flow) - as_images(shard.target[rows])) / 2).square()
        per_pair = [-10 * torch.log10(error[i].mean(0, keepdim=True)[seen[i]].mean()).item() for i in range(len(rows))]
        # Photo -> 256 px crop -> picture is one resampling more than 128 px crop -> picture.
        assert np.median(per_pair) > least


def test_images_are_seen_nearly_everywhere_and_flows_are_finite(workplace):
    assert np.isfinite(workplace.shard.flows.astype(np.float32)).all()
    assert np.abs(workplace.shard.flows.astype(np.float32)).max() < 40
    assert (workplace.shard.visible == 255).mean() > 0.9


def test_real_pairs_carry_the_fitted_change_of_expression(workplace):
    shard = workplace.shard
    rows = np.flatnonzero(shard.kind == REAL)
    smile = EXPRESSION_NAMES.index("mouthSmile_L")

    np.testing.assert_allclose(shard.code[rows, smile], [0.8, -0.8] * 3, atol=1e-6)


def test_real_pairs_carry_the_flow_between_their_photos(workplace):
    shard = workplace.shard
    for row in np.flatnonzero(shard.kind == REAL):
        flow, believed = photographed_flow(shard.images[shard.source[row]], shard.images[shard.target[row]])
        np.testing.assert_allclose(shard.flows[row], flow, atol=0.02)
        np.testing.assert_array_equal(shard.visible[row], 255 * believed)


def test_written_shard_is_the_returned_one(workplace):
    again = read_shard(workplace.shards / "a")

    np.testing.assert_array_equal(again.flows, workplace.shard.flows)
    np.testing.assert_array_equal(again.code, workplace.shard.code)


def test_same_seed_same_pairs(workplace, tmp_path):
    def shard(seed):
        return render(
            workplace.prepared,
            workplace.fits,
            workplace.folder / "facekit.npz",
            tmp_path / str(seed),
            expressions_per_photo=1,
            seed=seed,
            workers=1,
        )

    first, again, other = shard(1), shard(1), shard(2)
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.flows, again.flows)
    assert not np.array_equal(first.code, other.code)


def test_fits_of_other_photos_are_refused(workplace, tmp_path):
    fits = FaceFits.load(workplace.fits)
    replace(fits, **{name: value[:4] for name, value in vars(fits).items()}).save(tmp_path / "fits.npz")

    with pytest.raises(DataError, match="4 photos"):
        render(
            workplace.prepared,
            tmp_path / "fits.npz",
            workplace.folder / "facekit.npz",
            tmp_path / "out",
            expressions_per_photo=1,
            seed=1,
        )


def test_small_crop_is_the_mean_of_four_pixels():
    crop = np.random.default_rng(0).integers(0, 256, (256, 256, 3)).astype(np.uint8)

    mean = crop.reshape(128, 2, 128, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(small_crop(crop), mean, atol=0.76)


def test_face_region_is_the_hull_of_the_landmarks(workplace):
    landmarks = load_prepared(workplace.prepared).landmarks[0]
    region, grown = face_region(landmarks), face_region(landmarks, grow_px=3)

    rows, columns = np.round(landmarks[:, 1]).astype(int), np.round(landmarks[:, 0]).astype(int)
    assert region[rows, columns].all()
    assert not region[0].any()
    assert (grown | region == grown).all()
    assert grown.sum() > region.sum()
    assert face_region(landmarks, size=256).sum() == pytest.approx(4 * region.sum(), rel=0.05)


def test_flow_between_photos_is_found_in_their_pixels_and_believed_where_it_comes_back():
    rng = np.random.default_rng(4)
    grains = cv2.GaussianBlur(rng.normal(0, 1, (128, 128, 3)).astype(np.float32), None, 2)
    source = np.clip(128 + 160 * grains, 0, 255).astype(np.uint8)
    rows, columns = np.mgrid[:128, :128].astype(np.float32)
    known = np.stack([2 * np.sin(rows / 20), 1.5 * np.cos(columns / 25)], axis=-1).astype(np.float32)
    moved = cv2.remap(
        source, columns + known[..., 0], rows + known[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    # What the source does not show.
    moved[70:100, 30:60] = np.clip(128 + 160 * grains[:30, 90:120, ::-1], 0, 255)

    flow, believed = photographed_flow(source, moved)

    off = np.linalg.norm(flow - known, axis=-1)
    assert np.median(off) < 0.2
    assert believed[10:60, 10:-10].mean() > 0.95
    assert believed[75:95, 35:55].mean() < 0.5
    assert off[believed > 0].mean() < 0.5 * off[believed == 0].mean()
