"""How a change is spread over time, and which moments a sequence shows."""

from __future__ import annotations

import math
from typing import Final, Literal, TypeAlias, get_args

from fvae_studio.errors import EditError

Easing: TypeAlias = Literal["linear", "ease", "ease-in", "ease-out"]
"""Constant speed; slow at both ends; slow at the start; slow at the end."""

EASINGS: Final[tuple[Easing, ...]] = get_args(Easing)


def eased(t: float, easing: Easing) -> float:
    """Share of the change that is done after a share `t` of the time; 0 at 0, 1 at 1, rising in between.

    Args:
        t: in [0, 1].
        easing: how.
    """
    if easing == "linear":
        return t
    if easing == "ease-in":
        return t * t
    if easing == "ease-out":
        return t * (2 - t)
    return t * t * (3 - 2 * t)


def moments(num_photos: int, num_frames: int, easing: Easing = "ease", *, ping_pong: bool = False) -> tuple[float, ...]:
    """Positions of the frames of a sequence over several photos: 0 is the first photo, 1 the second, and so on.

    Every stretch between two photos is eased by itself; first and last frame lie exactly on photos.

    Args:
        num_photos: at least 2.
        num_frames: of the way there, both ends included.
        easing: of each stretch.
        ping_pong: go on back to the first photo; the two ends are not shown twice, so that the sequence can repeat.

    Raises:
        EditError: fewer than two photos, or fewer frames than photos.
    """
    if num_photos < 2:
        raise EditError(f"A sequence goes over at least 2 photos, not {num_photos}.")
    if num_frames < num_photos:
        raise EditError(f"A sequence over {num_photos} photos needs at least {num_photos} frames, not {num_frames}.")
    last = num_photos - 1
    there = []
    for index in range(num_frames):
        position = index * last / (num_frames - 1)
        stretch = min(math.floor(position), last - 1)
        there.append(stretch + eased(position - stretch, easing))
    return (*there, *there[-2:0:-1]) if ping_pong else tuple(there)


def photo_weights(position: float, num_photos: int) -> tuple[float, ...]:
    """Weights of the photos at a position of `moments`: those of the two neighbours add up to 1, all others are 0.

    Raises:
        EditError: a position beyond the photos.
    """
    if not 0 <= position <= num_photos - 1:
        raise EditError(f"The position {position} lies beyond the {num_photos} photos of the sequence.")
    first = min(math.floor(position), num_photos - 2)
    share = position - first
    return tuple(1 - share if photo == first else share if photo == first + 1 else 0.0 for photo in range(num_photos))
