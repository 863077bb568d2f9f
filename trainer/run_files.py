"""The files in a run's folder: their names, and those that are read without torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

BEST: Final = "best.pt"
"""The averaged weights with the best held-out loss; written where early stopping is asked for."""

CHECKPOINT: Final = "checkpoint.pt"
"""Training state: read with `weights_only=True`, so it runs no code. Released weights are safetensors."""

CONFIG: Final = "config.json"
"""The whole configuration of a run."""

FIGURES: Final = "figures.jsonl"
"""One JSON object a line: the step and the held-out figures of every evaluation."""

STATUS: Final = "status.json"
"""How far the run is; `fvae-train status` reads it."""


def read_figures(path: Path) -> list[dict[str, float]]:
    """Rows of a `figures.jsonl`; a last line that a killed run left half written is passed over."""
    rows = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and "step" in row:
            rows.append(row)
    return rows


def replace_text(path: Path, text: str) -> None:
    """Write a text file of which no reader ever sees half."""
    replace_bytes(path, text.encode())


def replace_bytes(path: Path, content: bytes) -> None:
    """Write a file of which no reader ever sees half."""
    temporary = path.with_suffix(".part")
    temporary.write_bytes(content)
    temporary.replace(path)
