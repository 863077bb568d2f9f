"""Table 1 as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trainer.experiments.intervals import Interval
from trainer.figures.reconstruction import BACK, BOTH, CONFIDENCE_NOTE, FITTED_NOTE, FORTH
from trainer.markdown_tables import table

UNWARPED: Final = "Unwarped source"
AVERAGE: Final = "Average flow (target not seen)"
FVAE: Final = "FVAE"
BLENDED: Final = "FVAE with confidence"
PAPERS: Final = "FVAE, the paper's configuration"
VAE: Final = "VAE"
DIS: Final = "DIS flow"
TVL1: Final = "TV-L1 flow"
ORACLE: Final = "Oracle flow (optimised)"
TARGET: Final = "The target itself"

PAPER: Final = {FVAE: 18.14, BLENDED: 18.35, VAE: 25.41, "Epic Flow": 15.76}
"""The paper's own Table 1, PSNR in dB, on Multi-PIE."""

_NO_VAE: Final = (
    "The VAE's row is missing: no trained one was given. `fvae-train train --config vae --work runs/vae --shards "
    "WORK/shards` with the shards of the run that is compared, then `fvae-train table1 --vae runs/vae`."
)

_PAPERS_NOTE: Final = (
    "The paper's configuration (`trainer/configs/paper.toml`): a latent of 4 x 4 x 1024 and nothing finer, absolute "
    "positions in place of displacements, trained on the same people's real pairs alone, with no true flow and no edit "
    "path. What the paper leaves open is in `docs/adr/0004-the-papers-open-points.md`."
)

_NOTES: Final = (
    "PSNR in dB, 128 px crops in [0, 1]; face: the hull of the target's landmarks. Gain: over the unwarped source, "
    "pair by pair, so that its interval does not hold the differences between people. SSIM and MS-SSIM (four "
    "scales) of the crop. Sharpness: variance of the Laplacian in the face over the target's; at 128 px every "
    "bilinear resampling loses a third of it (figure7 measures at full resolution). Mouth error: distance of the "
    "lips' landmarks, found again in the result at 256 px, from the target's, in hundredths of the eye distance; "
    "the target's own row is the detector's noise.",
    "The source has the target's colours (section 5.2 of the paper). DIS and TV-L1 stand for the paper's Epic Flow, "
    "which cannot be installed; they and the oracle look at the target itself, the FVAE has it only as a latent. The "
    "oracle is the flow optimised on each pair with Eq. 6 as its only prior.",
)


def table1_markdown(
    model: str,
    figures: Mapping[str, Mapping[str, Mapping[str, Interval]]],
    *,
    num_people: int,
    num_pairs: int,
    has_vae: bool,
) -> str:
    """The report.

    Args:
        model: its name.
        figures: by direction, method and figure.
        num_people: that were measured.
        num_pairs: ordered pairs of photos.
        has_vae: whether a trained VAE was compared.
    """
    both = {method: row for method, row in figures[BOTH].items() if method != TARGET}
    head = ["method", "PSNR crop", "PSNR face", "gain, face", "% of the oracle's gain", "SSIM", "MS-SSIM", "sharpness"]
    columns = (
        ("whole_db", 1, 1),
        ("face_db", 1, 1),
        ("face_gain_db", 1, 1),
        ("face_share", 0, 100),
        ("ssim", 3, 1),
        ("ms_ssim", 3, 1),
        ("sharpness", 2, 1),
        ("mouth_error", 2, 100),
    )
    lines = [
        [method, *(row[key].text(digits, scale=scale) for key, digits, scale in columns)]
        for method, row in both.items()
    ]
    noise = figures[BOTH][TARGET]["mouth_error"].text(2, scale=100)
    lines.append([TARGET, *[""] * (len(columns) - 2), "1.00", noise])
    apart = []
    for method in both:
        cells = [method]
        for direction in (FORTH, BACK):
            row = figures[direction][method]
            cells += [row["face_db"].text(1), row["mouth_error"].text(2, scale=100)]
        apart.append(cells)
    paper = ", ".join(f"{name} {value:.2f} dB" for name, value in PAPER.items())
    return "\n".join(
        [
            f"# Table 1: reaching a target that may be seen ({model})",
            "",
            f"{num_pairs} ordered pairs, neutral to smile and back, of {num_people} people of the Face Research Lab "
            "London Set who are in no training pair. Means with 95 % intervals (bootstrap over people).",
            "",
            *table([*head, "mouth error"], lines),
            "",
            *([] if has_vae else [_NO_VAE, ""]),
            *(line for note in _NOTES for line in (note, "")),
            *([_PAPERS_NOTE, ""] if PAPERS in both else []),
            "## By direction",
            "",
            *table(["method", "PSNR face, to smile", "mouth error", "PSNR face, to neutral", "mouth error"], apart),
            "",
            CONFIDENCE_NOTE,
            "",
            FITTED_NOTE,
            "",
            f"The paper's own figures, on Multi-PIE: {paper}. Other people, light and crops: only the order compares.",
        ]
    )
