"""`fvae-train evaluate`: all figures on held-out people, as one report."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.pipeline.detector import FaceDetector
from trainer.baselines.oracle import OracleSettings
from trainer.facekit.fit import FaceFits
from trainer.facekit.mesh import FaceKit
from trainer.figures.cost import CostFigures, cost_figures
from trainer.figures.edits import STRENGTHS, EditFigures, edit_figures
from trainer.figures.exact import ExactFigures, exact_figures, read_axes
from trainer.figures.pictures import PictureFigures, picture_figures
from trainer.figures.reach import ReachFigures, reach_figures
from trainer.figures.reconstruction import BOTH, FITTED, MethodFigures, reconstruction_figures
from trainer.held_out import find_photos
from trainer.prepare import PreparedFaces
from trainer.report import markdown
from trainer.shards import find_shards, read_shards


@dataclass(frozen=True)
class Report:
    """Everything that was measured.

    Attributes:
        model: its name.
        reconstruction: the table of methods, by direction.
        edit: the smile slider against real smiles; None if the model has none.
        pictures: sharpness, folds and stillness; None if the model has no directions.
        exact: on exact pairs; None if no shards were given.
        cost: time and size.
        reach: every slider's landmarks against rendered ones; empty where the 3D face was not given.
    """

    model: str
    reconstruction: tuple[MethodFigures, ...]
    edit: EditFigures | None
    pictures: PictureFigures | None
    exact: ExactFigures | None
    cost: CostFigures
    reach: tuple[ReachFigures, ...] = ()

    @property
    def summary(self) -> dict[str, float]:
        """A few numbers by name: what the weights file and the manifest tell."""
        by_method = {row.method: row for row in self.reconstruction if row.direction == BOTH}
        unwarped, fvae = by_method["Unwarped source"], by_method["FVAE"]
        blended = by_method["FVAE with confidence"]
        values = {
            "face_psnr_db": fvae.face_db,
            "face_gain_db": fvae.face_db - unwarped.face_db,
            "face_gain_confidence_db": blended.face_db - unwarped.face_db,
            "whole_psnr_db": fvae.whole_db,
            "face_share_of_oracle": fvae.face_share,
            "face_share_of_oracle_fitted": by_method[FITTED].face_share,
        }
        if self.edit is not None:
            values["smile_removed"] = self.edit.best_removed
            values["smile_strength"] = self.edit.best_strength
            values["smile_removed_both_ways"] = self.edit.removed_both[1]
            if self.edit.removed_with_teeth:
                values["smile_removed_with_teeth"] = max(self.edit.removed_with_teeth)
        if self.pictures is not None:
            values["sharpness"] = self.pictures.sharpness_full
            values["outside_difference"] = self.pictures.outside_difference
        if self.exact is not None:
            values["end_point_px"] = self.exact.end_point_px
            values["edit_end_point_px"] = self.exact.edit_end_point_px
            values["confidence_auc"] = self.exact.auc
            values["confidence_calibration"] = self.exact.calibration
        if self.reach:
            values["least_recognised"] = min(
                (row.recognised for row in self.reach if math.isfinite(row.recognised)), default=math.nan
            )
        return {name: round(value, 4) for name, value in values.items() if math.isfinite(value)}

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; what is not known is None."""
        return {"summary": self.summary} | {key: _plain(value) for key, value in asdict(self).items()}

    def to_markdown(self) -> str:
        """Tables and notes, for people."""
        return markdown(
            self.model,
            reconstruction=self.reconstruction,
            edit=self.edit,
            pictures=self.pictures,
            exact=self.exact,
            cost=self.cost,
            reach=self.reach,
        )

    def write(self, folder: Path) -> None:
        """`report.json` and `report.md`."""
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        (folder / "report.json").write_text(text + "\n", encoding="utf-8")
        (folder / "report.md").write_text(self.to_markdown(), encoding="utf-8")


def evaluate(
    model: LoadedModel,
    prepared: PreparedFaces,
    *,
    shards_dir: Path | None = None,
    run_dir: Path | None = None,
    data: Path | None = None,
    redetect: bool = False,
    num_photos: int = 12,
    oracle: OracleSettings | None = None,
    face_model: tuple[FaceKit, FaceFits] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Measure a model on people that its training has not seen.

    Args:
        model: as it would be released.
        prepared: photos with their split; training people are used for the reference limit of the edit only.
        shards_dir: for figures on exact pairs; left out if None or without shards.
        run_dir: with the training checkpoint, whose axes W the edit path on exact pairs needs; None leaves that out.
        data: folder of data sets, to judge sharpness on the photos themselves; None judges the 256 px crops.
        redetect: find landmarks again in rendered pictures, as a check of the smile slider's figures (slow).
        num_photos: held-out neutral photos on which sharpness and folds are measured.
        oracle: how the oracle flow is found; None for the settings of all reports.
        face_model: the 3D face and its fits of the photos, to tell whether each expression is there; None leaves that
            out.
        progress: told how far it is.

    Raises:
        DataError: no held-out person has a neutral and a smiling photo.
        Cancelled: through `progress`.
    """
    progress = progress or NoProgress()
    rows = reconstruction_figures(model, prepared, oracle=oracle, progress=progress.subrange(0.0, 0.4))
    photos = None if data is None else find_photos(data)
    detector = _make_detector() if redetect or photos else None
    try:
        edit = edit_figures(
            model,
            prepared,
            strengths=STRENGTHS,
            detector=detector if redetect else None,
            progress=progress.subrange(0.4, 0.1),
        )
        pictures = picture_figures(
            model,
            prepared,
            photos=photos,
            detector=detector,
            num_photos=num_photos,
            progress=progress.subrange(0.5, 0.35),
        )
    finally:
        if detector is not None:
            detector.close()
    reach: tuple[ReachFigures, ...] = ()
    if face_model is not None:
        reach = reach_figures(model, *face_model, prepared, progress=progress.subrange(0.85, 0.05))
    exact = None
    if shards_dir is not None and find_shards(shards_dir):
        progress.report(0.9, "exact pairs")
        axes = None if run_dir is None else read_axes(model, run_dir)
        exact = exact_figures(model, read_shards(shards_dir), prepared, axes=axes)
    progress.report(0.98, "time and size")
    return Report(model.header.name, rows, edit, pictures, exact, cost_figures(model, prepared), reach)


def _make_detector() -> FaceDetector:
    # Here: most evaluations detect nothing, and mediapipe takes seconds to load.
    from fvae_studio.pipeline.detector import MediaPipeFaceDetector

    return MediaPipeFaceDetector()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
