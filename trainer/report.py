"""The evaluation's figures as Markdown."""

from __future__ import annotations

import math
from collections.abc import Sequence

from trainer.figures.cost import CostFigures
from trainer.figures.edits import EditFigures
from trainer.figures.exact import ExactFigures
from trainer.figures.pictures import PictureFigures
from trainer.figures.reach import ReachFigures
from trainer.figures.reconstruction import BACK, BOTH, CONFIDENCE_NOTE, FITTED_NOTE, FORTH, MethodFigures
from trainer.markdown_tables import number, percent, table


def markdown(
    model: str,
    *,
    reconstruction: Sequence[MethodFigures],
    edit: EditFigures | None,
    pictures: PictureFigures | None,
    exact: ExactFigures | None,
    cost: CostFigures,
    reach: Sequence[ReachFigures] = (),
) -> str:
    """The whole report."""
    parts = [f"# {model}: figures on held-out people", "", *_reconstruction(reconstruction)]
    if edit is not None:
        parts += _edit(edit)
    if pictures is not None:
        parts += _pictures(pictures)
    if reach:
        parts += _reach(reach)
    if exact is not None:
        parts += _exact(exact)
    parts += _cost(cost)
    return "\n".join(parts) + "\n"


def _reconstruction(rows: Sequence[MethodFigures]) -> list[str]:
    by_key = {(row.method, row.direction): row for row in rows}
    both = [row for row in rows if row.direction == BOTH]
    lines = []
    for row in both:
        cells = [row.method]
        for direction in (FORTH, BACK, BOTH):
            at = by_key[row.method, direction]
            cells += [number(at.whole_db, 1), number(at.face_db, 1)]
        cells += [percent(row.whole_share), percent(row.face_share)]
        lines.append(cells)
    head = ["method"]
    head += [f"{direction}, {region}" for direction in (FORTH, BACK, BOTH) for region in ("crop", "face")]
    head += ["share of the oracle's gain, crop", "face"]
    count = both[0].num_pairs if both else 0
    return [
        f"## Reaching a target that may be seen: PSNR in dB, {count} real pairs",
        "",
        *table(head, lines),
        "",
        "Mean over pairs, 128 px crops in [0, 1]; crop: all of it, face: the hull of the target's landmarks. The "
        "source has the target's colours (section 5.2 of the paper). DIS flow stands for the paper's Epic Flow. The "
        "oracle is the flow optimised on each pair with Eq. 6 as its only prior; shares are of its gain over the "
        "unwarped source.",
        "",
        CONFIDENCE_NOTE,
        "",
        FITTED_NOTE,
        "",
    ]


def _edit(figures: EditFigures) -> list[str]:
    head = ["strength", *(f"{strength:g}" for strength in figures.strengths)]
    rows = [["removed", *(percent(value) for value in figures.removed)]]
    if figures.redetected:
        rows.append(["removed, landmarks found again", *(percent(value) for value in figures.redetected)])
    rows.append(["removed, lips parted over built-in teeth", *(percent(value) for value in figures.removed_with_teeth)])
    rows.append(["smile to neutral, at minus that", *(percent(value) for value in figures.removed_back)])
    return [
        f"## The smile slider, target never seen: mouth landmark error removed, {figures.num_people} people",
        "",
        *table(head, rows),
        "",
        f"Best common strength {figures.best_strength:g}: {percent(figures.best_removed)} removed; with everybody's "
        f"own best strength {percent(figures.removed_own_strength)}. Doing nothing leaves {figures.nothing:.4f} of "
        f"the eye distance. At strength 1 the mouth makes {percent(figures.motion_share)} of the real smile's motion.",
        "",
        f"Both ways together at one common strength, {figures.removed_both[0]:g}: {percent(figures.removed_both[1])} "
        f"removed. Back to neutral, with everybody's own best strength {percent(figures.removed_back_own_strength)}; "
        f"to a smile with lips parted over built-in teeth {percent(figures.removed_with_teeth_own_strength)}.",
        "",
        "Reference limit, the mean landmark motion of the training people: "
        f"{percent(figures.limit_removed)} at strength 1, {percent(figures.limit_best_removed)} at its best.",
        "",
    ]


