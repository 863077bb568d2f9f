"""The same figures for groups of people, so that a weakness shows."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.regularise import fold_share
from fvae_studio.core.trust import motion_trust
from fvae_studio.core.types import AlignedCrop
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.pipeline.engine import settle
from fvae_studio.pipeline.predictor import FlowPredictor
from trainer.crops import model_crop, small_crop
from trainer.experiments.intervals import Interval, mean_over_people, over_people, ratio_of_sums
from trainer.figures.edits import DIRECTION
from trainer.figures.reconstruction import RealPairs, fvae_pictures, to_floats
from trainer.metrics import landmark_motion, mouth_error, psnr
from trainer.prepare import PreparedFaces

DARK_BELOW: Final = 55.0
"""Lightness L* (CIE Lab, 0..100) of the skin, below which a face counts as dark; London set only, one light for all."""

OLDER_FROM: Final = 35
"""Years."""

_SEEN: Final = Path(__file__).with_name("groups.toml")

_SKIN: Final = (50, 280, 101, 330, 205, 425, 151)
"""MediaPipe's points on cheeks and forehead."""


@dataclass(frozen=True)
class GroupFigures:
    """One group of held-out people.

    Attributes:
        name: of the group.
        num_people: in it.
        num_pairs: ordered pairs of real photos; 0 where they have one photo only.
        gain_db: of the FVAE over the unwarped source in the face, target seen.
        removed: share of the mouth error that the smile slider removes at strength 1, target not seen.
        trust: least confidence in what the slider moves.
        folds: share of the crop where the slider's raw flow folds.
    """

    name: str
    num_people: int
    num_pairs: int
    gain_db: Interval
    removed: Interval
    trust: Interval
    folds: Interval


def group_figures(
    model: LoadedModel, prepared: PreparedFaces, data: Path | None, selfies: Mapping[str, AlignedCrop]
) -> tuple[GroupFigures, ...]:
    """All groups that have somebody, everybody first.

    Args:
        model: with the smile slider.
        prepared: its held-out people.
        data: folder of data sets, for what the London people said of themselves; None or without it: left out.
        selfies: everyday photos' crops by name: a group of their own, of which no second photo is known.
    """
    pairs = _pair_gains(model, prepared)
    edits = _edit_values(model, prepared)
    groups = [_figures(name, people, pairs, edits) for name, people in find_groups(prepared, data).items() if people]
    if selfies:
        groups.append(_figures("selfies, photo by photo", set(selfies), (), _selfie_values(model, selfies)))
    return tuple(groups)


def find_groups(prepared: PreparedFaces, data: Path | None) -> dict[str, set[str]]:
    """Held-out people by group; groups overlap.

    Skin is measured, age, gender and ethnicity are what people of the London set said of themselves, beards are those
    that can be seen (`groups.toml`).
    """
    held_out = {face.person for face in prepared.faces if face.split == "held_out"}
    neutral = {face.person: row for row, face in enumerate(prepared.faces) if face.label == "neutral"}
    groups: dict[str, set[str]] = {"everybody": held_out}
    london = {person for person in held_out if person.startswith("frl_london/")}
    lightness = {person: skin_lightness(prepared, neutral[person]) for person in sorted(london) if person in neutral}
    groups[f"skin darker than L* {DARK_BELOW:g}"] = {
        person for person, value in lightness.items() if value < DARK_BELOW
    }
    groups[f"skin lighter than L* {DARK_BELOW:g}"] = {
        person for person, value in lightness.items() if value >= DARK_BELOW
    }
    told = {person: row for person, row in _read_london(data).items() if person in london}
    for about in (
        lambda row: row["face_gender"],
        lambda row: (
            f"{OLDER_FROM} years and older" if int(row["face_age"]) >= OLDER_FROM else f"below {OLDER_FROM} years"
        ),
        lambda row: row["face_eth"].replace("_", " "),
    ):
        for name in sorted({about(row) for row in told.values()}):
            groups[name] = {person for person, row in told.items() if about(row) == name}
    bearded = set(tomllib.loads(_SEEN.read_text(encoding="utf-8"))["beard"])
    groups["beard"] = held_out & bearded
    return groups


