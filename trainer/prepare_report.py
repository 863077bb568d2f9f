"""The report of `fvae-train prepare`: thumbnails of what was kept, and why the rest was not."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core._cv2 import cv2

THUMBNAIL_PX: Final = 96

_STYLE: Final = """
body { font: 14px system-ui, sans-serif; margin: 24px; color: #222; background: #fafafa; }
section { display: flex; flex-wrap: wrap; gap: 12px; margin-bottom: 24px; }
figure { width: 220px; margin: 0; background: #fff; border: 1px solid #ddd; padding: 8px; overflow-wrap: anywhere; }
figure.kept { width: 112px; }
img { width: 96px; height: 96px; background: #ddd; }
figcaption { font-size: 12px; } .why { color: #a33; } .held_out { color: #36a; }
"""


@dataclass(frozen=True, eq=False)
class CheckedPhoto:
    """One photo and what became of it.

    Attributes:
        photo: its name.
        person, label: as the data set says.
        split: "train", "held_out", or "" for one that was left out.
        reason: why it was left out; empty for a kept one.
        thumbnail: (S, S, 3) of the face, or of the photo; None where it could not be read.
    """

    photo: str
    person: str
    label: str
    split: str
    reason: str
    thumbnail: NDArray[np.uint8] | None


def write_report(folder: Path, photos: Sequence[CheckedPhoto]) -> Path:
    """Write `report.html`, which needs no network, and `report.json` for scripts.

    Returns:
        The page.
    """
    left_out = [photo for photo in photos if photo.reason]
    kept = [photo for photo in photos if not photo.reason]
    people = sorted({photo.person for photo in kept})
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Prepared photos</title>",
        f"<style>{_STYLE}</style><h1>Prepared photos</h1>",
        f"<p>{len(kept)} of {len(photos)} photos were kept, of {len(people)} people. This page shows real faces: keep "
        "it where the photos are kept.</p>",
        f"<h2>Left out ({len(left_out)})</h2><section>",
        *(_figure(photo) for photo in left_out),
        f"</section><h2>Kept ({len(kept)})</h2><section>",
        *(_figure(photo) for photo in sorted(kept, key=lambda photo: (photo.split, photo.person))),
        "</section></html>",
    ]
    page = folder / "report.html"
    page.write_text("\n".join(parts), encoding="utf-8")
    rows = [{key: value for key, value in asdict(photo).items() if key != "thumbnail"} for photo in photos]
    (folder / "report.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return page


def thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(96, 96, 3) of a picture (H, W, 3): the largest square in its middle."""
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = np.ascontiguousarray(pixels[top : top + side, left : left + side])
    small: NDArray[np.uint8] = cv2.resize(square, (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=cv2.INTER_AREA)
    return small


def _figure(photo: CheckedPhoto) -> str:
    image = "<img alt=''>"
    if photo.thumbnail is not None:
        _, coded = cv2.imencode(".jpg", photo.thumbnail[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
        image = f"<img alt='' src='data:image/jpeg;base64,{base64.b64encode(coded.tobytes()).decode()}'>"
    name, label = html.escape(photo.photo), html.escape(photo.label)
    if photo.reason:
        note, kind = f"<br><span class='why'>{html.escape(photo.reason)}</span>", "left-out"
    else:
        note, kind = f"<br><span class='{photo.split}'>{photo.split.replace('_', ' ')}</span>", "kept"
    return f"<figure class='{kind}'>{image}<figcaption>{name}<br>{label}{note}</figcaption></figure>"
