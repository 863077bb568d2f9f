from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fvae_studio.core.geometry import Rect, SimilarityTransform
from fvae_studio.core.types import Face, Photo
from tests.helpers.fake_faces import make_photo
from tests.helpers.synthetic_face import make_facekit, make_fits, mediapipe_landmarks, pose
from trainer.datasets import PhotoRecord
from trainer.facekit.mesh import FaceKit
from trainer.prepare import prepare
from trainer.render import render
from trainer.shards import Shard

HELD_OUT = "people/c"
CROP_TO_PHOTO = SimilarityTransform(2.0, 0.0, 40.0, 30.0)
"""Where the faces of the synthetic photos lie: crops are 256 photo pixels wide."""


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def facekit() -> FaceKit:
    return make_facekit()


class ListDetector:
    """Finds, in the photos one after the other, what it was given."""

    def __init__(self, found: Sequence[tuple[Face, ...]]) -> None:
        self._found = iter(found)

    def detect(self, photo: Photo) -> tuple[Face, ...]:  # noqa: ARG002 (it does not look)
        return next(self._found)

    def rest(self) -> None:
        pass

    def close(self) -> None:
        pass


def face_at(crop_landmarks: np.ndarray) -> Face:  # type: ignore[type-arg]
    landmarks = CROP_TO_PHOTO.apply(crop_landmarks)
    return Face(1, Rect.around(landmarks), landmarks, 0.9)


@dataclass(frozen=True)
class Workplace:
    """What the trainer's steps find in one folder: three people, neutral and smiling; one is held out."""

    folder: Path
    records: tuple[PhotoRecord, ...]
    shard: Shard

    @property
    def prepared(self) -> Path:
        return self.folder / "prepared"

    @property
    def fits(self) -> Path:
        return self.folder / "fits.npz"

    @property
    def shards(self) -> Path:
        return self.folder / "shards"


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory, facekit: FaceKit) -> Workplace:
    folder = tmp_path_factory.mktemp("work")
    smile = {"mouthSmile_L": 0.8, "mouthSmile_R": 0.7, "cheekSquint_L": 0.3, "cheekSquint_R": 0.3}
    people = ("people/a", "people/b", HELD_OUT)
    labels = ("neutral", "smile")
    identity = np.random.default_rng(3).normal(0, 0.3, (len(people), 5)).astype(np.float32)
    fits = make_fits([{}, smile] * len(people), np.repeat(identity, 2, axis=0))
    records, found = [], []
    for row, (person, label) in enumerate((person, label) for person in people for label in labels):
        path = folder / f"{person.replace('/', '_')}_{label}.png"
        Image.fromarray(make_photo(336, 316, seed=row // 2).pixels).save(path)
        records.append(PhotoRecord(path, "people", person, label))
        found.append((face_at(mediapipe_landmarks(facekit, pose(facekit, fits, row))),))
    prepare(records, folder / "prepared", held_out=[HELD_OUT], detector=ListDetector(found))
    fits.save(folder / "fits.npz")
    np.savez(folder / "facekit.npz", **vars(facekit))
    shard = render(
        folder / "prepared",
        folder / "fits.npz",
        folder / "facekit.npz",
        folder / "shards" / "a",
        expressions_per_photo=4,
        seed=5,
        workers=1,
    )
    return Workplace(folder, tuple(records), shard)
