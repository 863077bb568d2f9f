"""`fvae-train study score`: Table 2 from people's answers, with the paper's rule of whose answers count."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from fvae_studio.errors import DataError
from trainer.experiments.intervals import Interval, over_people
from trainer.experiments.result import ExperimentResult
from trainer.markdown_tables import table
from trainer.study.items import REAL, StudyKey

CALLED_REAL, CALLED_EDITED, SKIPPED = "real", "edited", "skipped"

LEAST_ACCURACY: Final = 0.5
"""On the real photos: whoever is below is left out (section 6.3)."""

PAPER: Final = {REAL: 0.897, "Ours": 0.594, "VAE": 0.356, "Optical flow": 0.416}
"""The paper's Table 2, shares labelled real."""


@dataclass(frozen=True)
class Answers:
    """One participant.

    Attributes:
        participant: random name.
        by_item: `CALLED_REAL`, `CALLED_EDITED` or `SKIPPED`, by the item's number.
    """

    participant: str
    by_item: Mapping[str, str]

    def accuracy(self, key: StudyKey) -> float:
        """Share of the real photos that were called so, of those that were not skipped; NaN where all were."""
        called = [answer for item, answer in self.by_item.items() if key.kinds[item] == REAL and answer != SKIPPED]
        return called.count(CALLED_REAL) / len(called) if called else float("nan")


def read_answers(path: Path, key: StudyKey) -> Answers:
    """An answer file as the page saves it.

    Raises:
        DataError: it is none, or belongs to another study.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        study, participant = str(values["study"]), str(values["participant"])
        by_item = {str(row["item"]): str(row["answer"]) for row in values["answers"]}
    except OSError as error:
        raise DataError(f"{path} could not be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path.name} is no answer file of a study's page; leave it out") from error
    if study != key.study:
        raise DataError(
            f"{path.name} answers study {study}, the key is of {key.study}; give the key that belongs to it"
        )
    unknown = sorted(set(by_item) - set(key.kinds))
    strange = sorted(set(by_item.values()) - {CALLED_REAL, CALLED_EDITED, SKIPPED})
    if unknown or strange:
        raise DataError(
            f"{path.name} answers what the study does not ask ({', '.join(unknown + strange)}); leave it out"
        )
    return Answers(participant, by_item)


def score(key: StudyKey, everybody: Sequence[Answers]) -> ExperimentResult:
    """Table 2.

    Whoever called fewer than half of the real photos real, or answered none of them, is left out; skipped portraits do
    not count. Intervals are taken over participants.

    Args:
        key: of the study.
        everybody: the participants; of several files of one, the last counts.

    Raises:
        DataError: nobody is left.
    """
    latest = {answers.participant: answers for answers in everybody}
    kept = [answers for answers in latest.values() if answers.accuracy(key) >= LEAST_ACCURACY]
    if not kept:
        raise DataError(
            f"none of {len(latest)} participants called half of the real photos real; there is nothing to score"
        )
    kinds = sorted(set(key.kinds.values()), key=lambda kind: (kind != REAL, list(key.kinds.values()).index(kind)))
    shares = {kind: _called_real(kind, key, kept) for kind in kinds}
    skipped = sum(answer == SKIPPED for answers in kept for answer in answers.by_item.values())
    figures: dict[str, Any] = {
        "study": key.study,
        "model": key.model,
        "participants": len(kept),
        "left_out": len(latest) - len(kept),
        "skipped": skipped,
        "labelled_real": shares,
        "paper": PAPER,
    }
    return ExperimentResult("table2", _markdown(key, shares, len(kept), len(latest) - len(kept), skipped), figures)


def _called_real(kind: str, key: StudyKey, kept: Sequence[Answers]) -> Interval:
    rows = [
        (answers.participant, answer == CALLED_REAL)
        for answers in kept
        for item, answer in answers.by_item.items()
        if key.kinds[item] == kind and answer != SKIPPED
    ]
    if not rows:
        return Interval(float("nan"), float("nan"), float("nan"))
    called = np.array([is_real for _, is_real in rows], np.float64)
    return over_people(lambda chosen: float(called[chosen].mean()), [participant for participant, _ in rows])


def _markdown(key: StudyKey, shares: Mapping[str, Interval], num_kept: int, num_left_out: int, skipped: int) -> str:
    paper = ", ".join(f"{name} {100 * share:.1f} %" for name, share in PAPER.items())
    people = "participant" if num_kept == 1 else "participants"
    return "\n".join(
        [
            f"# Table 2: which portraits people take for real photos ({key.model})",
            "",
            *table(
                ["portraits", "labelled real, %"], [[kind, share.text(1, scale=100)] for kind, share in shares.items()]
            ),
            "",
            f"{num_kept} {people}, 95 % intervals over them; {num_left_out} left out who called fewer than half of "
            f"the real photos real (the paper's rule); {skipped} skipped portraits do not count. Study {key.study}.",
            "",
            f"The paper's own figures, 25 participants on Multi-PIE: {paper}.",
        ]
    )
