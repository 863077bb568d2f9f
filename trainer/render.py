"""Prepared faces + fits -> shards of pairs: rendered expressions with exact flow, and the real pairs."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.colour import transfer_colour
from fvae_studio.core.geometry import Points
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.errors import DataError
from trainer.crops import face_region, small_crop
from trainer.facekit.expressions import NUM_POSE, sample_code
from trainer.facekit.fit import FaceFits
from trainer.facekit.lids import compose, compose_reverse, lid_shift
from trainer.facekit.mesh import FaceKit, load_facekit
from trainer.facekit.render import FaceScene, FittedFace, apply_flow, exact_flow, placed
from trainer.photo_pairs import lent_pairs, photographed_flow
from trainer.prepare import PreparedFaces, load_prepared
from trainer.shards import (
    LENT,
    REAL,
    RENDERED,
    RENDERED_REVERSE,
    TURNED,
    TURNED_REVERSE,
    Shard,
    write_shard,
)
from trainer.turned_heads import EXPRESSIONS_PER_TURN, turned_heads, with_pose

KIND_SHARES: Final = (0.42, 0.13, 0.2, 0.17, 0.08)
"""Shares of the kinds of `sample_code`."""


@dataclass(frozen=True, eq=False)
class RenderedPair:
    """Two images and the flows between them.

    `start` is the picture that it starts from; None for the photo itself.
    """

    start: NDArray[np.uint8] | None
    target: NDArray[np.uint8]
    code: NDArray[np.float32]
    forward: NDArray[np.float32]
    forward_visible: NDArray[np.float32]
    backward: NDArray[np.float32]
    backward_visible: NDArray[np.float32]


def render_expressions(
    facekit: FaceKit,
    fits: FaceFits,
    prepared: PreparedFaces,
    row: int,
    codes: Sequence[NDArray[np.float32]],
) -> Iterator[RenderedPair]:
    """One photo in many expressions.

    Args:
        facekit: the face model.
        fits: of all prepared photos.
        prepared: the photos' crops and landmarks.
        row: of the photo.
        codes: (56,) changes of expression and pose.
    """
    face = FittedFace.of(facekit, fits, row)
    still = face.pose()
    source = FaceScene(facekit, still)
    for code in codes:
        moved = face.pose(code)
        if np.any(code[-NUM_POSE:]):
            moved = placed(moved, face.alignment(moved, still))
        target = FaceScene(facekit, moved)
        yield _rendered(source, target, prepared.crops[row], prepared.landmarks[row], code, face.closing(code))


def render_on_turned_heads(
    facekit: FaceKit,
    fits: FaceFits,
    prepared: PreparedFaces,
    row: int,
    codes: Sequence[NDArray[np.float32]],
    *,
    rng: np.random.Generator,
    reshaped: float = 0.0,
) -> Iterator[RenderedPair]:
    """One photo, its head turned at random, in many expressions; poses of the codes do not count.

    Args: as `render_expressions`, and
        reshaped: of the heads, how many take the shape of another person of the training photos; of photos of people
            who are held out, none.
    """
    face = FittedFace.of(facekit, fits, row)
    is_trained_on = np.array([face.split == "train" for face in prepared.faces])
    heads = turned_heads(
        face,
        prepared.crops[row],
        count=len(codes),
        rng=rng,
        identities=fits.identity[is_trained_on] if is_trained_on[row] else None,
        reshaped=reshaped,
    )
    for number, head in enumerate(heads):
        start, landmarks = small_crop(head.picture), head.carried(prepared.landmarks[row])
        for code in codes[number * EXPRESSIONS_PER_TURN : (number + 1) * EXPRESSIONS_PER_TURN]:
            change = with_pose(code, np.zeros(NUM_POSE, np.float32))
            pair = _rendered(head.scene, head.scene_of(change), head.picture, landmarks, change, face.closing(change))
            yield replace(pair, start=start)


def _rendered(
    source: FaceScene,
    target: FaceScene,
    crop: NDArray[np.uint8],
    landmarks: Points,
    code: NDArray[np.float32],
    closing: dict[Literal["L", "R"], float],
) -> RenderedPair:
    forward, backward = exact_flow(target, source), exact_flow(source, target)
    there, seen_there = compose(forward.flow, lid_shift(landmarks, closing, size=CROP_SIZE))
    back, seen_back = compose_reverse(backward.flow, lid_shift(landmarks, closing, size=CROP_SIZE, reverse=True))
    return RenderedPair(
        None,
        apply_flow(crop, there, forward.inside),
        code,
        there,
        forward.visible * seen_there,
        back,
        backward.visible * seen_back,
    )


def _render_rows(
    prepared_dir: Path,
    fits_path: Path,
    facekit_cache: Path,
    rows: Sequence[int],
    count: int,
    turned: int,
    reshaped: float,
    seed: int,
) -> tuple[list[RenderedPair], list[int]]:
    cv2.setNumThreads(1)
    prepared, fits = load_prepared(prepared_dir), FaceFits.load(fits_path)
    facekit = load_facekit(facekit_cache, facekit_cache)
    pairs, owners = [], []
    for row in rows:
        rng = np.random.default_rng([seed, row])
        codes = _codes(facekit, rng, count, base=fits.expression[row])
        of_row = list(render_expressions(facekit, fits, prepared, row, codes))
        codes = _codes(facekit, rng, turned, base=fits.expression[row])
        of_row += render_on_turned_heads(facekit, fits, prepared, row, codes, rng=rng, reshaped=reshaped)
        pairs += of_row
        owners += [row] * len(of_row)
    return pairs, owners


def _codes(
    facekit: FaceKit, rng: np.random.Generator, count: int, *, base: NDArray[np.float32]
) -> list[NDArray[np.float32]]:
    kinds = rng.choice(len(KIND_SHARES), count, p=KIND_SHARES)
    return [sample_code(facekit, rng, kind=int(kind), base=base) for kind in kinds]


def render(
    prepared_dir: Path,
    fits_path: Path,
    facekit_cache: Path,
    out: Path,
    *,
    expressions_per_photo: int,
    seed: int,
    lent: int = 0,
    turned: int = 0,
    reshaped: float = 0.0,
    workers: int = 2,
    progress: Progress | None = None,
) -> Shard:
    """Write one shard: every photo in `expressions_per_photo` expressions both ways, all real pairs, and lent ones.

    Args:
        prepared_dir: what `prepare` wrote.
        fits_path: what `fit_faces` found.
        facekit_cache: the face model as npz.
        out: folder of the shard.
        expressions_per_photo: rendered from each; every one makes a pair in both directions.
        seed: another seed gives other expressions; several shards are trained on together.
        lent: to how many people what two photos differ by is lent (`photo_pairs.lent_pairs`).
        turned: expressions of each photo that are rendered on turned heads as well (`turned_heads`).
        reshaped: of those heads, how many take another training person's shape as well, in [0, 1].
        workers: processes; 1 renders in this one.
        progress: told of every six photos.

    Raises:
        DataError: an earlier step is missing, or the fits are of other photos.
    """
    progress = progress or NoProgress()
    prepared, fits = load_prepared(prepared_dir), FaceFits.load(fits_path)
    if len(fits.scale) != len(prepared.faces):
        raise DataError(
            f"{fits_path} has fits of {len(fits.scale)} photos, {prepared_dir} holds {len(prepared.faces)}; "
            "run `fvae-train fit-faces` again"
        )
    facekit = load_facekit(facekit_cache, facekit_cache)
    faces = prepared.faces
    persons = sorted({face.person for face in faces})
    images = [small_crop(crop) for crop in prepared.crops]
    columns: dict[str, list[int]] = {name: [] for name in ("source", "target", "kind", "row")}
    codes: list[NDArray[np.float32]] = []
    flows: list[NDArray[np.float16]] = []
    visible: list[NDArray[np.uint8]] = []

    def add(
        source: int,
        target: int,
        kind: int,
        row: int,
        code: NDArray[np.float32],
        field: NDArray[np.float32],
        seen: NDArray[np.float32],
    ) -> None:
        columns["source"].append(source)
        columns["target"].append(target)
        columns["kind"].append(kind)
        columns["row"].append(row)
        codes.append(code)
        flows.append(field.astype(np.float16))
        visible.append(np.round(seen * 255).astype(np.uint8))

    chunks = [list(range(start, min(start + 6, len(faces)))) for start in range(0, len(faces), 6)]
    work = partial(
        _render_rows,
        prepared_dir,
        fits_path,
        facekit_cache,
        count=expressions_per_photo,
        turned=turned,
        reshaped=reshaped,
        seed=seed,
    )
    with contextlib.ExitStack() as stack:
        results: Iterator[tuple[list[RenderedPair], list[int]]] = map(work, chunks)
        if workers > 1:
            # Not a fork: it would copy torch's threads' locks, and other systems have none.
            pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
            results = stack.enter_context(pool).map(work, chunks)
        for number, (pairs, owners) in enumerate(results):
            start = 0
            for pair, row in zip(pairs, owners, strict=True):
                source, kinds = row, (RENDERED, RENDERED_REVERSE)
                if pair.start is not None:
                    if images[start] is not pair.start:
                        images.append(pair.start)
                        start = len(images) - 1
                    source, kinds = start, (TURNED, TURNED_REVERSE)
                images.append(pair.target)
                picture = len(images) - 1
                add(source, picture, kinds[0], row, pair.code, pair.forward, pair.forward_visible)
                add(picture, source, kinds[1], row, -pair.code, pair.backward, pair.backward_visible)
            progress.report((number + 1) / len(chunks), f"render: {len(flows)} pairs")
            progress.raise_if_cancelled()
    no_code = np.zeros(len(facekit.expression_names) + NUM_POSE, np.float32)
    for first, second in prepared.all_pairs():
        for source, target in ((first, second), (second, first)):
            # The source gets the target's colours (section 5.2), so that light is not mistaken for motion.
            region = face_region(prepared.landmarks[target])
            images.append(transfer_colour(images[source], images[target], region=region))
            code = no_code.copy()
            code[:-NUM_POSE] = fits.expression[target] - fits.expression[source]
            add(len(images) - 1, target, REAL, source, code, *photographed_flow(images[-1], images[target]))
    for row, borrowed in lent_pairs(prepared, per_pair=lent, seed=seed) if lent else ():
        progress.raise_if_cancelled()
        images.append(borrowed.made)
        picture = len(images) - 1
        add(row, picture, LENT, row, no_code, borrowed.flow, borrowed.seen)
        add(picture, row, LENT, row, no_code, borrowed.back, borrowed.seen_back)
    rows = np.array(columns["row"])
    shard = Shard(
        images=np.stack(images),
        flows=np.stack(flows),
        visible=np.stack(visible),
        source=np.array(columns["source"]),
        target=np.array(columns["target"]),
        code=np.stack(codes),
        kind=np.array(columns["kind"], np.int8),
        person=np.array([persons.index(faces[row].person) for row in rows]),
        held_out=np.array([faces[row].split == "held_out" for row in rows]),
        code_names=(*facekit.expression_names, "yaw", "pitch", "roll"),
        persons=tuple(persons),
    )
    write_shard(out, shard)
    return shard