def _pictures(figures: PictureFigures) -> list[str]:
    head = [
        "direction", "longest displacement, px", "raw flow folds", "folds as shown", "sharpness, 128 px",
        f"sharpness, {figures.full_size} px", "motion beyond the face, px",
    ]  # fmt: skip
    rows = [
        [
            row.name,
            number(row.largest_px, 1),
            percent(row.folds, 2),
            percent(row.folds_shown, 2),
            number(row.sharpness, 3),
            number(row.sharpness_full, 3),
            number(row.background_px, 3),
        ]
        for row in figures.directions
    ]
    return [
        f"## Every direction at strength 1, {figures.num_photos} photos",
        "",
        *table(head, rows),
        "",
        "Sharpness (variance of the Laplacian in the face, over the photo's), median of all: "
        f"{figures.sharpness:.3f} at 128 px, {figures.sharpness_full:.3f} in the {figures.full_size} px crop of the "
        "full-resolution composite. Mean difference of pixels that the flow does not move: "
        f"{figures.outside_difference:g}.",
        "",
    ]


def _reach(rows: Sequence[ReachFigures]) -> list[str]:
    head = ["slider", "recognised", "else taken for", "reach", "miss", "eye closed by", "as shown", "rendered"]
    lines = [
        [
            row.name,
            "" if math.isnan(row.recognised) else percent(row.recognised),
            row.taken_for,
            number(row.reach, 2),
            number(row.miss, 2),
            *("" if math.isnan(closed) else percent(closed) for closed in (row.closed[0], row.shut, row.closed[1])),
        ]
        for row in rows
    ]
    return [
        "## Is every expression there? Landmarks at strength 1 against the rendered expression of the same face",
        "",
        *table(head, lines),
        "",
        "Held-out neutral photos, their landmarks moved by the flow that is shown and by the exact flow of the 3D face "
        "in that expression. Recognised: the motion's direction is nearest to this expression's among those of its "
        "group (smile and big smile count as one, and what hardly moves landmarks as none). Reach: motion along the "
        "rendered one, over the rendered one. Miss: what is left of it; 1 is doing nothing. Lips that part are held "
        "closed, so what parts lips is not reached; the smile was fitted to people's own smiles, which differ from the "
        "rendered one. An eye is closed by what its flow takes of the gap between the lids, which the flow's cells are "
        "too wide to close; as shown, with lids that are laid over each other.",
        "",
    ]


def _exact(figures: ExactFigures) -> list[str]:
    head = ["path", "end-point error, px", "over mean displacement", "confidence: AUC", "calibration error"]
    rows = []
    for name, error, auc, calibration in (
        ("encoder, g(S, mean(T))", figures.end_point_px, figures.auc, figures.calibration),
        ("edit, g(S, mean(S) + W e)", figures.edit_end_point_px, figures.edit_auc, figures.edit_calibration),
    ):
        share = error / figures.displacement_px if figures.displacement_px else float("nan")
        rows.append([name, number(error, 3), percent(share), number(auc, 3), number(calibration, 3)])
    return [
        f"## Exact pairs: {figures.num_pairs}, mean displacement {figures.displacement_px:.2f} px",
        "",
        *table(head, rows),
        "",
        "Errors on visible pixels that move by more than 1 px. Confidence against exact visibility where something "
        f"moves, is hidden, or is the mouth ({percent(figures.hidden_share)} of that is hidden); calibration: "
        "expected error, 10 bins.",
        "",
    ]


def _cost(figures: CostFigures) -> list[str]:
    return [
        "## Cost",
        "",
        f"{figures.num_parameters / 1e6:.2f} million parameters, and {figures.num_confidence_parameters / 1e6:.2f} "
        f"million in the confidence network; weights file {figures.file_bytes / 1e6:.1f} MB. Encoding a face takes "
        f"{figures.encode_ms:.0f} ms, a slider's new position {figures.predict_ms:.0f} ms, with "
        f"{figures.num_threads} CPU thread(s) on this machine, as busy as it was.",
    ]
