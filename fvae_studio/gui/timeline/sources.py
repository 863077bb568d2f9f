"""What a clip is made of: the photos of its keys as the engine wants them, or what stands in their way."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QCoreApplication

from fvae_studio.core.alignment import CROP_SIZE, estimate_alignment
from fvae_studio.core.face_match import LIKENESS_LIMIT, shape_distance, turned_apart
from fvae_studio.core.timeline import FrameMode, PhotoKey
from fvae_studio.core.types import Face, Photo, RgbImage
from fvae_studio.gui.clip_edits import ClipEdits
from fvae_studio.gui.messages import explain
from fvae_studio.gui.open_photo import OpenPhoto
from fvae_studio.gui.translation import translate_later as _T
from fvae_studio.pipeline.requests import ClipSource


@dataclass(frozen=True, eq=False)
class ClipScene:
    """A clip's sources and the ground that its pictures are drawn upon.

    Attributes:
        sources: one for each photo key.
        key: equal for scenes whose pictures are equal at all moments.
        canvas_photo: the first photo; in mode "face" an empty square of the aligned square's size.
        largest_px: longer side of what changes, in pixels of `canvas_photo`.
        mode: what is seen.
        warning: what people should know although it can be shown; "" for nothing.
    """

    sources: tuple[ClipSource, ...]
    key: Hashable
    canvas_photo: Photo
    largest_px: int
    mode: FrameMode
    warning: str = ""


@dataclass(frozen=True)
class NoScene:
    """Why there is nothing to show.

    Attributes:
        reason: a sentence; "" where there is no photo yet or it is still being read.
    """

    reason: str = ""


def scene_of(document: ClipEdits) -> ClipScene | NoScene:
    """The sources of the document's timeline."""
    timeline, model = document.timeline, document.summary
    if timeline.is_empty or model is None:
        return NoScene()
    sources, keys = [], []
    first: tuple[Photo, Face] | None = None
    strangers, turned = [], []
    for key in timeline.photos:
        entry = document.photo_of(key.photo)
        if entry is None:
            return NoScene(_tr(_T("timeline", "A photo of the timeline is not open any more.")))
        reason = problem_of(entry, key)
        face = face_of(entry, key)
        if reason:
            return NoScene(reason)
        if entry.photo is None or face is None:
            return NoScene()
        edit = entry.edit.effective
        sources.append(ClipSource(entry.photo, entry.known_faces, face.index, edit))
        place = (face.box, float(face.landmarks.sum()))
        # Of the first photo all faces are seen.
        others = tuple((one.index, one.box) for one in entry.faces) if first is None else ()
        shown = edit if first is None else edit.for_face(face.index)
        keys.append((entry.entry_id, entry.sha256, face.index, place, shown, others))
        first = first or (entry.photo, face)
        # A turn alone makes shapes differ.
        if turned_apart(first[1], face):
            turned.append(entry.name)
        elif may_be_strangers(first[1], face):
            strangers.append(entry.name)
    assert first is not None
    photo, face = first
    largest = max(face.box.width, face.box.height)
    if timeline.mode == "face":
        photo = _empty_square(photo, face)
        largest = photo.width
    what = (model.sha256, timeline.mode, *keys)
    return ClipScene(tuple(sources), what, photo, largest, timeline.mode, _warning(strangers, turned))


@lru_cache(maxsize=64)
def may_be_strangers(face: Face, other: Face) -> bool:
    """Whether two faces differ in shape more than one person's do."""
    return face is not other and shape_distance(face.landmarks, other.landmarks) > LIKENESS_LIMIT


def problem_of(entry: OpenPhoto, key: PhotoKey) -> str:
    """Why a photo cannot take part; "" if it can, or is not known yet."""
    if entry.error is not None:
        return _tr(_T("timeline", "{name} cannot take part: {reason}")).format(
            name=entry.name, reason=explain(entry.error).sentence
        )
    if entry.known_faces is None:
        return ""
    if not entry.faces:
        return _tr(
            _T("timeline", "No face was found in {name}: take it off the timeline, or draw a frame around its face.")
        ).format(name=entry.name)
    if face_of(entry, key) is None:
        return _tr(
            _T("timeline", "{name} shows {number} faces: choose which one takes part (right click on it).")
        ).format(name=entry.name, number=len(entry.faces))
    return ""


def face_of(entry: OpenPhoto, key: PhotoKey) -> Face | None:
    """The face that takes part; None where none is known or there are several to choose from."""
    if key.face is None:
        return entry.faces[0] if len(entry.faces) == 1 else None
    return next((face for face in entry.faces if face.index == key.face), None)


def _empty_square(photo: Photo, face: Face) -> Photo:
    side = max(1, round(CROP_SIZE / estimate_alignment(face.landmarks).scale))
    metadata = replace(photo.metadata, exif=None, xmp=None, file_stamp=None)
    pixels: RgbImage = np.empty_like(photo.pixels, shape=(side, side, 3))
    pixels[...] = 0
    return Photo(pixels, metadata=metadata)


def _warning(strangers: list[str], turned: list[str]) -> str:
    other = _tr(
        _T(
            "timeline",
            "{names} may show another person than the first photo: in-betweens of two people look like neither.",
        )
    )
    apart = _tr(
        _T(
            "timeline",
            "In {names} the head is turned otherwise than in the first photo: ears, hair and collars tear in between.",
        )
    )
    told = ((other, strangers), (apart, turned))
    return " ".join(text.format(names=", ".join(dict.fromkeys(names))) for text, names in told if names)


def _tr(text: str) -> str:
    return QCoreApplication.translate("timeline", text)
