"""Faces of a photo: finding them, placing their 478 points, and saying which can be edited."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Literal, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from fvae_studio.core.alignment import CROP_SIZE, estimate_alignment, eye_distance
from fvae_studio.core.geometry import Points, Rect, SimilarityTransform
from fvae_studio.core.types import Face, Photo, number_faces
from fvae_studio.errors import FaceCutOffError, FaceInProfileError, FaceTooSmallError, GeometryError, NoFaceError
from fvae_studio.pipeline.face_search import (
    Candidate,
    PhotoPyramid,
    Tile,
    crop_around,
    from_eyes,
    merge,
    plan_tiles,
    quarter_turn,
    tile_pixels,
    to_photo,
)
from fvae_studio.pipeline.mediapipe_graphs import BLAZE_INPUT, MESH_INPUT, BlazeFace, FaceMeshNet, quiet_native_log

Item = TypeVar("Item")
Result = TypeVar("Result")

MIN_EAR_DISTANCE: Final = 48.0
"""Photo pixels between the ears of the smallest face that can be edited."""

MAX_YAW: Final = 45.0
"""Degrees: a head turned further hides one cheek and one corner of the mouth."""

MAX_OVERSHOOT: Final = 0.25
"""Eye distances by which the mesh may reach beyond the photo: a hairline or an ear, never an eye or the mouth."""

EARS: Final = (234, 454)
"""Mesh points before the ears, at the photo's left and right of an upright face."""

_YAW_PER_MESH_ANGLE: Final = 1.25
"""The mesh draws turned heads flatter than they are: 40 degrees look like 32 (10 averaged faces, turned in 3-D)."""

_CANDIDATE_SCORE: Final = 0.3
"""Of a network, to be worth a closer look; every tile may show dozens of such places."""

_FACE_SCORE: Final = 0.6
"""Of the short network, upright. Faces reach 0.85, hidden or turned ones less; folds in cloth up to 0.55."""

_SURE_SCORE: Final = 0.85
"""Upright beyond doubt: wrong turns of a face stay below."""

_SETTLED: Final = 0.0025
"""Of the eye distance: passes of the refinement end when the eyes move less. A quarter of what is promised."""

_MAX_PASSES: Final = 4


class FaceDetector(Protocol):
    """Finds faces. One photo at a time."""

    def detect(self, photo: Photo) -> tuple[Face, ...]:
        """All faces from left to right, numbered from 1; empty if there is none."""

    def rest(self) -> None:
        """Release what only makes a search faster; the next one makes it again."""

    def close(self) -> None:
        """Release what the detector holds; it cannot be used any more."""


