"""What each slider means in FaceKit's (ARKit's) shapes, and which expressions the training pairs show.

ARKit's `_L` is the person's own left side, which is on the right of a photo; the sliders name sides the same way.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trainer.facekit.mesh import FaceKit

NUM_POSE: Final = 3
"""Yaw, pitch, roll follow the expression weights in a code, in units of `POSE_UNIT`."""

POSE_UNIT: Final = 10.0
"""Degrees of head rotation per unit of a pose code."""

BLINK_SHARE: Final = 0.3
"""Of the random codes that also close an eye: the recipes alone bring 6 %, too little for something so small."""


def both(**weights: float) -> dict[str, float]:
    """The same weight on the left and the right shape."""
    return {f"{name}_{side}": weight for name, weight in weights.items() for side in "LR"}


@dataclass(frozen=True)
class Recipe:
    """One slider.

    Attributes:
        name: as typed on the command line.
        label: as shown.
        group: heading under which it is shown.
        shapes: FaceKit weights at strength 1.
        description: one sentence.
        mirrored: the slider of the other side.
    """

    name: str
    label: str
    group: str
    shapes: Mapping[str, float]
    description: str
    mirrored: str | None = None


def sided(name: str, label: str, group: str, description: str, **weights: float) -> tuple[Recipe, Recipe]:
    """A slider for each of the person's own sides; `description` says {side} where it is named."""
    left, right = (
        Recipe(
            f"{name}_{side}",
            label.format(side=side),
            group,
            {f"{shape}_{side[0].upper()}": weight for shape, weight in weights.items()},
            description.format(side=side),
            f"{name}_{other}",
        )
        for side, other in (("left", "right"), ("right", "left"))
    )
    return left, right


