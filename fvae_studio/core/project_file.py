"""Project files: open photos with their edits, as versioned JSON. Photos are named, not held.

A photo is named by its path relative to the project file, its absolute path, and the SHA-256 of its file, so that a
moved photo can be found and a changed one is noticed. Version n is read by taking it through `_MIGRATORS` step by step.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np

from fvae_studio.core.edits import PROGRAM, EditState
from fvae_studio.core.geometry import Rect
from fvae_studio.core.photo_edit import PhotoEdit
from fvae_studio.core.photo_io.atomic import atomic_write
from fvae_studio.core.timeline import Timeline
from fvae_studio.core.timeline_file import timeline_from_json, timeline_to_json
from fvae_studio.core.types import NUM_LANDMARKS, Face
from fvae_studio.errors import FvaeStudioError, ProjectError

PROJECT_SCHEMA: Final = 2
SUFFIX: Final = ".fvae"

_MIGRATORS: Final[Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    1: lambda content: content | {"timeline": None},
}
"""By version: the content of a project of that version -> of the next."""


@dataclass(frozen=True)
class PhotoView:
    """The part of a photo that is looked at; a photo without one is fitted into the window.

    Attributes:
        zoom: pixels of the screen per photo pixel.
        x, y: what lies in the middle of the window, photo pixels from the photo's corner.
    """

    zoom: float
    x: float
    y: float

    def __post_init__(self) -> None:
        if not (self.zoom > 0 and all(math.isfinite(value) for value in (self.zoom, self.x, self.y))):
            raise ValueError(f"a view of zoom {self.zoom} at ({self.x}, {self.y}) cannot be")


@dataclass(frozen=True)
class ProjectPhoto:
    """One photo of a project.

    Attributes:
        path: where its file was found, or where it was if `is_missing`.
        sha256: of its file when the project was saved; "" if unknown.
        size_bytes: likewise; 0 if unknown.
        edit: everything that was decided about it.
        is_missing: there is no file at `path`.
        view: the part that was looked at; None for the whole photo.
        chosen_face: the number of the face that the sliders were of; None for all.
    """

    path: Path
    sha256: str = ""
    size_bytes: int = 0
    edit: PhotoEdit = field(default_factory=PhotoEdit)
    is_missing: bool = False
    view: PhotoView | None = None
    chosen_face: int | None = None


@dataclass(frozen=True)
class Project:
    """What a project file holds.

    Attributes:
        photos: in the order of the strip.
        current: index of the shown one.
        view: how all photos were looked at; plain JSON values that only the window understands.
        timeline: the clip, with photos as indices of `photos`; None: there is none.
    """

    photos: tuple[ProjectPhoto, ...] = ()
    current: int = 0
    view: Mapping[str, Any] = field(default_factory=dict)
    timeline: Timeline | None = None

    @property
    def missing(self) -> tuple[ProjectPhoto, ...]:
        """Photos whose files are not where they were."""
        return tuple(photo for photo in self.photos if photo.is_missing)


def save_project(project: Project, path: Path) -> None:
    """Write a project file; the old one stays whole if that fails.

    Raises:
        PhotoWriteError: it could not be written.
    """
    folder = Path(os.path.realpath(path)).parent
    content = {
        "schema": PROJECT_SCHEMA,
        "program": PROGRAM,
        "kind": "project",
        "current": project.current,
        "view": dict(project.view),
        "photos": [_photo_to_json(photo, folder) for photo in project.photos],
        "timeline": None if project.timeline is None else timeline_to_json(project.timeline),
    }
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    with atomic_write(path) as file:
        file.write(text.encode("utf-8", "surrogateescape"))


def load_project(path: Path) -> Project:
    """Read a project file and look where its photos are; missing ones are marked, not refused.

    Raises:
        ProjectError: it cannot be read, is no project, is damaged, or is of a newer version.
    """
    try:
        content: Any = json.loads(path.read_bytes().decode("utf-8", "surrogateescape"))
    except OSError as error:
        raise ProjectError(f"The project {path.name} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise ProjectError(f"The project {path.name} is damaged: {error}.") from error
    if not isinstance(content, dict) or content.get("kind") != "project" or content.get("program") != PROGRAM:
        raise ProjectError(f"{path.name} is no project of FVAE Studio.")
    schema = content.get("schema")
    if isinstance(schema, bool) or not isinstance(schema, int) or schema < 1:
        raise ProjectError(f"The project {path.name} is damaged: its version is {schema!r}.")
    if schema > PROJECT_SCHEMA:
        raise ProjectError(
            f"The project {path.name} was saved by a newer FVAE Studio (version {schema} of the file, this one reads "
            f"{PROJECT_SCHEMA}); update the program to open it."
        )
    try:
        for version in range(schema, PROJECT_SCHEMA):
            content = _MIGRATORS[version](content)
        folder = Path(os.path.realpath(path)).parent
        photos = tuple(_photo_from_json(item, folder) for item in content["photos"])
        current = int(content.get("current", 0))
        view = content.get("view", {})
        timeline = content["timeline"]
        return Project(
            photos,
            min(max(current, 0), max(len(photos) - 1, 0)),
            dict(view) if isinstance(view, dict) else {},
            None if timeline is None else timeline_from_json(timeline, num_photos=len(photos)),
        )
    except (
        FvaeStudioError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        raise ProjectError(f"The project {path.name} is damaged: {error}.") from error


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find_moved(photo: ProjectPhoto, folders: Iterable[Path]) -> Path | None:
    """Look for a photo that is not where it was: by its name, then by its size and content.

    Args:
        photo: a missing one.
        folders: where to look, not in folders inside them.
    """
    known = [folder for folder in folders if folder.is_dir()]
    for folder in known:
        candidate = folder / photo.path.name
        if _is_file(candidate) and (not photo.sha256 or file_hash(candidate) == photo.sha256):
            return candidate
    if photo.sha256 and photo.size_bytes:
        for folder in known:
            for candidate in sorted(folder.iterdir()):
                same = candidate.is_file() and candidate.stat().st_size == photo.size_bytes
                if same and file_hash(candidate) == photo.sha256:
                    return candidate
    return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        # A name that no file can have; Python hides only some of the reasons.
        return False


def _photo_to_json(photo: ProjectPhoto, folder: Path) -> dict[str, Any]:
    absolute = Path(os.path.realpath(photo.path))
    try:
        # Posix separators: a project may travel between systems together with its photos.
        relative = Path(os.path.relpath(absolute, folder)).as_posix()
    except ValueError:
        # Another drive on Windows.
        relative = ""
    edit = photo.edit
    view = photo.view
    return {
        "path": relative,
        "absolute": str(absolute),
        "sha256": photo.sha256,
        "size_bytes": photo.size_bytes,
        "amount": edit.amount,
        "edits": json.loads(edit.edits.to_json())["edits"],
        "faces": None if edit.faces is None else [_face_to_json(face) for face in edit.faces],
        "chosen_face": photo.chosen_face,
        "view": None if view is None else [view.zoom, view.x, view.y],
    }


def _photo_from_json(item: dict[str, Any], folder: Path) -> ProjectPhoto:
    recipe = {"schema": 1, "program": PROGRAM, "edits": item["edits"]}
    faces = item.get("faces")
    edit = PhotoEdit(
        EditState.from_json(json.dumps(recipe)),
        float(item.get("amount", 1.0)),
        None if faces is None else tuple(_face_from_json(face) for face in faces),
    )
    relative, absolute = str(item.get("path", "")), str(item.get("absolute", ""))
    if not relative and not absolute:
        raise ValueError("a photo has no path")
    places = [Path(folder / PurePosixPath(relative))] if relative else []
    if absolute:
        places += [Path(absolute), folder / Path(absolute).name]
    found = next((place for place in places if _is_file(place)), None)
    where = Path(os.path.normpath(found or places[0]))
    return ProjectPhoto(
        where,
        str(item.get("sha256", "")),
        int(item.get("size_bytes", 0)),
        edit,
        found is None,
        _view_from_json(item.get("view")),
        chosen if isinstance(chosen := item.get("chosen_face"), int) else None,
    )


def _view_from_json(stored: Any) -> PhotoView | None:
    try:
        return None if stored is None else PhotoView(*(float(value) for value in stored))
    except (TypeError, ValueError, OverflowError):
        # How it was looked at is no reason not to open a project.
        return None


def _face_to_json(face: Face) -> dict[str, Any]:
    points = np.ascontiguousarray(face.landmarks, "<f4").tobytes()
    box = face.box
    return {
        "number": face.index,
        "box": [box.x, box.y, box.width, box.height],
        "score": face.score,
        "yaw": face.yaw,
        # All bits of them: an edit must look the same after opening the project again.
        "landmarks_f4": base64.b64encode(points).decode(),
    }


def _face_from_json(item: dict[str, Any]) -> Face:
    points = np.frombuffer(base64.b64decode(item["landmarks_f4"]), "<f4").astype(np.float32)
    if points.size != 2 * NUM_LANDMARKS or not np.isfinite(points).all():
        raise ValueError(f"a face has {points.size // 2} points, not {NUM_LANDMARKS}")
    x, y, width, height = (int(value) for value in item["box"])
    number = int(item["number"])
    return Face(number, Rect(x, y, width, height), points.reshape(-1, 2), float(item["score"]), float(item["yaw"]))