def skin_lightness(prepared: PreparedFaces, row: int) -> float:
    """Median L* (0..100) of patches on cheeks and forehead."""
    lab = cv2.cvtColor(small_crop(prepared.crops[row]).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    places = np.round(prepared.landmarks[row][list(_SKIN)]).astype(int)
    patches = [lab[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3, 0].ravel() for x, y in places]
    return float(np.median(np.concatenate(patches)))


def _read_london(data: Path | None) -> dict[str, dict[str, str]]:
    path = None if data is None else data / "frl_london" / "london_info.csv"
    if path is None or not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {f"frl_london/{row['face_id']}": row for row in rows if row.get("face_age", "").isdigit()}


def _pair_gains(model: LoadedModel, prepared: PreparedFaces) -> list[tuple[str, float]]:
    """Person and gain of every ordered pair."""
    pairs = RealPairs.of(prepared)
    rows = prepared.pairs("neutral", "smile", split="held_out")
    people = [prepared.faces[source].person for source, _ in rows] * 2
    warped, _ = fvae_pictures(model, pairs.source, pairs.target)
    images = zip(to_floats(pairs.source), to_floats(warped), to_floats(pairs.target), pairs.regions, strict=True)
    gains = [psnr(after, target, region) - psnr(before, target, region) for before, after, target, region in images]
    return list(zip(people, gains, strict=True))


def _edit_values(model: LoadedModel, prepared: PreparedFaces) -> list[dict[str, Any]]:
    """What the slider does to every held-out neutral photo."""
    predictor = FlowPredictor(model, device="cpu")
    smiles = dict(prepared.pairs("neutral", "smile", split="held_out"))
    values = []
    for row, face in enumerate(prepared.faces):
        if (face.split, face.label) != ("held_out", "neutral"):
            continue
        predictor.set_crop(model_crop(prepared, row))
        field = predictor.predict({DIRECTION: 1.0})
        photo = prepared.landmarks[row]
        left = nothing = 0.0
        if row in smiles:
            wanted = prepared.landmarks[smiles[row]]
            left = mouth_error(landmark_motion(photo, settle(field, photo).flow), wanted, photo)
            nothing = mouth_error(photo, wanted, photo)
        values.append(
            {
                "person": face.person,
                "removed": nothing - left,
                "nothing": nothing,
                "trust": motion_trust(field),
                "folds": fold_share(field.flow),
            }
        )
    return values


def _selfie_values(model: LoadedModel, selfies: Mapping[str, AlignedCrop]) -> list[dict[str, Any]]:
    predictor = FlowPredictor(model, device="cpu")
    values = []
    for name, crop in selfies.items():
        predictor.set_crop(crop)
        field = predictor.predict({DIRECTION: 1.0})
        trust, folds = motion_trust(field), fold_share(field.flow)
        values.append({"person": name, "removed": 0.0, "nothing": 0.0, "trust": trust, "folds": folds})
    return values


def _figures(
    name: str, people: set[str], pairs: Sequence[tuple[str, float]], edits: Sequence[Mapping[str, Any]]
) -> GroupFigures:
    gains = [(person, gain) for person, gain in pairs if person in people]
    rows = [row for row in edits if row["person"] in people]
    names = [row["person"] for row in rows]

    def column(key: str) -> NDArray[np.float64]:
        return np.array([row[key] for row in rows], np.float64)

    unknown = Interval(float("nan"), float("nan"), float("nan"))
    removed, nothing = column("removed"), column("nothing")
    return GroupFigures(
        name=name,
        num_people=len(people),
        num_pairs=len(gains),
        gain_db=mean_over_people(np.array([gain for _, gain in gains]), [person for person, _ in gains])
        if gains
        else unknown,
        removed=over_people(lambda chosen: ratio_of_sums(removed, nothing, chosen), names) if rows else unknown,
        trust=mean_over_people(column("trust"), names) if rows else unknown,
        folds=mean_over_people(column("folds"), names) if rows else unknown,
    )


def held_out_rows(prepared: PreparedFaces) -> list[int]:
    """Rows of held-out neutral photos."""
    return [row for row, face in enumerate(prepared.faces) if (face.split, face.label) == ("held_out", "neutral")]