class MediaPipeFaceDetector:
    """BlazeFace over tiles of the photo, then the attention mesh on the aligned crop of every face.

    Faces are found from 48 px between the ears (in 24 megapixels; the limit grows with larger photos) to ones that fill
    the photo, at any turn of the head in the picture's plane. The same pixels always give the same faces.

    Args:
        num_threads: networks that work side by side; None for the number of cores, four at most.
    """

    def __init__(self, *, num_threads: int | None = None) -> None:
        count = num_threads or min(4, os.cpu_count() or 1)
        self._lock = threading.Lock()
        with quiet_native_log():
            self._nets: list[_Nets | None] = [_Nets.make() for _ in range(count)]
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="faces")

    def detect(self, photo: Photo) -> tuple[Face, ...]:
        """All faces from left to right; empty if there is none."""
        with self._lock:
            pyramid = PhotoPyramid(photo)
            tiles = plan_tiles(photo.width, photo.height)
            for factor in sorted({tile.factor for tile in tiles}):
                # Made here, once: the threads only read.
                pyramid.reduced(factor)
            seen = self._share(tiles, lambda nets, tile: _look(nets, pyramid, tile))
            candidates = merge(candidate for found in seen for candidate in found)
            checked = self._share(candidates, lambda nets, candidate: _examine(nets, pyramid, candidate))
        return number_faces(_without_doubles([face for face in checked if face is not None]))

    def rest(self) -> None:
        """Keep the networks of one worker, unless a search is going on: those of each other one take 41 MB.

        To make them again takes 0.1 s, beside the first worker's look at its tiles.
        """
        if not self._lock.acquire(blocking=False):
            return
        try:
            for worker, nets in enumerate(self._nets[1:], start=1):
                if nets is not None:
                    nets.close()
                    self._nets[worker] = None
        finally:
            self._lock.release()

    def close(self) -> None:
        """Release networks and threads."""
        self._pool.shutdown()
        for nets in self._nets:
            if nets is not None:
                nets.close()

    def _share(self, items: Sequence[Item], work: Callable[[_Nets, Item], Result]) -> list[Result]:
        """`work` on every item, each worker with networks of its own; results in the order of the items."""
        count = len(self._nets)

        def run(worker: int) -> list[Result]:
            mine = items[worker::count]
            if not mine:
                return []
            nets = self._nets_of(worker)
            return [work(nets, item) for item in mine]

        parts = list(self._pool.map(run, range(count)))
        return [parts[i % count][i // count] for i in range(len(items))]

    def _nets_of(self, worker: int) -> _Nets:
        nets = self._nets[worker]
        if nets is None:
            with quiet_native_log():
                nets = self._nets[worker] = _Nets.make()
        return nets


def refine_landmarks(
    cut: Callable[[SimilarityTransform, int], NDArray[np.uint8]],
    find_points: Callable[[NDArray[np.uint8]], Points | None],
    landmarks: Points,
) -> Points:
    """Look again at the aligned crop until the alignment stands still.

    The mesh places its points a little differently when the face lies differently in its window. Looking at the very
    crop that the points define, until it defines itself, takes that freedom away: whoever detects again on the aligned
    crop finds the same alignment. The last two looks are averaged.

    Args:
        cut: makes the square of a given side from photo pixels -> square.
        find_points: (478, 2) in pixels of the square, or None where it sees no face.
        landmarks: (478, 2), photo pixels: where to start.

    Returns:
        (478, 2) float32, photo pixels; the landmarks that came in if the crop shows no face.
    """
    to_window = SimilarityTransform.resize(CROP_SIZE, MESH_INPUT)
    for number in range(_MAX_PASSES):
        photo_to_window = estimate_alignment(landmarks).then(to_window)
        points = find_points(cut(photo_to_window, MESH_INPUT))
        if points is None:
            return landmarks
        found = photo_to_window.inverse.apply(points)
        moved = alignment_shift(landmarks, found)
        # The first landmarks come from another window and would only blur the mean.
        landmarks = found if number == 0 else np.asarray((landmarks + found) / 2, np.float32)
        if moved < _SETTLED:
            break
    return landmarks


def alignment_shift(before: Points, after: Points) -> float:
    """How far an eye moves in the aligned crop between two sets of landmarks, in eye distances (the farther eye)."""
    eyes = np.stack([before[[33, 133]].mean(axis=0), before[[362, 263]].mean(axis=0)])
    change = estimate_alignment(before).inverse.then(estimate_alignment(after))
    in_crop = estimate_alignment(before).apply(eyes)
    moved = np.hypot(*(change.apply(in_crop) - in_crop).T)
    return float(moved.max() / np.hypot(*(in_crop[1] - in_crop[0])))


def ear_distance(face: Face) -> float:
    """Photo pixels between the ears, as if the face looked into the camera."""
    across = np.hypot(*(face.landmarks[EARS[1]] - face.landmarks[EARS[0]]))
    return float(across) / max(0.5, math.cos(math.radians(face.yaw)))


def require_editable(face: Face, photo: Photo) -> None:
    """Check that a face can be edited well.

    Raises:
        FaceCutOffError: it reaches beyond the photo.
        FaceInProfileError: it is turned by more than `MAX_YAW`.
        FaceTooSmallError: fewer than `MIN_EAR_DISTANCE` pixels between the ears.
    """
    name = f"Face {face.index}"
    edge = _crossed_edge(face.landmarks, photo)
    if edge is not None:
        raise FaceCutOffError(f"{name} is cut off at the {edge} edge of the photo; use a photo that shows all of it.")
    if abs(face.yaw) > MAX_YAW:
        raise FaceInProfileError(
            f"{name} is turned away by about {abs(face.yaw):.0f} degrees, more than the {MAX_YAW:.0f} that an edit can "
            "follow; use a photo in which it looks towards the camera."
        )
    distance = ear_distance(face)
    # The mesh measures a face of 48 pixels as 46 to 50.
    if distance < 0.95 * MIN_EAR_DISTANCE:
        raise FaceTooSmallError(
            f"{name} is too small: about {distance:.0f} pixels between the ears, at least {MIN_EAR_DISTANCE:.0f} are "
            "needed; use a larger copy of the photo or one taken from nearer."
        )


def choose_faces(faces: Sequence[Face], selection: int | Literal["all"] | None) -> tuple[Face, ...]:
    """The face of that number, or all of them.

    Args:
        faces: as detected.
        selection: 1, 2, ... from left to right; None or "all" for every face.

    Raises:
        NoFaceError: the photo shows no face, or none of that number.
    """
    if not faces:
        raise NoFaceError(
            "No face was found in the photo; use one in which a face is sharp, lit, and looks towards the camera."
        )
    if selection is None or selection == "all":
        return tuple(faces)
    chosen = tuple(face for face in faces if face.index == selection)
    if not chosen:
        there = "one face, number 1" if len(faces) == 1 else f"faces 1 to {len(faces)}, counted from the left"
        raise NoFaceError(f"There is no face {selection}: the photo shows {there}.")
    return chosen


def only_face(faces: Sequence[Face], number: int | None) -> Face:
    """The face of that number, or the only one.

    Raises:
        NoFaceError: no face, none of that number, or several and no number.
    """
    chosen = choose_faces(faces, number)
    if len(chosen) > 1:
        raise NoFaceError(f"There are {len(chosen)} faces in the photo, counted from the left; say which one is meant.")
    return chosen[0]


class _Nets(NamedTuple):
    """The networks of one worker."""

    full: BlazeFace
    short: BlazeFace
    mesh: FaceMeshNet

    @staticmethod
    def make() -> _Nets:
        # The lower score of the short network is for faces whose turn is not known yet.
        nets = _Nets(
            BlazeFace("full", min_score=_CANDIDATE_SCORE), BlazeFace("short", min_score=_CANDIDATE_SCORE), FaceMeshNet()
        )
        # The first run builds the kernels and logs; done here, where it is silenced.
        nets.full.find(np.zeros((BLAZE_INPUT["full"],) * 2 + (3,), np.uint8))
        nets.short.find(np.zeros((BLAZE_INPUT["short"],) * 2 + (3,), np.uint8))
        nets.mesh.find(np.zeros((MESH_INPUT, MESH_INPUT, 3), np.uint8))
        return nets

    def close(self) -> None:
        self.full.close()
        self.short.close()
        self.mesh.close()


class _Sight(NamedTuple):
    """A face whose turn is known: score; eye centres and size in photo pixels."""

    score: float
    eyes: Points
    size: float


def _look(nets: _Nets, pyramid: PhotoPyramid, tile: Tile) -> list[Candidate]:
    pixels = tile_pixels(pyramid, tile)
    if pixels is None:
        return []
    net = nets.full if tile.net == "full" else nets.short
    return [
        Candidate(found.score, to_photo(tile, found.center), found.size * tile.factor)
        for found in net.find(pixels)
        if found.size > 1
    ]


def _examine(nets: _Nets, pyramid: PhotoPyramid, candidate: Candidate) -> Face | None:
    """The candidate's landmarks, or None if a closer look shows no face."""
    sight = _upright(nets, pyramid, candidate)
    if sight is None:
        return None
    to_window = from_eyes(sight.eyes, least_distance=0.3 * sight.size, size=MESH_INPUT)
    points = nets.mesh.find(pyramid.cut(to_window, MESH_INPUT))
    if points is None:
        return None
    landmarks, yaw, score = to_window.inverse.apply(points[:, :2]), _yaw(points), sight.score
    # In a profile the eyes, which the aligned crop hangs on, lie almost behind each other: it cannot be edited anyway.
    if abs(yaw) <= MAX_YAW:
        try:
            landmarks = refine_landmarks(pyramid.cut, lambda window: _without_depth(nets.mesh.find(window)), landmarks)
            score = _score_aligned(nets, pyramid, landmarks)
        except GeometryError:
            # The mesh collapsed to a point: it saw no face.
            return None
        # The mesh also fits itself to things that look a little like a face; the aligned crop of a true one is clear.
        if score < _FACE_SCORE:
            return None
    return Face(0, Rect.around(landmarks), landmarks, min(1.0, score), yaw)


def _score_aligned(nets: _Nets, pyramid: PhotoPyramid, landmarks: Points) -> float:
    size = BLAZE_INPUT["short"]
    photo_to_square = estimate_alignment(landmarks).then(SimilarityTransform.resize(CROP_SIZE, size))
    return max((found.score for found in nets.short.find(pyramid.cut(photo_to_square, size))), default=0.0)


def _upright(nets: _Nets, pyramid: PhotoPyramid, candidate: Candidate) -> _Sight | None:
    """Find the face's turn: BlazeFace sees a face at any turn, but is surest, and its eyes are right, when upright."""
    size = BLAZE_INPUT["short"]
    to_square = crop_around(candidate, size, widths=2.2)
    square = pyramid.cut(to_square, size)
    best: _Sight | None = None
    for turns in (0, 2, 1, 3):
        if turns == 1 and best is None:
            # Even a face that lies on its side is noticed in one of the first two.
            return None
        to_turned = to_square.then(quarter_turn(turns, size))
        back = to_turned.inverse
        for found in nets.short.find(np.rot90(square, turns)):
            off = math.dist(found.center, ((size - 1) / 2,) * 2)
            if off > 0.6 * found.size or (best is not None and found.score <= best.score):
                continue
            best = _Sight(found.score, back.apply(found.keypoints[:2]), found.size / to_square.scale)
            line = found.keypoints[1] - found.keypoints[0]
            level = abs(line[1]) < 0.6 * line[0]
            if turns == 0 and level and found.score > _SURE_SCORE:
                return best
    return best if best is not None and best.score > _FACE_SCORE else None


def _without_doubles(faces: list[Face]) -> list[Face]:
    """The surest of faces that lie on each other: several sightings of one, or one seen again upside down."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: (-face.score, face.box)):
        if not any(_overlap(face.box, other.box) > 0.5 for other in kept):
            kept.append(face)
    return kept


def _overlap(a: Rect, b: Rect) -> float:
    """Share of the smaller box that both cover."""
    common = a.intersect(b)
    return common.width * common.height / min(a.width * a.height, b.width * b.height)


def _without_depth(points: NDArray[np.float32] | None) -> Points | None:
    return None if points is None else points[:, :2]


def _yaw(points: NDArray[np.float32]) -> float:
    """Degrees, from the depth that the mesh gives the ears; positive when the nose points to the photo's right."""
    across = points[EARS[1]] - points[EARS[0]]
    angle = math.degrees(math.atan2(float(across[2]), float(np.hypot(across[0], across[1]))))
    return max(-90.0, min(90.0, _YAW_PER_MESH_ANGLE * angle))


def _crossed_edge(landmarks: Points, photo: Photo) -> str | None:
    """The edge of the photo that the face crosses farthest, if by more than a little."""
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    beyond = {
        "left": -0.5 - float(low[0]),
        "top": -0.5 - float(low[1]),
        "right": float(high[0]) - (photo.width - 0.5),
        "bottom": float(high[1]) - (photo.height - 0.5),
    }
    edge = max(beyond, key=lambda name: beyond[name])
    return edge if beyond[edge] > MAX_OVERSHOOT * eye_distance(landmarks) else None
