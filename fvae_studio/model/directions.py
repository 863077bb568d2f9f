"""Expression directions: what a slider adds to a photo's latent, and how Algorithm 1 finds one in labelled photos.

Latents are numpy arrays (C, h, w) here, so that directions can be listed, combined and saved without a network.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.types import read_only
from fvae_studio.errors import EditError, ModelError

Latent: TypeAlias = NDArray[np.float32]
"""(C, h, w)."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")


GAUGE_RANGE: Final = (0.5, 1.75)
"""To which a gauge's reading is held: a neutral photo's slider still moves, and no photo is taken far beyond what was
measured."""


@dataclass(frozen=True, eq=False)
class ExpressionGauge:
    """How much of an expression a photo shows, read from its latent: bias + <weights, Z(S)>.

    How broadly somebody will smile is not to be seen in a neutral photo; how broadly somebody smiles is. So a slider
    that is turned back can take away what is there: at -1, all of it, of a broad smile as of a faint one.

    Attributes:
        weights: (C, h, w) float32.
        bias: of a photo whose latent is 0.
    """

    weights: Latent
    bias: float

    def __post_init__(self) -> None:
        if self.weights.ndim != 3 or self.weights.dtype != np.float32 or not np.isfinite(self.weights).all():
            raise ModelError(
                f"a gauge needs finite float32 weights (C, h, w), not {self.weights.dtype} {self.weights.shape}"
            )
        if not math.isfinite(self.bias):
            raise ModelError(f"a gauge's bias is {self.bias}; give a finite number")
        read_only(self.weights)

    def read(self, latent: Latent) -> float:
        """In units of the direction: at strength -1, what it reads is taken away; inside `GAUGE_RANGE`."""
        low, high = GAUGE_RANGE
        return float(np.clip(self.bias + np.vdot(self.weights, latent), low, high))


OPEN_MOUTH: Final = "open_mouth"
"""The direction by which a mouth opens and nothing else happens."""


@dataclass(frozen=True, eq=False)
class Direction:
    """One axis along which an expression changes.

    Attributes:
        name: what recipes and the command line call it: lower case, digits and underscores.
        label: what people read.
        group: heading under which it is listed.
        vector: (C, h, w) float32, added to the latent once per unit of strength.
        trusted: smallest and largest strength at which its results were checked; others are allowed.
        description: one sentence.
        mirrored: name of the direction that does the same on the other half of the face, if there is one.
        gauge: tells how far a photo's own expression is taken back at strength -1; None takes everybody's back by
            `vector`, once.
        parts: units of `OPEN_MOUTH` by which it parts lips that are open already, per unit of strength.
    """

    name: str
    label: str
    group: str
    vector: Latent
    trusted: tuple[float, float]
    description: str = ""
    mirrored: str | None = None
    gauge: ExpressionGauge | None = None
    parts: float = 0.0

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ModelError(f"a direction is called {self.name!r}; use lower-case letters, digits and underscores")
        if self.vector.ndim != 3 or self.vector.dtype != np.float32 or not np.isfinite(self.vector).all():
            raise ModelError(
                f"direction {self.name} needs a finite float32 vector (C, h, w), not {self.vector.dtype} "
                f"{self.vector.shape}"
            )
        low, high = self.trusted
        if not (math.isfinite(low) and math.isfinite(high) and low <= high):
            raise ModelError(f"direction {self.name} is trusted from {low} to {high}; give a finite, rising range")
        if not (math.isfinite(self.parts) and self.parts >= 0):
            raise ModelError(f"direction {self.name} parts open lips by {self.parts}; give a number of 0 or more")
        read_only(self.vector)