RECIPES: Final = (
    Recipe(
        "smile",
        "Smile",
        "Emotions",
        # Replaced at release by the mean smile of the fitted training photos, if there are any.
        both(mouthSmile=0.75, mouthDimple=0.1, mouthUpperUp=0.15, cheekSquint=0.3, eyeSquint=0.1),
        "A friendly smile, lips a little apart if the photo shows teeth. "
        "Below 0 it takes away as much of a smile as the photo shows.",
    ),
    Recipe(
        "big_smile",
        "Big smile",
        "Emotions",
        both(mouthSmile=1.0, mouthUpperUp=0.45, mouthLowerDown=0.25, cheekSquint=0.7, eyeSquint=0.35, mouthStretch=0.15)
        | {"jawOpen": 0.12},
        "A broad smile that narrows the eyes; parts the lips.",
    ),
    Recipe(
        "sad",
        "Sad",
        "Emotions",
        both(mouthFrown=0.8, browInnerUp=0.8) | {"mouthShrugLower": 0.3},
        "Corners of the mouth down, inner brows up.",
    ),
    Recipe(
        "angry",
        "Angry",
        "Emotions",
        both(browDown=0.9, eyeSquint=0.45, mouthPress=0.5, noseSneer=0.35, mouthFrown=0.2),
        "Brows down and together, lips pressed.",
    ),
    Recipe(
        "surprised",
        "Surprised",
        "Emotions",
        both(browInnerUp=0.8, browOuterUp=0.8, eyeWide=0.7) | {"jawOpen": 0.4},
        "Brows up, eyes wide, jaw dropped.",
    ),
    Recipe(
        "disgusted",
        "Disgusted",
        "Emotions",
        both(noseSneer=0.9, mouthUpperUp=0.5, browDown=0.45, eyeSquint=0.4, mouthFrown=0.2),
        "Nose wrinkled, upper lip raised.",
    ),
    Recipe(
        "afraid",
        "Afraid",
        "Emotions",
        both(browInnerUp=0.9, browOuterUp=0.3, eyeWide=0.8, mouthStretch=0.6) | {"jawOpen": 0.15},
        "Brows up and drawn together, eyes wide, mouth stretched.",
    ),
    Recipe("squint", "Squint", "Eyes", both(eyeSquint=1.0, cheekSquint=0.6), "Eyes narrowed from below."),
    Recipe("close_eyes", "Close eyes", "Eyes", both(eyeBlink=1.0), "Both eyes closed.", None),
    *sided("close_eye", "Close {side} eye", "Eyes", "The person's own {side} eye closed.", eyeBlink=1.0),
    # FaceKit's own shape moves lids by little more than half a crop pixel: a quarter of a blink is taken back as well.
    Recipe("wide_eyes", "Wide eyes", "Eyes", both(eyeWide=1.0, eyeBlink=-0.25), "Upper lids raised."),
    *sided(
        "wide_eye",
        "Widen {side} eye",
        "Eyes",
        "The person's own {side} upper lid raised.",
        eyeWide=1.0,
        eyeBlink=-0.25,
    ),
    Recipe("open_mouth", "Open mouth", "Mouth", {"jawOpen": 0.45}, "Jaw dropped, lips apart."),
    Recipe(
        "pucker", "Pucker", "Mouth", {"mouthPucker": 0.9, "mouthFunnel": 0.15}, "Lips pushed forward, mouth narrow."
    ),
    Recipe("lip_corners_down", "Lip corners down", "Mouth", both(mouthFrown=1.0), "Corners of the mouth down."),
    *sided(
        "lip_corner_up",
        "Lip corner up, {side}",
        "Mouth",
        "The person's own {side} corner of the mouth raised.",
        mouthSmile=0.8,
        mouthDimple=0.1,
    ),
    Recipe("press_lips", "Press lips", "Mouth", both(mouthPress=0.9), "Lips pressed on each other."),
    Recipe(
        "brows_up", "Brows up", "Brows", both(browInnerUp=0.8, browOuterUp=0.9), "Brows raised over their whole length."
    ),
    Recipe("brows_down", "Brows down", "Brows", both(browDown=1.0), "Brows lowered and drawn together."),
    Recipe("inner_brows_up", "Inner brows up", "Brows", both(browInnerUp=0.9), "Inner ends of the brows raised."),
    *sided(
        "brow_up",
        "Brow up, {side}",
        "Brows",
        "The person's own {side} brow raised over its whole length.",
        browInnerUp=0.8,
        browOuterUp=0.9,
    ),
    *sided("brow_down", "Brow down, {side}", "Brows", "The person's own {side} brow lowered.", browDown=1.0),
)
"""The sliders of expressions, in the order in which they are shown. Training pairs are drawn from them."""

HEAD_RECIPES: Final = (
    Recipe(
        "turn_head",
        "Turn head",
        "Head",
        {"yaw": 0.6},
        "Head turned to the person's own left; below zero to the right.",
    ),
    Recipe("nod", "Nod", "Head", {"pitch": 0.6}, "Chin lowered; below zero raised."),
)
"""The sliders of the head, shown after those: 6 degrees at strength 1. `release` makes them turn about the neck."""

POSE_SPREAD: Final = {"yaw": 0.35, "pitch": 0.3, "roll": 0.15}
"""Standard deviations of the rendered poses, in `POSE_UNIT`."""


ONE_WAY: Final = ("jawOpen", "eyeBlink", "mouthClose")
"""Shapes that are never rendered below zero: jaws and lids would pass through each other."""


def rendered_range(shapes: Mapping[str, float]) -> tuple[float, float]:
    """Strengths at which a mixture of shapes stays within what `sample_code` renders.

    Below zero a one-way shape is asked for less than there is of it: a quarter of it is granted, which a face that is
    not at rest has.
    """
    low, high = -math.inf, math.inf
    for name, weight in shapes.items():
        if abs(weight) < 0.05:
            continue
        if name in POSE_SPREAD:
            # Two standard deviations: beyond, one rendered pose in twenty shows what to do.
            most = 2 * POSE_SPREAD[name]
            least = -most
        else:
            most = 0.55 if name == "jawOpen" else 1.0 if name.startswith("eyeBlink") else 1.2
            least = -0.25 * (weight if weight > 0 else 1.0) if name.startswith(ONE_WAY) else -0.6
        ends = sorted((least / weight, most / weight))
        low, high = max(low, ends[0]), min(high, ends[1])
    return low, high


