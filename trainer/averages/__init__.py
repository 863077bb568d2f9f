"""The average face of several people: align, warp to the mean shape, refine by optical flow, average, restore detail.

After Rowland and Perrett, "Manipulating facial appearance through shape and color" (1995), and Tiddeman, Burt and
Perrett, "Prototyping and transforming facial textures" (2001): shape and colour are averaged apart, and the energy that
averaging takes from the fine detail is given back by amplifying the *averaged* detail, never one person's.

Frame: all people share one, in which the eyes and the nose bridge stand still, so that averages of two expressions of
the same people are registered with each other. Maps are backward and absolute: the frame pixel p shows source[map(p)].
"""

from __future__ import annotations

from collections.abc import Sequence

from fvae_studio.core.geometry import Points
from trainer.averages.blending import blend
from trainer.averages.portrait import Average, FloatImage, Frame, Portrait, carry_points, mean_shape, openness
from trainer.averages.regions import body_region, find_person, widen
from trainer.averages.registration import landmark_map, match_outlines, refine

__all__ = [
    "Average",
    "FloatImage",
    "Frame",
    "Portrait",
    "average_face",
    "carry_points",
    "find_person",
    "mean_shape",
    "openness",
]


def average_face(portraits: Sequence[Portrait], shape: Points, frame: Frame, *, refinements: int = 2) -> Average:
    """Average photos of several people in a given shape.

    Args:
        portraits: at least two; the more, the less of each remains.
        shape: (478 + M, 2) where the points shall lie, frame pixels.
        frame: the square to work in.
        refinements: passes of dense optical flow to the average so far.
    """
    maps = [landmark_map(portrait, shape, frame) for portrait in portraits]
    maps = match_outlines(portraits, maps, shape, frame)
    body = body_region(shape, frame.size)
    for _ in range(refinements):
        maps = refine(portraits, maps, frame, 1 - widen(body))
    return blend(portraits, maps, shape, body)
