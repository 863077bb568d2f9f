"""The commands that tell something: inspect, models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fvae_studio.cli.commands import build_state, flow_figures, parse_mouth, require_file, start_engine
from fvae_studio.cli.output import print_json, refuse_existing
from fvae_studio.errors import FaceError

if TYPE_CHECKING:
    from fvae_studio.core.types import Face, Photo
    from fvae_studio.model.directions import Direction
    from fvae_studio.pipeline.requests import PlacedFlow


def inspect(
    path: Path,
    *,
    overlay: Path | None,
    assignments: Sequence[str],
    face: int | Literal["all"] | None,
    mouth: str | None,
    overwrite: bool,
    model: str | None,
    device: str,
    as_json: bool,
) -> None:
    """Tell what is in a photo; draw it if asked to."""
    require_file(path)
    if overlay is not None:
        refuse_existing(overlay, overwrite=overwrite, photos=[path])
    choice = parse_mouth(mouth)
    engine = start_engine(model, device)
    photo = engine.open(path)
    faces = engine.detect(photo)
    header = engine.model.header
    placed = engine.flows(photo, build_state(assignments, face, None, mouth=choice)) if assignments else ()
    if overlay is not None:
        from fvae_studio.cli.overlay import draw_overlay
        from fvae_studio.core.photo_io import WriteOptions, write_photo

        write_photo(draw_overlay(photo, faces, placed), overlay, options=WriteOptions(overwrite=overwrite))
    report = {
        "photo": str(path),
        "width": photo.width,
        "height": photo.height,
        "bits": 8 * photo.pixels.dtype.itemsize,
        "format": photo.metadata.format,
        "alpha": photo.alpha is not None,
        "icc_profile": photo.metadata.icc is not None,
        "faces": [_face_report(one, photo) for one in faces],
        "flows": [
            {"face": flow.face.index, "mouth": _mouth_report(flow)} | flow_figures(flow.field) for flow in placed
        ],
        "model": header.name,
        "directions": [_direction_report(direction) for direction in engine.directions.values()],
        "overlay": None if overlay is None else str(overlay),
    }
    if as_json:
        print_json(report)
    else:
        _print_inspection(report)


def models(*, as_json: bool) -> None:
    """List all models that can be used."""
    from fvae_studio.model.own_directions import with_own_directions
    from fvae_studio.model.registry import list_models
    from fvae_studio.model.weights import read_weights

    reports = []
    for info in list_models():
        loaded = with_own_directions(read_weights(info.path))
        reports.append(
            {
                "name": info.name,
                "title": info.title,
                "description": info.description,
                "default": info.is_default,
                "shipped": info.is_shipped,
                "path": str(info.path),
                "size_mb": round(info.size_bytes / 1e6, 1),
                "metrics": dict(loaded.header.metrics),
                "directions": [_direction_report(direction) for direction in loaded.directions.values()],
                "provenance": [dict(source) for source in loaded.header.provenance],
            }
        )
    if as_json:
        print_json({"models": reports})
        return
    if not reports:
        print("No model is installed. `fvae-train release` makes one.")
    for report in reports:
        _print_model(report)


def _face_report(face: Face, photo: Photo) -> dict[str, Any]:
    from fvae_studio.pipeline.detector import require_editable

    try:
        require_editable(face, photo)
        reason = None
    except FaceError as error:
        reason = str(error)
    return {
        "face": face.index,
        "box": [face.box.x, face.box.y, face.box.width, face.box.height],
        "score": round(face.score, 3),
        "yaw_degrees": round(face.yaw, 1),
        "editable": reason is None,
        "reason": reason,
    }


def _mouth_report(flow: PlacedFlow) -> Any:
    """Where the inside of an opened mouth comes from; None where the edit opens none."""
    return None if flow.lips is None else {"inside": flow.mouth.to_json(), "gap_crop_px": round(flow.lips.gap, 2)}


def _direction_report(direction: Direction) -> dict[str, Any]:
    return {
        "name": direction.name,
        "label": direction.label,
        "group": direction.group,
        "trusted": list(direction.trusted),
        "description": direction.description,
    }


def _print_inspection(report: Mapping[str, Any]) -> None:
    print(f"{report['photo']}: {report['width']} x {report['height']}, {report['bits']} bit, {report['format']}")
    if not report["faces"]:
        print("No face was found.")
    for face in report["faces"]:
        x, y, width, height = face["box"]
        state = "can be edited" if face["editable"] else face["reason"]
        print(
            f"Face {face['face']}: {width} x {height} px at ({x}, {y}), turned {face['yaw_degrees']:g} degrees: {state}"
        )
    for flow in report["flows"]:
        print(
            f"Flow of face {flow['face']}: up to {flow['largest_displacement_crop_px']:g} crop px, "
            f"{flow['moving_share']:.0%} of the crop moves, {flow['fold_share']:.0%} folds"
        )
        if flow["mouth"] is not None:
            inside = flow["mouth"]["inside"]
            source = "built-in teeth" if isinstance(inside, str) else inside["photo"]
            print(f"Lips part by {flow['mouth']['gap_crop_px']:g} crop px; between them: {source}")
    print(f"Model {report['model']}")
    _print_directions(report["directions"])
    if report["overlay"]:
        print(f"Overlay: {report['overlay']}")


def _print_model(report: Mapping[str, Any]) -> None:
    marks = [mark for mark, holds in (("default", report["default"]), ("your own", not report["shipped"])) if holds]
    print(
        f"{report['name']}{' (' + ', '.join(marks) + ')' if marks else ''}: {report['title']}, {report['size_mb']} MB"
    )
    if report["description"]:
        print(f"  {report['description']}")
    _print_directions(report["directions"])
    for key, value in report["metrics"].items():
        print(f"  {key}: {value}")
    for source in report["provenance"]:
        print(f"  from {', '.join(str(value) for value in source.values())}")


def _print_directions(directions: Sequence[Mapping[str, Any]]) -> None:
    group = None
    for direction in directions:
        if direction["group"] != group:
            group = direction["group"]
            print(f"  {group}")
        low, high = direction["trusted"]
        print(f"    {direction['name']:<22}{low:g} to {high:g}   {direction['description']}")
