"""Exact flow and exact visibility between two poses of a fitted face, by ray casting (Embree).

Frames: crop pixels at `CROP_SIZE`; x right, y down, z towards the viewer (in the same unit). Rays run along -z.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from fvae_studio.core._cv2 import cv2
from fvae_studio.core.alignment import CROP_SIZE
from fvae_studio.core.geometry import SimilarityTransform
from trainer.dense_maps import pixel_grid, remap
from trainer.facekit.expressions import POSE_UNIT
from trainer.facekit.fit import FaceFits
from trainer.facekit.mesh import VERTEX_RANGES, FaceKit

FAR: Final = 1000.0
DEPTH_TOLERANCE: Final = 1.2
"""Crop pixels of depth by which a point may lie behind the first hit and still count as seen."""

DECAY: Final = 9.0
"""Crop pixels over which the flow fades outside the head."""

_PARTS: Final = tuple(VERTEX_RANGES)
_ANCHORS: Final = (36, 39, 42, 45, 27)


@dataclass(frozen=True, eq=False)
class FittedFace:
    """One photo's face, ready to be posed.

    Attributes:
        shape: (V, 3) neutral of this person, centimetres.
        code: (53,) expression in the photo.
        offset: (V, 2) what brings the model's landmarks onto the photo's, carried by every vertex.
        rotation, scale, translation: pose.
    """

    facekit: FaceKit
    shape: NDArray[np.float32]
    code: NDArray[np.float32]
    offset: NDArray[np.float32]
    rotation: NDArray[np.float32]
    scale: float
    translation: NDArray[np.float32]

    @staticmethod
    def of(facekit: FaceKit, fits: FaceFits, index: int) -> FittedFace:
        """The fitted face of photo number `index`."""
        bare = FittedFace(
            facekit,
            facekit.shape(fits.identity[index]),
            fits.expression[index],
            np.zeros((len(facekit.neutral), 2), np.float32),
            fits.rotation[index],
            float(fits.scale[index]),
            fits.translation[index],
        )
        placed = bare.pose()[:, :2]
        inner = slice(17, 68)
        anchors = placed[facekit.landmark_vertices[inner]]
        # Smooth, and gone outside the face: a spline through noisy points must not bend the ears.
        spline = RBFInterpolator(anchors, fits.correction[index, inner], kernel="thin_plate_spline", smoothing=4.0)
        distance = np.sqrt(((placed[:, None, ::1] - anchors[None, ::4]) ** 2).sum(-1)).min(axis=1)
        near = np.clip(1.5 - distance / 20, 0, 1)[:, None]
        offset = np.clip(spline(placed), -5, 5) * near
        return replace(bare, offset=offset.astype(np.float32))

    def pose(self, change: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """(V, 3) vertices in crop pixels, after a change of code (53 + 3,); aligned by the eyes, as every crop is."""
        names = len(self.code)
        code = self.code if change is None else self.code + change[:names]
        code = np.where(self._is_blink(), 0, code)
        active = np.flatnonzero(np.abs(code) > 1e-4)
        points = self.shape + np.tensordot(code[active], self.facekit.expression[active], axes=1)
        rotation = self.rotation
        if change is not None and np.any(change[names:]):
            rotation = _rotation(*np.radians(change[names:] * POSE_UNIT)) @ rotation
        turned = points @ rotation.T * self.scale
        placed = np.empty_like(turned)
        placed[:, 0] = turned[:, 0] + self.translation[0]
        placed[:, 1] = -turned[:, 1] + self.translation[1]
        placed[:, :2] += self.offset
        placed[:, 2] = turned[:, 2]
        return placed.astype(np.float32)

    def _is_blink(self) -> NDArray[np.bool_]:
        # Lids are closed in the picture, not in the mesh: see `lids`.
        return np.array([name.startswith("eyeBlink") for name in self.facekit.expression_names])

    def closing(self, change: NDArray[np.float32]) -> dict[Literal["L", "R"], float]:
        """How far a change closes the eyes, by the person's own side, in [0, 1]."""
        names = self.facekit.expression_names
        return {
            "L": float(np.clip(change[names.index("eyeBlink_L")], 0, 1)),
            "R": float(np.clip(change[names.index("eyeBlink_R")], 0, 1)),
        }

    def alignment(self, moved: NDArray[np.float32], still: NDArray[np.float32]) -> SimilarityTransform:
        """What brings a turned head to where a detector would align it: eyes and nose bridge onto their old places."""
        anchors = self.facekit.landmark_vertices[list(_ANCHORS)]
        return SimilarityTransform.fit(moved[anchors, :2], still[anchors, :2])


