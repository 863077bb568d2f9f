"""`fvae-train study make`: the page that people see, and its key."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.errors import DataError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.pipeline.detector import FaceDetector
from fvae_studio.pipeline.predictor import FlowPredictor
from trainer.baselines.rgb_vae import RgbVae
from trainer.experiments.editing import (
    AVERAGE,
    EDITS,
    SLIDER,
    VAE,
    Edit,
    edit_square,
    learn_edit,
    read_prepared,
    require_sliders,
)
from trainer.facekit.fit import FaceFits
from trainer.facekit.mesh import FaceKit
from trainer.held_out import find_photos
from trainer.prepare import PreparedFaces
from trainer.study.items import PER_KIND, REAL, Item, StudyKey, number_items

PAGE: Final = "study.html"
KEY: Final = "study-key.json"
JPEG_QUALITY: Final = 93
_TEMPLATE: Final = Path(__file__).with_name("page.html")


def make_study(
    model: LoadedModel,
    prepared: PreparedFaces,
    data: Path,
    out: Path,
    *,
    detector: FaceDetector,
    facekit: FaceKit,
    fits: FaceFits,
    vae: RgbVae | None = None,
    against: LoadedModel | None = None,
    size: int = 256,
    per_kind: int = PER_KIND,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[Path, Path]:
    """Write the page and its key.

    Args:
        model: with the sliders of `EDITS`.
        prepared: its held-out people are shown, its training people give the average flow.
        data: folder of data sets with the photos.
        out: folder to write.
        detector: finds the faces.
        facekit: renders the expression of which there are no photos.
        fits: of the prepared photos.
        vae: the VAE that paints, if one was trained.
        against: another model, such as the release before: then the sliders of both are shown on the same photos, and
            no other method. Nobody who looks can know which is which.
        size: of the portraits, pixels.
        per_kind: real portraits, and portraits of every method.
        seed: who is shown how.
        progress: told how far it is.

    Returns:
        The page and the key. Both hold or name real people: not to be published.

    Raises:
        DataError: too few held-out photos, or one is not there.
    """
    progress = progress or NoProgress()
    require_sliders(model)
    if against is not None:
        require_sliders(against)
        if against.header.name == model.header.name:
            raise DataError(f"both models are called {model.header.name}; give the other one in --against")
    items = choose_items(
        model,
        prepared,
        data,
        detector=detector,
        facekit=facekit,
        fits=fits,
        vae=vae,
        against=against,
        size=size,
        per_kind=per_kind,
        seed=seed,
        progress=progress,
    )
    numbered = number_items(items, seed)
    images = {number: _data_url(item.pixels) for number, item in numbered.items()}
    study = hashlib.sha256("".join(images.values()).encode()).hexdigest()[:12]
    key = StudyKey(
        study,
        model.header.name if against is None else f"{model.header.name} against {against.header.name}",
        {number: item.kind for number, item in numbered.items()},
        {number: item.about for number, item in numbered.items()},
    )
    out.mkdir(parents=True, exist_ok=True)
    (out / PAGE).write_text(page_html(study, images, size=size), encoding="utf-8")
    key.write(out / KEY)
    progress.report(1.0, "study written")
    return out / PAGE, out / KEY


def choose_items(
    model: LoadedModel,
    prepared: PreparedFaces,
    data: Path,
    *,
    detector: FaceDetector,
    facekit: FaceKit,
    fits: FaceFits,
    vae: RgbVae | None,
    against: LoadedModel | None = None,
    size: int,
    per_kind: int,
    seed: int,
    progress: Progress,
) -> list[Item]:
    """Real portraits and edited ones: for every kind other people, drawn at random, the edits of `EDITS` by turns.

    Arguments as of `make_study`.
    """
    photos = find_photos(data)
    if against is None:
        methods = [SLIDER, AVERAGE] + ([VAE] if vae is not None else [])
        rivals = {SLIDER: model}
    else:
        rivals = {one.header.name: one for one in (model, against)}
        methods = list(rivals)
    plan = _plan(prepared, methods, per_kind, seed, is_paired=against is not None)
    predictors = {kind: FlowPredictor(one, device="cpu") for kind, one in rivals.items()}
    items = []
    for number, edit in enumerate(EDITS):
        part = progress.subrange(0.9 * number / len(EDITS), 0.9 / len(EDITS))
        ways = {
            kind: learn_edit(
                edit, one, vae, prepared, facekit, fits, part.subrange(0.6 * place / len(rivals), 0.6 / len(rivals))
            )
            for place, (kind, one) in enumerate(rivals.items())
        }
        for kind, row, chosen in plan:
            if chosen is edit:
                progress.raise_if_cancelled()
                square = read_prepared(prepared, row, photos, detector, size=size)
                # Methods that need no slider learn from the same people whoever's slider stands beside them.
                rival = kind if kind in rivals else SLIDER
                made = edit_square(edit, ways[rival], predictors[rival], vae, square)
                pixels = made[SLIDER if kind in rivals else kind]
                items.append(Item(kind, f"{prepared.faces[row].photo}, {edit.name}", pixels))
    for kind, row, chosen in plan:
        if chosen is None:
            pixels = np.asarray(read_prepared(prepared, row, photos, detector, size=size).pixels)
            items.append(Item(kind, prepared.faces[row].photo, pixels))
    return items


def _plan(
    prepared: PreparedFaces, methods: Sequence[str], per_kind: int, seed: int, *, is_paired: bool = False
) -> list[tuple[str, int, Edit | None]]:
    """Kind, row and edit of every portrait; no person twice in one kind with one label.

    `is_paired`: all methods edit the same photos.
    """
    rng = np.random.default_rng(seed)
    plan: list[tuple[str, int, Edit | None]] = []
    for kind in (REAL, *methods):
        if is_paired and kind != REAL:
            rng = np.random.default_rng([seed, 1])
        waiting = {label: rng.permutation(_held_out(prepared, label)).tolist() for label in ("neutral", "smile")}
        for index in range(per_kind):
            edit = None if kind == REAL else EDITS[index % len(EDITS)]
            label = ("neutral", "smile")[index % 2] if edit is None else edit.source
            if not waiting[label]:
                raise DataError(
                    f"{per_kind} portraits of every kind need more held-out photos labelled {label} than there are; "
                    "ask for fewer with --per-kind"
                )
            plan.append((kind, waiting[label].pop(), edit))
    return plan


def _held_out(prepared: PreparedFaces, label: str) -> list[int]:
    return [row for row, face in enumerate(prepared.faces) if (face.split, face.label) == ("held_out", label)]


def page_html(study: str, images: Mapping[str, str], *, size: int) -> str:
    """The page, whole: no file beside it, no network.

    Args:
        study: id.
        images: data URL of each item, by number.
        size: at which they are shown.
    """
    items = [{"item": number, "image": image} for number, image in images.items()]
    # "</" would end the script early, wherever it stands.
    content = json.dumps({"id": study, "items": items}).replace("</", "<\\/")
    return _TEMPLATE.read_text(encoding="utf-8").replace("__SIZE__", str(size)).replace("__STUDY__", content)


def _data_url(pixels: NDArray[np.uint8]) -> str:
    parameters = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2BGR), parameters)
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode()