class DirectionSet(Mapping[str, Direction]):
    """The directions of one model, by name, in the order in which they are listed.

    Args:
        directions: with different names and vectors of one shape.
        latent_shape: (C, h, w) of the model.

    Raises:
        ModelError: two have one name, a vector has another shape, or a mirrored direction is missing,
            or that which closes what another one parts.
    """

    def __init__(self, directions: Iterable[Direction], *, latent_shape: tuple[int, int, int]) -> None:
        self.latent_shape = latent_shape
        self._by_name: dict[str, Direction] = {}
        for direction in directions:
            if direction.name in self._by_name:
                raise ModelError(f"two directions are called {direction.name}")
            if direction.vector.shape != latent_shape:
                raise ModelError(f"direction {direction.name} is {direction.vector.shape}, the latent {latent_shape}")
            if direction.gauge is not None and direction.gauge.weights.shape != latent_shape:
                shape = direction.gauge.weights.shape
                raise ModelError(f"the gauge of direction {direction.name} is {shape}, the latent {latent_shape}")
            self._by_name[direction.name] = direction
        for direction in self._by_name.values():
            if direction.mirrored is not None and direction.mirrored not in self._by_name:
                raise ModelError(f"direction {direction.name} mirrors {direction.mirrored!r}, which is not there")
            if direction.parts and OPEN_MOUTH not in self._by_name:
                raise ModelError(f"direction {direction.name} parts lips, and {OPEN_MOUTH} is not there to close them")

    def __getitem__(self, name: str) -> Direction:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def require(self, name: str) -> Direction:
        """The direction of that name.

        Raises:
            EditError: there is none; the message offers the names that look most like it.
        """
        if name in self._by_name:
            return self._by_name[name]
        near = difflib.get_close_matches(name.lower(), self._by_name, n=3, cutoff=0.5)
        if near:
            hint = f"Did you mean {' or '.join(near)}?"
        elif self._by_name:
            hint = f"There are: {', '.join(self._by_name)}."
        else:
            hint = "This model has no directions."
        raise EditError(f"There is no expression called {name!r}. {hint}")

    def combine(
        self, strengths: Mapping[str, float], photo: Latent | None = None, *, mouth_open: float = 0.0
    ) -> Latent:
        """What these strengths add to a latent: the sum of strength times vector, (C, h, w).

        Args:
            strengths: by name.
            photo: Z(S), in which gauges read how much a strength below 0 has to take away; None leaves them unread.
            mouth_open: how far the photo's mouth counts as open, in [0, 1]: so much of what strengths above 0 part is
                taken back (`Direction.parts`). Lips that are open need not part to smile.

        Raises:
            EditError: an unknown name, or a strength that is no finite number.
        """
        offset = np.zeros(self.latent_shape, np.float32)
        parted = 0.0
        for name, strength in strengths.items():
            direction = self.require(name)
            try:
                finite = math.isfinite(strength)
            except TypeError:
                finite = False
            if not finite:
                raise EditError(f"The strength of {name} is {strength!r}; give a number such as 0.8.")
            if strength < 0 and direction.gauge is not None and photo is not None:
                strength *= direction.gauge.read(photo)
            if strength:
                offset += np.float32(strength) * direction.vector
                parted += max(strength, 0) * direction.parts
        if parted and mouth_open:
            offset -= np.float32(mouth_open * parted) * self._by_name[OPEN_MOUTH].vector
        return offset


def label_means(latents: NDArray[np.float32], labels: Sequence[str]) -> dict[str, Latent]:
    """Mean latent of the photos of every label.

    Algorithm 1 divides the sum over a label by |D|, the number of *all* photos. That would scale the two means by how
    often their labels occur; each is divided by its own count here.

    Args:
        latents: (N, C, h, w).
        labels: N names.

    Raises:
        EditError: not one label per latent.
    """
    if len(latents) != len(labels):
        raise EditError(f"there are {len(latents)} latents and {len(labels)} labels; give one label for each latent")
    names = np.asarray(labels, dtype=object)
    # Summed in float64: thousands of float32 latents would lose digits.
    return {
        label: latents[names == label].mean(axis=0, dtype=np.float64).astype(np.float32)
        for label in dict.fromkeys(labels)
    }


def expression_direction(latents: NDArray[np.float32], labels: Sequence[str], *, target: str, source: str) -> Latent:
    """Z_target - Z_source of Algorithm 1, (C, h, w).

    Raises:
        EditError: no photo has one of the two labels.
    """
    means = label_means(latents, labels)
    missing = [label for label in (target, source) if label not in means]
    if missing:
        raise EditError(f"no photo is labelled {' or '.join(missing)}; the labels are {', '.join(means) or 'none'}")
    return means[target] - means[source]


def algorithm_1(
    photo_latent: Latent,
    target_mean: Latent,
    source_mean: Latent | None,
    *,
    num_steps: int,
    steps: Iterable[int] | None = None,
) -> Iterator[Latent]:
    """The latents along an edit, Z_edit = Z(S) + (i / K) (Z_target - Z_source) (Algorithm 1).

    Args:
        photo_latent: Z(S).
        target_mean: Z_target.
        source_mean: Z_source; None when the photo's own expression has no label: Z(S) takes its place (section 6.1).
        num_steps: K.
        steps: the i to compute, 1..K if None. Beyond K the edit is magnified; below 0 the expression is suppressed.

    Raises:
        EditError: K is not positive.
    """
    if num_steps < 1:
        raise EditError(f"an edit needs at least 1 step, not {num_steps}")
    difference = target_mean - (photo_latent if source_mean is None else source_mean)
    for step in range(1, num_steps + 1) if steps is None else steps:
        yield (photo_latent + np.float32(step / num_steps) * difference).astype(np.float32)