def placed(vertices: NDArray[np.float32], transform: SimilarityTransform) -> NDArray[np.float32]:
    """Vertices (V, 3) whose places in the picture are transformed; depths stay."""
    moved = vertices.copy()
    moved[:, :2] = transform.apply(vertices[:, :2])
    return moved


Hits: TypeAlias = dict[str, NDArray[Any]]
"""What `FaceScene.cast` gives."""


@dataclass(frozen=True, eq=False)
class ExactFlow:
    """What one ray cast gives.

    Attributes:
        flow: (S, S, 2) float32 backward flow, crop pixels; filled smoothly where nothing was seen.
        visible: (S, S) float32: 1 where the source shows what the target needs, 0 where not.
        inside: (S, S, 4) uint8 colour and alpha of the mouth's inside where the target shows it and the source doesn't.
        head: (S, S) bool: where the target's head is.
    """

    flow: NDArray[np.float32]
    visible: NDArray[np.float32]
    inside: NDArray[np.uint8]
    head: NDArray[np.bool_]


class FaceScene:
    """A posed mesh that rays can be shot at."""

    def __init__(self, facekit: FaceKit, vertices: NDArray[np.float32]) -> None:
        self.facekit = facekit
        self.vertices = vertices
        # Only what can be hit: in the crop, and not on the back of the head.
        low, high = vertices[:, :2].min(axis=1), vertices[:, :2].max(axis=1)
        wanted = (high > -4, low < CROP_SIZE + 4, vertices[:, 2] > -40)
        # Each by any of its corners.
        self.triangles = facekit.triangles[np.logical_and.reduce([of[facekit.triangles].any(axis=1) for of in wanted])]
        self.scene = EmbreeScene()
        # With shared corners: embreex copies one after another, and three for each triangle take twice as long.
        TriangleMesh(self.scene, np.ascontiguousarray(vertices), np.ascontiguousarray(self.triangles, np.int32))

        self._first_hits: dict[int, Hits] = {}

    def cast(self, positions: NDArray[np.float32]) -> Hits:
        """First hits of rays through (N, 2) positions: Embree's `primID` (-1: none), `u`, `v`, `tfar`, `Ng`."""
        origins = np.empty((len(positions), 3), np.float32)
        origins[:, :2] = positions
        origins[:, 2] = FAR
        directions = np.zeros_like(origins)
        directions[:, 2] = -1
        hits: Hits = self.scene.run(origins, directions, output=1)
        return hits

    def first_hits(self, size: int) -> Hits:
        """`cast` through all places of `pixel_centres`; a scene from which many flows lead is asked once."""
        if size not in self._first_hits:
            self._first_hits[size] = self.cast(pixel_centres(size))
        return self._first_hits[size]


def pixel_centres(size: int) -> NDArray[np.float32]:
    """(S S, 2), row by row, in crop pixels: where the pixels of a crop of another size are."""
    axis = (np.arange(size, dtype=np.float32) + 0.5) * (CROP_SIZE / size) - 0.5
    centres: NDArray[np.float32] = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    return centres


