"""`fvae-train limits`: all limits in one report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.core.types import AlignedCrop
from fvae_studio.errors import DataError
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.pipeline.detector import FaceDetector
from trainer.crops import small_crop
from trainer.experiments.charts import line_chart
from trainer.experiments.intervals import Interval
from trainer.experiments.limits.glasses import edits_under_glasses, glasses_found, with_glasses
from trainer.experiments.limits.groups import GroupFigures, group_figures, held_out_rows
from trainer.experiments.limits.light import LIGHTS, edits_in_other_light, reaching_in_other_light, relit
from trainer.experiments.limits.pose import SLIDERS, edits_of_turned_heads
from trainer.experiments.result import ExperimentResult, Picture
from trainer.experiments.squares import read_square
from trainer.facekit.fit import FaceFits
from trainer.facekit.mesh import FaceKit
from trainer.figures.edits import DIRECTION
from trainer.markdown_tables import table
from trainer.prepare import PreparedFaces
from trainer.sheet import Cell, page

TURNED_PEOPLE: Final = 12
CELL_PX: Final = 160


def limits(
    model: LoadedModel,
    prepared: PreparedFaces,
    data: Path | None,
    *,
    detector: FaceDetector,
    facekit: FaceKit,
    fits: FaceFits,
    num_turned: int = TURNED_PEOPLE,
    progress: Progress | None = None,
) -> ExperimentResult:
    """Measure light, pose, glasses, and groups of people.

    Args:
        model: with the smile slider.
        prepared: its held-out people are measured.
        data: folder of data sets: what people said of themselves, and the selfies; None leaves both out.
        detector: finds the selfies' faces.
        facekit: turns heads.
        fits: of the prepared photos.
        num_turned: how many people's heads are turned.
        progress: told how far it is.

    Raises:
        DataError: no held-out person has both photos, or the model has no smile slider.
    """
    progress = progress or NoProgress()
    if DIRECTION not in model.directions:
        raise DataError(f"the model {model.header.name} has no slider {DIRECTION}, by which the limits are measured")
    rows = held_out_rows(prepared)
    progress.report(0.0, "light")
    edits = edits_in_other_light(model, prepared, rows, DIRECTION)
    progress.report(0.1, "light, real pairs")
    gains = reaching_in_other_light(model, prepared)
    chosen = [rows[i] for i in np.linspace(0, len(rows) - 1, min(num_turned, len(rows))).round().astype(int)]
    errors, turned = edits_of_turned_heads(model, facekit, fits, prepared, chosen, progress=progress.subrange(0.2, 0.6))
    progress.report(0.8, "glasses")
    glasses, found = edits_under_glasses(model, prepared, rows), glasses_found(prepared, rows)
    progress.report(0.9, "groups")
    groups = group_figures(model, prepared, data, _selfies(data, detector))
    figures = {
        "model": model.header.name,
        "light": {name: {"edit": edits[name], **gains[name]} for name in LIGHTS},
        "yaw": {f"{yaw:g}": error for yaw, error in errors.items()},
        "glasses": glasses,
        "glasses_found": found,
        "groups": [_group_dict(group) for group in groups],
    }
    text = _markdown(model.header.name, edits, gains, errors, glasses, found, groups, num_turned=len(chosen))
    return ExperimentResult("limits", text, figures, _pictures(prepared, chosen, turned, errors))


def _selfies(data: Path | None, detector: FaceDetector) -> dict[str, AlignedCrop]:
    files = [] if data is None else sorted((data / "selfies").glob("*/*.jpg"))
    return {path.stem: read_square(path, path.stem, detector, size=256).crop() for path in files}


def _group_dict(group: GroupFigures) -> dict[str, Any]:
    return asdict(group) | {key: value for key, value in vars(group).items() if isinstance(value, Interval)}


def _pictures(
    prepared: PreparedFaces, rows: list[int], turned: list[list[Cell]], errors: Mapping[float, Interval]
) -> tuple[Picture, ...]:
    crops = [small_crop(prepared.crops[row]) for row in rows[:4]]
    light = [
        [Cell(name.partition(" (")[0], _large(relit(crop, each))) for name, each in LIGHTS.items()] for crop in crops
    ]
    glasses = [
        [
            Cell("drawn on", _large(with_glasses(np.asarray(prepared.crops[row]), prepared.landmarks[row])))
            for row in rows[:6]
        ]
    ]
    heads = [[Cell(cell.label, _large(cell.pixels)) for cell in row] for row in turned[:6]]
    chart = line_chart(
        {"sliders with a known flow": (list(errors), [error.value for error in errors.values()])},
        title="Edits of turned heads",
        x_label="yaw, degrees from the photo's pose",
        y_label="end-point error over mean displacement",
        reference=1.0,
    )
    return (
        Picture("limits_yaw", chart, "Dashed: as bad as doing nothing.", is_public=True, is_photo=False),
        Picture("limits_turned", page(heads), "Turned by the fitted mesh, and edited.", is_public=False),
        Picture("limits_light", page(light), "The lights.", is_public=False),
        Picture("limits_glasses", page(glasses), "Glasses drawn on.", is_public=False),
    )


def _large(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    shown: NDArray[np.uint8] = cv2.resize(
        np.ascontiguousarray(picture), (CELL_PX, CELL_PX), interpolation=cv2.INTER_AREA
    )
    return shown


def _markdown(
    model: str,
    edits: Mapping[str, Interval],
    gains: Mapping[str, Mapping[str, Interval]],
    errors: Mapping[float, Interval],
    glasses: Mapping[str, Mapping[str, Interval]],
    found: Mapping[str, int],
    groups: tuple[GroupFigures, ...],
    *,
    num_turned: int,
) -> str:
    light_rows = [
        [name, edits[name].text(0, scale=100), *(gains[name][what].text(1) for what in ("source", "both", "clip"))]
        for name in edits
    ]
    glass_rows = [
        [name, *(row[key].text(2) for key in ("shown", "bent", "bare", "mouth"))] for name, row in glasses.items()
    ]
    group_rows = [
        [
            group.name,
            str(group.num_people),
            group.gain_db.text(1),
            group.removed.text(0, scale=100),
            group.trust.text(2),
            group.folds.text(2, scale=100),
        ]
        for group in groups
    ]
    return "\n".join(
        [
            f"# Where it ends: light, pose, glasses, groups of people ({model})",
            "",
            "Held-out people throughout; means with 95 % intervals over people. A group of two or three people "
            "tells where to look, not how large a difference is.",
            "",
            "## Light",
            "",
            *table(
                [
                    "light",
                    f"{DIRECTION} slider: flow off by, %",
                    "gain, source relit, dB",
                    "gain, both relit, dB",
                    "gain in clips, source relit, dB",
                ],
                light_rows,
            ),
            "",
            "Off by: distance of the flow from that of the photo as it was taken, over its mean displacement where "
            "it moves. Gain: PSNR in the face over the unwarped source on real pairs, target seen; the networks see "
            "other light, the result is judged on the pair as photographed. In clips: neutral to smile, both photos "
            "brought onto one tone curve and into one light before they are encoded, and into the same colours before "
            "they are fitted.",
            "",
            "## Turned heads",
            "",
            *table(
                ["yaw, degrees", "end-point error over mean displacement"],
                [[f"{yaw:g}", error.text(2)] for yaw, error in errors.items()],
            ),
            "",
            f"{num_turned} people's neutral photos turned to both sides by their fitted meshes (hidden cheeks are "
            f"stretched: no photo of the turned head), sliders {', '.join(SLIDERS)} at strength 1 against the flow "
            "of the turned mesh, where it moves and is visible. 1: as bad as doing nothing. Exact for the mesh, not "
            "for the person: the lids of `fvae-train render` and folds mended by the program are left out. Other "
            "people's photos may have been turned, and shaded, in the same way for training (`docs/method.md`).",
            "",
            "## Glasses",
            "",
            *table(
                ["slider", "rims bent by, px", "by the flow alone", "bare face there", "lips move otherwise by"],
                glass_rows,
            ),
            "",
            "No photo at hand shows glasses: dark rims are drawn on all held-out neutral photos. Bent: what is left "
            "of the rims' displacement (crop pixels of 128) after the best similarity, root mean square: 0 would be "
            "right; as the program shows them, and by the flow alone. Bare: the same places without glasses. Lips: "
            f"mean change of their displacement. Glasses are found on {found['drawn']} of {found['photos']} photos "
            f"once they are drawn on, and on {found['bare']} before.",
            "",
            "## Groups",
            "",
            *table(
                ["group", "people", "gain, target seen, dB", "smile removed, %", "least trust", "raw folds, %"],
                group_rows,
            ),
            "",
            "Gain: of the FVAE over the unwarped source in the face. Smile removed: share of the mouth landmark "
            "error that the slider removes at strength 1, target not seen. Least trust: confidence in the least "
            "sure patch that the slider moves. Skin: median L* of cheeks and forehead, London set only. Age, gender "
            "and ethnicity: as the London people reported them; the Canadian ones (who have one photo, and count "
            "for trust and folds) told neither. There are no children, and one person over 36. Where a share is "
            "negative, the people smile so faintly that strength 1 overshoots.",
        ]
    )
