"""Three people of nobody, photographed twice, and a detector that finds the same face in every picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.directions import DirectionSet
from tests.helpers.fake_faces import FakeDetector, make_face
from tests.helpers.tiny_model import make_tiny_model
from tests.trainer.conftest import Workplace
from trainer.facekit.fit import FaceFits
from trainer.facekit.mesh import FaceKit
from trainer.prepare import PreparedFaces, load_prepared


@dataclass(frozen=True, eq=False)
class Bench:
    """What every experiment is given."""

    model: LoadedModel
    prepared: PreparedFaces
    fits: FaceFits
    facekit: FaceKit
    photos: dict[str, Path]
    detector: FakeDetector


def make_bench(workplace: Workplace, facekit: FaceKit) -> Bench:
    """A tiny model with the sliders that the experiments edit with."""
    model = make_tiny_model()
    smile = model.directions["smile"]
    more = [replace(smile, name=name, vector=smile.vector[::-1].copy(), mirrored=None) for name in ("disgusted", "sad")]
    directions = DirectionSet([*model.directions.values(), *more], latent_shape=model.directions.latent_shape)
    return Bench(
        replace(model, directions=directions),
        load_prepared(workplace.prepared),
        FaceFits.load(workplace.fits),
        facekit,
        {f"{record.dataset}/{record.path.stem}": record.path for record in workplace.records},
        FakeDetector([make_face((64, 64), crop_px=120)]),
    )


def held_out_changed(prepared: PreparedFaces) -> PreparedFaces:
    """The same faces, those of held-out people upside down."""
    crops = np.array(prepared.crops)
    for row, face in enumerate(prepared.faces):
        if face.split == "held_out":
            crops[row] = crops[row][::-1]
    return replace(prepared, crops=crops)
