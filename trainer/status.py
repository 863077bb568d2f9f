"""`fvae-train status`: how far a run is, from the files in its folder alone; the run need not be there any more."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fvae_studio.errors import DataError
from trainer.run_files import CHECKPOINT, FIGURES, STATUS, read_figures

SILENT_AFTER_S: Final = 300.0
"""A run that goes tells something more often than that, evaluations included; a slow one every 25 steps."""


@dataclass(frozen=True)
class RunStatus:
    """What the files say.

    Attributes:
        run_dir: of the run.
        stage: "train" or "train-mask".
        state: "running", "finished", "stopped", "failed"; "silent" where a running one was not heard of for long;
            "unknown" for a run of a version that wrote no status.
        step, steps: the last step that was told, and of how many; 0 if unknown.
        pairs_per_second: over the latest steps; 0 if unknown.
        waiting_for_data: share of that time.
        seconds_left: at that rate.
        losses: of the last step that was told.
        latest: figures of the last evaluation, with its step.
        best: figures of the evaluation with the lowest loss, with its step.
        age_s: since anything was written.
        checkpoint_age_s: since the checkpoint was; None without one.
        note: why it ended.
    """

    run_dir: Path
    stage: str
    state: str
    step: int
    steps: int
    pairs_per_second: float
    waiting_for_data: float
    seconds_left: float
    losses: Mapping[str, float]
    latest: Mapping[str, float]
    best: Mapping[str, float]
    age_s: float
    checkpoint_age_s: float | None
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return vars(self) | {
            "run_dir": str(self.run_dir),
            "losses": dict(self.losses),
            "latest": dict(self.latest),
            "best": dict(self.best),
        }


def read_status(folder: Path) -> RunStatus:
    """Read a run's files.

    Args:
        folder: of the run, or the one in which it is the part `run`.

    Raises:
        DataError: there is no run.
    """
    run_dir = next((path for path in (folder, folder / "run") if _is_run(path)), None)
    if run_dir is None:
        raise DataError(f"there is no run in {folder}; name the folder that was given to `fvae-train train --work`")
    told = _told(run_dir / STATUS)
    rows = read_figures(run_dir / FIGURES)
    now = time.time()
    files = [run_dir / name for name in (STATUS, FIGURES, CHECKPOINT)]
    age = max(0.0, now - max(path.stat().st_mtime for path in files if path.exists()))
    state, step, steps = str(told.get("state", "unknown")), int(told.get("step", 0)), int(told.get("steps", 0))
    checkpoint = run_dir / CHECKPOINT
    rate, left = float(told.get("pairs_per_second", 0.0)), float(told.get("seconds_left", 0.0))
    # The time between two reports is what the steps between them take.
    per_step = left / (steps - step) if steps > step else 0.0
    if state == "running" and age > max(SILENT_AFTER_S, 100 * per_step):
        state = "silent"
    return RunStatus(
        run_dir=run_dir,
        stage=str(told.get("stage", "train")),
        state=state,
        step=step or (int(rows[-1]["step"]) if rows else 0),
        steps=steps,
        pairs_per_second=rate,
        waiting_for_data=float(told.get("waiting_for_data", 0.0)),
        seconds_left=left,
        losses=told.get("losses", {}),
        latest=rows[-1] if rows else {},
        best=min(rows, key=lambda row: row.get("loss", float("inf"))) if rows else {},
        age_s=age,
        checkpoint_age_s=now - checkpoint.stat().st_mtime if checkpoint.exists() else None,
        note=str(told.get("note", "")),
    )


def describe(status: RunStatus) -> str:
    """A few lines for people."""
    share = f" ({status.step / status.steps:.0%})" if status.steps else ""
    of = f" of {status.steps}" if status.steps else ""
    lines = [f"{status.stage}: {status.state}, step {status.step}{of}{share}, heard of {_span(status.age_s)} ago"]
    if status.note:
        lines.append(f"  {status.note}")
    if status.state == "silent":
        lines.append("  it was probably killed; the same command goes on from the checkpoint")
    if status.pairs_per_second:
        left = f"; {_span(status.seconds_left)} left" if status.state == "running" else ""
        rate = (
            f"{status.pairs_per_second:.1f} pairs a second, {status.waiting_for_data:.1%} of the time waiting for data"
        )
        lines.append(f"rate        {rate}{left}")
    if status.losses:
        lines.append(f"losses      {_figures(status.losses)}")
    for name, row in (("latest", status.latest), ("best so far", status.best)):
        if row:
            figures = {key: value for key, value in row.items() if key != "step"}
            lines.append(f"{name:<11} step {row['step']:.0f}: {_figures(figures)}")
    if status.checkpoint_age_s is None:
        lines.append("checkpoint  none")
    else:
        lines.append(f"checkpoint  {_span(status.checkpoint_age_s)} old")
    return "\n".join(lines)


def _is_run(path: Path) -> bool:
    return any((path / name).exists() for name in (STATUS, FIGURES, CHECKPOINT))


def _told(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}); a run that goes on writes it anew") from error
    return values if isinstance(values, dict) else {}


def _figures(values: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {value:.4g}" for name, value in values.items())


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds // 3600:.0f} h {seconds % 3600 / 60:.0f} min"
