"""Table 1: how close each method comes to a target that it may see, on held-out people's photos, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.colour import transfer_colour
from fvae_studio.core.progress import NoProgress, Progress
from fvae_studio.model.checkpoint import LoadedModel
from fvae_studio.model.flow_vae import FlowVae
from fvae_studio.model.preprocess import to_tensor
from fvae_studio.model.warp import resize_flow, warp
from fvae_studio.pipeline.detector import FaceDetector
from trainer.baselines.average_flow import average_photographed_flow
from trainer.baselines.dis import dis_flow
from trainer.baselines.oracle import OracleSettings, oracle_flow
from trainer.baselines.rgb_vae import RgbVae, painted
from trainer.baselines.tvl1 import tvl1_flow
from trainer.crops import face_region
from trainer.experiments.charts import interval_chart
from trainer.experiments.intervals import Interval, mean_over_people, over_people, ratio_of_sums
from trainer.experiments.result import ExperimentResult, Picture
from trainer.experiments.squares import detect_in_crop
from trainer.experiments.table1_report import (
    AVERAGE,
    BLENDED,
    DIS,
    FVAE,
    ORACLE,
    PAPER,
    PAPERS,
    TARGET,
    TVL1,
    UNWARPED,
    VAE,
    table1_markdown,
)
from trainer.figures.reconstruction import (
    BACK,
    BOTH,
    FITTED,
    FORTH,
    RealPairs,
    fitted_flows,
    fvae_flows,
    to_bytes,
    to_floats,
    vae_flows,
)
from trainer.metrics import laplacian_variance, mouth_error, psnr
from trainer.prepare import PREPARED_SIZE, PreparedFaces
from trainer.sheet import Cell, page
from trainer.structural_similarity import multi_scale_ssim, ssim

SHEET_PEOPLE: Final = 6


@dataclass(frozen=True, eq=False)
class Reached:
    """What one method made of all pairs.

    Attributes:
        small: (B, 3, 128, 128) in [-1, 1].
        large: (B, 3, 256, 256): the same at the prepared crops' size, in which landmarks are looked for.
    """

    small: Tensor
    large: Tensor


def table1(
    model: LoadedModel,
    prepared: PreparedFaces,
    *,
    detector: FaceDetector,
    vae: RgbVae | None = None,
    papers: FlowVae | None = None,
    oracle: OracleSettings | None = None,
    progress: Progress | None = None,
) -> ExperimentResult:
    """Measure every method on all ordered pairs of a neutral and a smiling photo of held-out people.

    Args:
        model: whose encoder, decoder and confidence network are measured, as the paper shows them: g(S, mean(T)).
        prepared: the photos.
        detector: finds landmarks in the results.
        vae: the VAE that paints, if one was trained.
        papers: a network of the paper's own configuration, if one was trained.
        oracle: None for the settings of all reports.
        progress: told how far it is.

    Raises:
        DataError: no held-out person has both photos.
    """
    progress = progress or NoProgress()
    pairs = RealPairs.of(prepared)
    rows = prepared.pairs("neutral", "smile", split="held_out")
    rows += [(target, source) for source, target in rows]
    people = [prepared.faces[source].person for source, _ in rows]
    large = to_tensor([_recoloured(prepared, source, target) for source, target in rows])
    wanted = to_tensor([np.array(prepared.crops[target]) for _, target in rows])
    methods = _reach(
        model, prepared, pairs, large, vae=vae, papers=papers, oracle=oracle, progress=progress.subrange(0.0, 0.7)
    )
    methods[TARGET] = Reached(pairs.target, wanted)
    values: dict[str, dict[str, NDArray[np.float64]]] = {}
    for number, (method, reached) in enumerate(methods.items()):
        progress.raise_if_cancelled()
        progress.report(0.7 + 0.25 * number / len(methods), f"measuring: {method}")
        values[method] = _measure(reached, pairs, prepared, rows, detector)
    figures = _intervals(values, pairs.is_forth, people)
    progress.report(0.97, "writing")
    text = table1_markdown(
        model.header.name, figures, num_people=len(set(people)), num_pairs=len(rows), has_vae=vae is not None
    )
    pictures = (
        Picture("table1_sheet", _sheet(methods, prepared, rows), "Held-out people, neutral to smile.", is_public=False),
        Picture(
            "table1",
            interval_chart(
                {method: columns["face_db"] for method, columns in figures[BOTH].items() if method != TARGET},
                title=f"{model.header.name}: reaching the target, face region",
                label="PSNR in dB, mean over pairs with 95 % interval over people",
            ),
            "Face region, both directions; bars are 95 % intervals over people.",
            is_public=True,
            is_photo=False,
        ),
    )
    return ExperimentResult(
        "table1",
        text,
        {"model": model.header.name, "people": len(set(people)), "pairs": len(rows), "paper_psnr_db": PAPER}
        | {"figures": figures},
        pictures,
    )


def _recoloured(prepared: PreparedFaces, source: int, target: int) -> NDArray[np.uint8]:
    wanted = np.array(prepared.crops[target])
    region = face_region(prepared.landmarks[target], size=PREPARED_SIZE)
    return transfer_colour(np.array(prepared.crops[source]), wanted, region=region)


def _reach(
    model: LoadedModel,
    prepared: PreparedFaces,
    pairs: RealPairs,
    large: Tensor,
    *,
    vae: RgbVae | None,
    papers: FlowVae | None,
    oracle: OracleSettings | None,
    progress: Progress,
) -> dict[str, Reached]:
    def warped(flow: Tensor) -> Reached:
        bigger = resize_flow(flow, PREPARED_SIZE) * (PREPARED_SIZE / CROP_SIZE)
        return Reached(warp(pairs.source, flow), warp(large, bigger))

    flow, confidence = fvae_flows(model, pairs.source, pairs.target)
    ours = warped(flow)
    trust = resize_flow(confidence, PREPARED_SIZE)
    methods = {
        UNWARPED: Reached(pairs.source, large),
        AVERAGE: warped(_average_flows(prepared, pairs, progress.subrange(0.0, 0.12))),
        FVAE: ours,
        BLENDED: Reached(pairs.source + confidence * (ours.small - pairs.source), large + trust * (ours.large - large)),
    }
    methods[FITTED] = warped(fitted_flows(model, pairs.source, pairs.target, progress=progress.subrange(0.12, 0.03)))
    if papers is not None:
        methods[PAPERS] = warped(vae_flows(papers, pairs.source, pairs.target))
    if vae is not None:
        picture = painted(vae, pairs.source, pairs.target)
        enlarged = torch.nn.functional.interpolate(picture, size=(PREPARED_SIZE, PREPARED_SIZE), mode="bicubic")
        methods[VAE] = Reached(picture, enlarged.clamp(-1, 1))
    looks = list(zip(to_bytes(pairs.source), to_bytes(pairs.target), strict=True))
    for index, (name, search) in enumerate(((DIS, dis_flow), (TVL1, tvl1_flow))):
        part = progress.subrange(0.15 + 0.25 * index, 0.25)
        flows = []
        for number, (source, target) in enumerate(looks):
            progress.raise_if_cancelled()
            part.report(number / len(looks), name)
            flows.append(search(source, target))
        methods[name] = warped(_as_tensor(flows))
    best = oracle_flow(pairs.source, pairs.target, settings=oracle, progress=progress.subrange(0.65, 0.35))
    methods[ORACLE] = warped(best)
    return methods


def _average_flows(prepared: PreparedFaces, pairs: RealPairs, progress: Progress) -> Tensor:
    forth = average_photographed_flow(prepared, "neutral", "smile", progress=progress.subrange(0.0, 0.5))
    back = average_photographed_flow(prepared, "smile", "neutral", progress=progress.subrange(0.5, 0.5))
    return _as_tensor([forth if is_forth else back for is_forth in pairs.is_forth])


def _as_tensor(flows: Sequence[NDArray[np.float32]]) -> Tensor:
    return torch.from_numpy(np.stack(flows)).permute(0, 3, 1, 2).contiguous()


def _measure(
    reached: Reached,
    pairs: RealPairs,
    prepared: PreparedFaces,
    rows: Sequence[tuple[int, int]],
    detector: FaceDetector,
) -> dict[str, NDArray[np.float64]]:
    """(B,) of every figure."""
    whole = np.ones(pairs.source.shape[-2:], np.bool_)
    columns: dict[str, list[float]] = {name: [] for name in COLUMNS}
    shown, targets = to_floats(reached.small), to_floats(pairs.target)
    for image, target, region, large, (source_row, target_row) in zip(
        shown, targets, pairs.regions, to_bytes(reached.large), rows, strict=True
    ):
        columns["whole_db"].append(psnr(image, target, whole))
        columns["face_db"].append(psnr(image, target, region))
        columns["ssim"].append(ssim(image, target))
        columns["ms_ssim"].append(multi_scale_ssim(image, target))
        columns["sharpness"].append(laplacian_variance(image, region) / laplacian_variance(target, region))
        found = detect_in_crop(large, detector)
        photo, wanted = prepared.landmarks[source_row], prepared.landmarks[target_row]
        columns["mouth_error"].append(float("nan") if found is None else mouth_error(found, wanted, photo))
    return {name: np.array(values) for name, values in columns.items()}


COLUMNS: Final = ("whole_db", "face_db", "ssim", "ms_ssim", "sharpness", "mouth_error")
"""Figures of a pair; `face_share`, of the oracle's gain, is of many."""