def expression_code(facekit: FaceKit, shapes: Mapping[str, float]) -> NDArray[np.float32]:
    """(53 + 3,): named shapes' weights, the head as it is."""
    return np.concatenate([facekit.expression_vector(dict(shapes)), np.zeros(NUM_POSE, np.float32)])


def sample_code(
    facekit: FaceKit, rng: np.random.Generator, *, kind: int, base: NDArray[np.float32]
) -> NDArray[np.float32]:
    """A random change of expression and pose, (53 + 3,), to be added to `base`.

    Args:
        facekit: its shapes' names and order.
        rng: source of randomness.
        kind: 0: one recipe, 1: one single shape pair, 2: a mixture of recipes, slightly asymmetric, 3: a sparse mixture
            of shapes, 4: back to the neutral face.
        base: (53,) expression of the photo.
    """
    names = facekit.expression_names
    change = np.zeros(len(names) + NUM_POSE, np.float32)
    if kind == 0:
        recipe = RECIPES[rng.integers(len(RECIPES))]
        change[: len(names)] = facekit.expression_vector(dict(recipe.shapes)) * rng.uniform(0.4, 1.25)
        if rng.random() < 0.2:
            change *= -0.6
    elif kind == 1:
        stem = names[rng.integers(len(names))].removesuffix("_L").removesuffix("_R")
        weight = rng.uniform(0.3, 1.1) * (0.5 if stem == "jawOpen" else 1.0)
        sides = rng.choice([0, 1, 2], p=[0.6, 0.2, 0.2])
        for index, name in enumerate(names):
            if name.removesuffix("_L").removesuffix("_R") == stem:
                one_sided = (sides == 1 and name.endswith("_R")) or (sides == 2 and name.endswith("_L"))
                change[index] = 0.0 if one_sided else weight
    elif kind == 2:
        for _ in range(2):
            recipe = RECIPES[rng.integers(len(RECIPES))]
            change[: len(names)] += facekit.expression_vector(dict(recipe.shapes)) * rng.uniform(0.1, 0.8)
        change[: len(names)] *= rng.normal(1.0, 0.12, len(names)).clip(0.5, 1.5)
    elif kind == 3:
        chosen = rng.choice(len(names), 6, replace=False)
        change[chosen] = rng.uniform(0.1, 0.7, 6)
    else:
        change[: len(names)] = -base
    if rng.random() < BLINK_SHARE:
        eyes = [("eyeBlink_L", "eyeBlink_R"), ("eyeBlink_L",), ("eyeBlink_R",)][rng.choice(3, p=[0.6, 0.2, 0.2])]
        change[: len(names)] += facekit.expression_vector(dict.fromkeys(eyes, rng.uniform(0.25, 1.1)))
    largest = np.array([0.55 if name == "jawOpen" else 1.2 for name in names], np.float32)
    # Below zero a shape moves the other way, which is what a slider's negative half shows; but not jaws and lids, which
    # would pass through each other.
    smallest = np.array([0.0 if name.startswith(ONE_WAY) else -0.6 for name in names], np.float32)
    largest = np.array(
        [min(top, 1.0) if name.startswith("eyeBlink") else top for name, top in zip(names, largest, strict=True)]
    )
    target = np.clip(base + change[: len(names)], np.minimum(smallest, base), largest)
    change[: len(names)] = target - base
    if rng.random() < 0.25:
        change[len(names) :] = rng.normal(0, list(POSE_SPREAD.values()))
    return change
