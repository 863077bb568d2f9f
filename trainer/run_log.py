"""What a run tells while it goes: TensorBoard's events, figures as JSON lines, `status.json`, lines on the terminal.

A log is worth less than the training: where one of its files cannot be written, that is said once and training goes on.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from torch.utils.tensorboard import SummaryWriter

from fvae_studio.core.progress import Progress
from trainer.run_files import FIGURES, STATUS, read_figures, replace_text

STATUS_SCHEMA: Final = 1

Stage = Literal["train", "train-mask", "train-glasses"]

_PREFIX: Final[dict[Stage, str]] = {"train": "", "train-mask": "mask_", "train-glasses": "glasses_"}
"""Of the groups of scalars."""

State = Literal["running", "finished", "stopped", "failed"]


class RunLog:
    """Writes the files of one run; on other processes than the first, nothing.

    Args:
        run_dir: of the run; None writes nothing.
        progress: told every line.
        stage: which command this is.
        start: the step from which this process goes on; what an earlier, killed one wrote beyond it is dropped.
        steps: of the whole training.
        pairs_per_step: of all processes together.
    """

    def __init__(
        self, run_dir: Path | None, progress: Progress, *, stage: Stage, start: int, steps: int, pairs_per_step: int
    ) -> None:
        self._run_dir, self._progress, self._stage = run_dir, progress, stage
        self._step, self._steps, self._pairs = start, steps, pairs_per_step
        self._shown_step, self._shown_at, self._seconds, self._waited = start, time.monotonic(), 0.0, 0.0
        self._complained = False
        self._status: dict[str, Any] = {}
        self._writer: SummaryWriter | None = None
        if run_dir is not None:
            self._try(lambda: self._open(run_dir, start))

    def count(self, seconds: float, waited: float) -> None:
        """One more step is done: what it took, and how much of that was waiting for data."""
        self._step += 1
        self._seconds += seconds
        self._waited += waited

    def go_back(self, step: int) -> None:
        """The training was rolled back to this step."""
        self._step = self._shown_step = step
        self._seconds = self._waited = 0.0

    def losses(self, values: Mapping[str, float], text: str) -> None:
        """The losses of the present step, as scalars and as a line with the rate and the time left."""
        seconds = max(self._seconds, 1e-9)
        rate = (self._step - self._shown_step) * self._pairs / seconds
        left = (self._steps - self._step) * self._pairs / max(rate, 1e-9)
        waiting = self._waited / seconds
        self._shown_step, self._seconds, self._waited = self._step, 0.0, 0.0
        self._scalars("train", values)
        self._scalars("speed", {"pairs_per_second": rate, "waiting_for_data": waiting})
        self._status |= {
            "pairs_per_second": rate,
            "waiting_for_data": waiting,
            "seconds_left": left,
            "losses": dict(values),
        }
        self.status("running")
        self.say(f"step {self._step}/{self._steps}  {text}  {rate:.0f} pairs/s  {left / 60:.0f} min left")

    def figures(self, figures: Mapping[str, float]) -> None:
        """The held-out figures of an evaluation: a scalar each, one JSON line, one line of text."""
        self._scalars("held_out", figures)
        if self._run_dir is not None:
            path = self._run_dir / FIGURES
            self._try(lambda: _append(path, json.dumps({"step": self._step} | dict(figures))))
        self.say(" ".join(f"{name} {value:.3f}" for name, value in figures.items()))

    def pictures(self, pictures: Mapping[str, NDArray[np.uint8]]) -> None:
        """Pictures (H, W, 3) for TensorBoard."""
        writer = self._writer
        if writer is None:
            return
        for name, pixels in pictures.items():
            self._try(lambda n=name, p=pixels: writer.add_image(n, p, self._step, dataformats="HWC"))  # type: ignore[misc]

    def say(self, text: str) -> None:
        """One line for whoever watches."""
        self._progress.report(min(1.0, self._step / max(1, self._steps)), text)

    def status(self, state: State, note: str = "") -> None:
        """Write `status.json`; a reader never sees half of it."""
        if self._run_dir is None:
            return
        self._status |= {
            "schema": STATUS_SCHEMA,
            "stage": self._stage,
            "state": state,
            "step": self._step,
            "steps": self._steps,
            "updated": time.time(),
            "note": note,
        }
        path, text = self._run_dir / STATUS, json.dumps(self._status, indent=1) + "\n"
        self._try(lambda: replace_text(path, text))

    def close(self) -> None:
        """Write what is still held back."""
        if self._writer is not None:
            self._try(self._writer.close)

    def _open(self, run_dir: Path, start: int) -> None:
        if self._stage == "train":
            _drop_after(run_dir / FIGURES, start)
        self._writer = SummaryWriter(str(run_dir), purge_step=start + 1 if self._stage == "train" else None)

    def _scalars(self, group: str, values: Mapping[str, float]) -> None:
        writer = self._writer
        prefix = f"{_PREFIX[self._stage]}{group}/"
        if writer is not None:
            for name, value in values.items():
                self._try(lambda n=name, v=value: writer.add_scalar(prefix + n, v, self._step))  # type: ignore[misc]

    def _try(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            if not self._complained:
                self._complained = True
                self.say(f"the run's log cannot be written ({error.strerror or error}); training goes on without it")


def _append(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def _drop_after(path: Path, step: int) -> None:
    rows = read_figures(path)
    kept = [row for row in rows if row["step"] <= step]
    if len(kept) < len(rows) or (rows and not path.read_text(encoding="utf-8").endswith("\n")):
        replace_text(path, "".join(json.dumps(row) + "\n" for row in kept))