def _intervals(
    values: Mapping[str, Mapping[str, NDArray[np.float64]]], is_forth: NDArray[np.bool_], people: Sequence[str]
) -> dict[str, dict[str, dict[str, Interval]]]:
    """By direction, method and figure."""
    figures: dict[str, dict[str, dict[str, Interval]]] = {}
    for direction, chosen in ((FORTH, is_forth), (BACK, ~is_forth), (BOTH, np.ones_like(is_forth))):
        names = [person for person, use in zip(people, chosen, strict=True) if use]
        floor = values[UNWARPED]["face_db"][chosen]
        room = values[ORACLE]["face_db"][chosen] - floor
        figures[direction] = {}
        for method, columns in values.items():
            row = {name: mean_over_people(column[chosen], names) for name, column in columns.items()}
            gain = columns["face_db"][chosen] - floor
            row["face_gain_db"] = mean_over_people(gain, names)
            row["face_share"] = over_people(partial(ratio_of_sums, gain, room), names)
            figures[direction][method] = row
    return figures


def _sheet(
    methods: Mapping[str, Reached], prepared: PreparedFaces, rows: Sequence[tuple[int, int]]
) -> NDArray[np.uint8]:
    shown = {name: to_bytes(reached.large[:SHEET_PEOPLE].clamp(-1, 1)) for name, reached in methods.items()}
    cells = []
    for number in range(min(SHEET_PEOPLE, len(rows))):
        source = rows[number][0]
        row = [Cell(prepared.faces[source].person, np.array(prepared.crops[source]))]
        row += [Cell(name.split(" (")[0], np.asarray(shown[name][number])) for name in methods]
        cells.append(
            [Cell(cell.label, cv2.resize(cell.pixels, (200, 200), interpolation=cv2.INTER_AREA)) for cell in row]
        )
    return page(cells)