def exact_flow(target: FaceScene, source: FaceScene, *, size: int = CROP_SIZE) -> ExactFlow:
    """Backward flow from the posed `target` to where its surface lies in `source`."""
    grid, hits = pixel_centres(size), target.first_hits(size)
    hit = hits["primID"] >= 0
    triangles = target.triangles[np.where(hit, hits["primID"], 0)]
    u, v = hits["u"][:, None], hits["v"][:, None]
    corners = source.vertices[triangles]
    there = corners[:, 0] * (1 - u - v) + corners[:, 1] * u + corners[:, 2] * v
    flow = np.where(hit[:, None], there[:, :2] - grid, 0).astype(np.float32)

    back = source.cast(np.ascontiguousarray(there[:, :2]))
    depth = FAR - back["tfar"]
    part = target.facekit.part[triangles[:, 0]]
    inner = np.isin(part, [_PARTS.index(name) for name in ("mouth_socket", "gums_and_tongue", "teeth")])
    visible = hit & (back["primID"] >= 0) & (there[:, 2] >= depth - DEPTH_TOLERANCE) & ~inner
    # What was seen already (teeth of a smile) is found where the first hit in the source is the same kind of thing.
    source_part = target.facekit.part[source.triangles[np.maximum(back["primID"], 0)][:, 0]]
    seen_inner = (
        hit
        & inner
        & (back["primID"] >= 0)
        & np.isin(source_part, [_PARTS.index(name) for name in ("mouth_socket", "gums_and_tongue", "teeth")])
    )
    visible |= seen_inner & (there[:, 2] >= depth - 2 * DEPTH_TOLERANCE)

    shape = (size, size)
    flow = flow.reshape(*shape, 2)
    known = (hit & visible).reshape(shape)
    head = hit.reshape(shape)
    inside = _shade(part, hits, hit & inner & ~visible).reshape(*shape, 4)
    unseen_background = ~head & (source.first_hits(size)["primID"] >= 0).reshape(shape)
    return ExactFlow(
        _fill(flow, known, head, (hit & inner & ~visible).reshape(shape)),
        np.where(head, known, ~unseen_background).astype(np.float32),
        inside,
        head,
    )


CLOSED_LIPS: Final = 4.0
"""Crop pixels between the places that a gap's two rims come from, up to which the mouth counts as closed there."""


def _span_gaps(
    flow: NDArray[np.float32], known: NDArray[np.bool_], gap: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    # Where closed lips part, the photo shows nothing of what is between them but the dark line along which they touch:
    # every pixel of the gap samples that line.
    flow, known = flow.copy(), known.copy()
    for x in np.flatnonzero(gap.any(axis=0)):
        rows = np.flatnonzero(gap[:, x])
        for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
            top, bottom = int(run[0]) - 1, int(run[-1]) + 1
            if top < 0 or bottom >= len(known) or not (known[top, x] and known[bottom, x]):
                continue
            above, below = top + flow[top, x, 1], bottom + flow[bottom, x, 1]
            if abs(below - above) <= CLOSED_LIPS:
                flow[run, x, 1] = (above + below) / 2 - run
                flow[run, x, 0] = np.linspace(flow[top, x, 0], flow[bottom, x, 0], len(run) + 2)[1:-1]
                known[run, x] = True
    # Neighbouring columns find their rims a pixel apart: even that out, or the gap shows stripes.
    spanned = (gap & known).astype(np.float32)
    weight = cv2.GaussianBlur(spanned, (9, 1), 2.0)[..., None]
    even = cv2.GaussianBlur(flow * spanned[..., None], (9, 1), 2.0) / np.maximum(weight, 1e-6)
    spread: NDArray[np.float32] = np.where(spanned[..., None] > 0, even, flow)
    return spread, known


def _fill(
    flow: NDArray[np.float32], known: NDArray[np.bool_], head: NDArray[np.bool_], gap: NDArray[np.bool_]
) -> NDArray[np.float32]:
    # Outside the head the flow fades with the distance; what the source doesn't show (a mouth's gap) is spanned from
    # its rims, so that lips part and the dark line between them widens, instead of lips being stretched.
    outside = cv2.distanceTransform((~head).astype(np.uint8), cv2.DIST_L2, 5)
    still = ~head & (outside > DECAY)
    near = ~head & ~still
    size = flow.shape[0]
    border = np.zeros_like(known)
    border[[0, -1], :] = border[:, [0, -1]] = True
    flow, known = _span_gaps(flow, known, gap)
    filled = push_pull(np.where((known & ~still)[..., None], flow, 0), (known | still | border) & ~near)
    fade = np.clip(1 - outside / DECAY, 0, 1)
    fade = fade * fade * (3 - 2 * fade)
    filled = np.where(known[..., None], flow, filled) * np.where(head, 1, fade)[..., None]
    axis = np.minimum(np.arange(size), np.arange(size)[::-1])
    rim = np.clip(np.minimum(axis[:, None], axis[None]) / (size / 16), 0, 1)[..., None]
    faded: NDArray[np.float32] = (filled * rim).astype(np.float32)
    return faded


def push_pull(values: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Fill unknown cells smoothly from the known ones (Gortler et al. 1996), then relax towards the harmonic fill.

    Args:
        values: (S, S, C), S a power of two.
        known: (S, S).
    """
    weight = known.astype(np.float32)
    levels = [(values * weight[..., None], weight)]
    while levels[-1][1].shape[0] > 1:
        sums, weights = levels[-1]
        half = sums.shape[0] // 2
        sums = sums.reshape(half, 2, half, 2, -1).sum(axis=(1, 3))
        weights = weights.reshape(half, 2, half, 2).sum(axis=(1, 3))
        scale = np.minimum(1, 1 / np.maximum(weights, 1e-6))
        levels.append((sums * scale[..., None], np.minimum(weights, 1)))
    sums, weights = levels[-1]
    guess = sums / np.maximum(weights, 1e-6)[..., None]
    for sums, weights in reversed(levels[:-1]):
        size = sums.shape[0]
        up = cv2.resize(guess, (size, size), interpolation=cv2.INTER_LINEAR).reshape(size, size, -1)
        guess = sums + (1 - weights)[..., None] * up
    unknown = ~known
    for _ in range(12):
        smooth = cv2.blur(guess, (3, 3), borderType=cv2.BORDER_REPLICATE).reshape(guess.shape)
        guess[unknown] = smooth[unknown]
    smoothed: NDArray[np.float32] = guess.astype(np.float32)
    return smoothed


def _shade(part: NDArray[np.int8], hits: Hits, mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    normals = hits["Ng"] / np.maximum(np.linalg.norm(hits["Ng"], axis=1, keepdims=True), 1e-9)
    light = 0.45 + 0.55 * np.abs(normals[:, 2])
    colours = np.zeros((len(part), 3), np.float32)
    for name, colour in (
        ("teeth", (214, 205, 190)),
        ("gums_and_tongue", (150, 84, 82)),
        ("mouth_socket", (64, 26, 26)),
    ):
        colours[part == _PARTS.index(name)] = colour
    # Deeper is darker: light hardly reaches the throat.
    alpha = np.where(mask, 255, 0)[:, None]
    shaded = np.clip(colours * light[:, None], 0, 255)
    painted: NDArray[np.uint8] = np.concatenate([shaded, alpha], axis=1).astype(np.uint8)
    return painted


def _rotation(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    around_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    around_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    around_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    rotation: NDArray[np.float64] = around_z @ around_x @ around_y
    return rotation


def moved_picture(image: NDArray[np.uint8], flow: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A crop of any size, warped by a flow (h, w, 2) in crop pixels that is enlarged for it."""
    big = image.shape[0]
    dense = cv2.resize(flow, (big, big), interpolation=cv2.INTER_LINEAR) * np.float32(big / CROP_SIZE)
    return remap(image, pixel_grid(big) + dense, cv2.INTER_CUBIC)


def apply_flow(image: NDArray[np.uint8], flow: NDArray[np.float32], inside: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The target picture: the photo's crop warped, with the mouth's inside painted where the photo has none.

    Args:
        image: (k S, k S, 3) crop at k times the flow's size.
        flow: (S, S, 2).
        inside: (S, S, 4).

    Returns:
        (S, S, 3).
    """
    size = flow.shape[0]
    small = cv2.resize(moved_picture(image, flow), (size, size), interpolation=cv2.INTER_AREA).astype(np.float32)
    exposure = np.clip(np.percentile(small, 95) / 235, 0.4, 1.1)
    alpha = cv2.GaussianBlur(inside[..., 3].astype(np.float32) / 255, (3, 3), 0)[..., None]
    painted = cv2.GaussianBlur(inside[..., :3].astype(np.float32) * exposure, (3, 3), 0)
    shown: NDArray[np.uint8] = np.clip(small * (1 - alpha) + painted * alpha, 0, 255).astype(np.uint8)
    return shown
