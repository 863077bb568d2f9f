"""The commands that make a still or a flow: edit, borrow, flow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fvae_studio import paths
from fvae_studio.cli.output import (
    WrongUsageError,
    default_output,
    print_json,
    progress_bar,
    refuse_existing,
    require_side_output,
    say,
)
from fvae_studio.errors import EditError, FaceError, OverwriteError, PhotoNotFoundError, PhotoWriteError

if TYPE_CHECKING:
    from fvae_studio.core.credentials import LocalCertificate
    from fvae_studio.core.edits import EditState
    from fvae_studio.core.face_parts import Region
    from fvae_studio.core.flow_export import FlowKind
    from fvae_studio.core.mouth_choice import MouthChoice
    from fvae_studio.core.types import Face, FlowField, Photo
    from fvae_studio.pipeline.engine import Engine

FaceChoice = int | Literal["all"] | None


def edit(
    path: Path,
    *,
    assignments: Sequence[str],
    face: FaceChoice,
    output: Path | None,
    recipe: Path | None,
    mouth: str | None,
    save_recipe: Path | None,
    quality: int | None,
    bit_depth: Literal["keep", 8, 16],
    keep_metadata: bool,
    keep_blocks: bool,
    note: bool,
    credentials: bool,
    overwrite: bool,
    overwrite_source: bool,
    model: str | None,
    device: str,
    as_json: bool,
) -> None:
    """Apply an edit to one photo and write it."""
    require_file(path)
    choice = parse_mouth(mouth)
    if credentials:
        _require_credentials()
    engine = start_engine(model, device)
    from fvae_studio.core.edit_note import mark_edited
    from fvae_studio.core.mouth_choice import tell_mouths
    from fvae_studio.core.photo_io import WriteOptions, atomic_write, num_pictures, write_and_report

    state = build_state(assignments, face, recipe, mouth=choice)
    target = _output_for(path, output)
    if target.exists() and target.samefile(path):
        if not overwrite_source:
            raise OverwriteError(f"{target} is the photo itself; add --overwrite-source if it shall be replaced.")
    else:
        refuse_existing(target, overwrite=overwrite, photos=[Path(donor.photo) for donor in _mouths_of_photos(state)])
    if save_recipe is not None:
        made = output if output is not None and _is_folder(output) else None
        require_side_output(save_recipe, overwrite=overwrite, what="recipe", suffix=".json", made=made)

    photo = engine.open(path)
    for donor in _mouths_of_photos(state):
        # Before anything is rendered: it tells what is wrong with it.
        engine.photo_mouth(donor.photo)
    with progress_bar() as progress:
        if not state.is_identity:
            require_face_choice(engine.detect(photo), state, face)
        result = engine.render(photo, state, progress)
        is_marked = note and result.photo is not photo
        options = WriteOptions(
            quality=quality,
            bit_depth=bit_depth,
            # The note stays even where nothing else does; then it is all the metadata that is left.
            keep_metadata=keep_metadata or is_marked,
            keep_blocks=keep_blocks,
            overwrite=overwrite,
            overwrite_source=overwrite_source,
        )
        if credentials and result.photo is not photo:
            options = replace(options, sign=_signing(photo, result.mouths.values()))
        edited, now = result.photo, datetime.now().astimezone()
        if is_marked:
            edited = mark_edited(edited, when=now, mouths=result.mouths.values(), alone=not keep_metadata)
        _make_folder(output)
        written = write_and_report(edited, target, options=options, source=photo)
    if save_recipe is not None:
        with atomic_write(save_recipe) as file:
            file.write(state.to_json().encode())
    left_out = () if state.is_identity else engine.left_out(photo, state)
    if as_json:
        print_json(
            {
                "photo": str(path),
                "output": str(written.path),
                "kept_blocks": None if written.kept_share is None else round(written.kept_share, 6),
                "note": written.note,
                "changed": result.photo is not photo,
                "regions": [[roi.x, roi.y, roi.width, roi.height] for roi in result.rois],
                "mouths": [{"face": number, "inside": one.to_json()} for number, one in result.mouths.items()],
                "left_out": [{"face": face.face, "reason": face.reason} for face in left_out],
                "timings_ms": {stage: round(value, 1) for stage, value in result.timings_ms.items()},
            }
        )
        return
    if result.photo is not photo and (count := num_pictures(path)) > 1:
        say(f"{path} holds {count} pictures; the first was edited, and {written.path.name} has that one alone.")
    for passed_over in left_out:
        say(f"Face {passed_over.face} was left out: {passed_over.reason}")
    if result.mouths:
        say(f"To be told with the picture: {tell_mouths(result.mouths.values())}.")
    if written.note and quality is None:
        # Who asks for a quality knows.
        say(written.note)
    print(written.path)


def _require_credentials() -> LocalCertificate:
    """Fail before anything heavy is loaded."""
    from fvae_studio.core.credentials import load_certificate

    return load_certificate(paths.credentials_dir())


def _signing(photo: Photo, mouths: Iterable[MouthChoice]) -> Callable[[bytes, str], bytes]:
    from fvae_studio.core.credentials import signing
    from fvae_studio.core.edit_note import what_was_done

    return signing(_require_credentials(), photo, what=what_was_done(mouths))


def require_file(path: Path) -> None:
    """Fail before anything heavy is loaded.

    Raises:
        PhotoNotFoundError: there is no such file.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise PhotoNotFoundError(f"{path} {what}; name a photo.")


def start_engine(model: str | None, device: str, *, detector: bool = True) -> Engine:
    """An engine that is loading in the background."""
    from fvae_studio.pipeline.engine import Engine

    engine = Engine(model, device=device)
    engine.preload(detector=detector)
    return engine


def parse_mouth(value: str | None) -> MouthChoice | None:
    """What `--mouth` asks for.

    Raises:
        PhotoNotFoundError: it is the path of a photo that is not there.
    """
    if value is None:
        return None
    from fvae_studio.core.mouth_choice import MouthChoice

    choice = MouthChoice.of(value)
    if choice.kind == "photo" and not Path(value).is_file():
        raise PhotoNotFoundError(
            f"{value} does not exist; --mouth takes closed, built-in or another photo of the person."
        )
    return choice


def _mouths_of_photos(state: EditState) -> list[MouthChoice]:
    return [edit.mouth for edit in state.edits if edit.mouth is not None and edit.mouth.kind == "photo"]


def build_state(
    assignments: Sequence[str], face: FaceChoice, recipe: Path | None, *, mouth: MouthChoice | None = None
) -> EditState:
    """The edit that the options ask for: the recipe, then `--set` on top of it.

    Args:
        assignments: as typed after `--set`.
        recipe: file to start from.
        face: the face of `--set` and `--mouth`, and of everything in the recipe that names no face. Without `--set` the
            whole recipe is for it, whichever face it was made for.
        mouth: as asked for by `--mouth`.

    Raises:
        WrongUsageError: a malformed assignment, or nothing to do.
        EditError: a malformed recipe.
    """
    from fvae_studio.core.edits import EditState, parse_assignment

    if not assignments and recipe is None:
        raise WrongUsageError("There is nothing to do: give --set NAME=STRENGTH or --recipe FILE.")
    number = face if isinstance(face, int) else None
    state = EditState() if recipe is None else EditState.from_json(read_text(recipe))
    if number is not None and not assignments:
        state = _to_face(state, number)
    elif number is not None:
        for_all = replace(state.edit_of(None), face=number)
        named = EditState(None, tuple(edit for edit in state.edits if edit.face is not None))
        state = EditState(None, (for_all,)).merged(named)
    for assignment in assignments:
        try:
            state = state.with_strength(*parse_assignment(assignment), face=number)
        except EditError as error:
            raise WrongUsageError(f"--set {assignment}: {error}") from error
    return state if mouth is None else state.with_mouth(mouth, face=number)


def _to_face(state: EditState, number: int) -> EditState:
    """A recipe for one face, whichever it was made for, put on another one.

    Raises:
        WrongUsageError: it has edits of several faces.
    """
    named = sorted(edit.face for edit in state.edits if edit.face is not None)
    if len(named) > 1:
        faces = ", ".join(map(str, named))
        raise WrongUsageError(f"The recipe edits faces {faces}, and --face names one; leave --face out.")
    only = state.for_face(named[0]) if named else state.edit_of(None)
    return replace(state, edits=(replace(only, face=number),))


def require_face_choice(faces: Sequence[Face], state: EditState, face: FaceChoice) -> None:
    """Ask which face is meant where there are several and nobody said.

    Raises:
        FaceError: there are several.
    """
    if face is None and len(faces) > 1 and any(edit.face is None for edit in state.edits):
        raise FaceError(
            f"There are {len(faces)} faces in the photo; say which with --face 1 to --face {len(faces)}, counted from "
            "the left, or --face all. `fvae-studio inspect PHOTO --overlay faces.png` shows the numbers."
        )


def read_text(path: Path) -> str:
    """A small text file.

    Raises:
        EditError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise EditError(f"The recipe {path} cannot be read: {reason}.") from error


def borrow(
    path: Path,
    donor_paths: Sequence[Path],
    *,
    regions: Sequence[Region],
    face: int | None,
    donor_faces: Sequence[int],
    output: Path | None,
    overwrite: bool,
    model: str | None,
    device: str,
    as_json: bool,
) -> None:
    """Write a photo with regions of other photos' faces."""
    taken = _regions_by_donor(regions, len(donor_paths))
    if len(donor_faces) not in {0, len(donor_paths)}:
        raise WrongUsageError(f"--donor-face was given {len(donor_faces)} times for {len(donor_paths)} photos.")
    faces: Sequence[int | None] = donor_faces or [None] * len(donor_paths)
    for each in (path, *donor_paths):
        require_file(each)
    target = _output_for(path, output)
    refuse_existing(target, overwrite=overwrite, photos=[path, *donor_paths])
    engine = start_engine(model, device)
    from fvae_studio.cli.clips import warn_of_other_people
    from fvae_studio.core.edit_note import mark_edited
    from fvae_studio.core.photo_io import WriteOptions, write_photo
    from fvae_studio.pipeline.requests import ClipSource

    photo, photos = engine.open(path), [engine.open(each) for each in donor_paths]
    people = [ClipSource(photo, face=face), *(ClipSource(each, face=n) for each, n in zip(photos, faces, strict=True))]
    warn_of_other_people(engine, people, [path, *donor_paths])
    donors = list(zip(photos, taken, faces, strict=True))
    with progress_bar() as progress:
        result = engine.borrow(photo, donors, face=face, progress=progress)
        if result is not photo:
            result = mark_edited(result, when=datetime.now().astimezone())
        _make_folder(output)
        written = write_photo(result, target, options=WriteOptions(overwrite=overwrite), source=photo)
    if as_json:
        told = [{"photo": str(each), "regions": names} for each, names in zip(donor_paths, taken, strict=True)]
        print_json({"photo": str(path), "donors": told, "output": str(written)})
    else:
        print(written)


def _regions_by_donor(regions: Sequence[Region], num_donors: int) -> list[list[Region]]:
    if num_donors == 1:
        return [list(dict.fromkeys(regions))]
    if len(regions) != num_donors:
        raise WrongUsageError(
            f"--region was given {len(regions)} times for {num_donors} photos; give one for each --from, in order."
        )
    return [[region] for region in regions]


def flow(
    path: Path,
    *,
    kind: FlowKind,
    size: int | Literal["crop", "photo"],
    assignments: Sequence[str],
    face: FaceChoice,
    output: Path,
    recipe: Path | None,
    overwrite: bool,
    model: str | None,
    device: str,
    as_json: bool,
) -> None:
    """Write the flow of one face, or of the whole photo."""
    require_file(path)
    refuse_existing(output, overwrite=overwrite, photos=[path])
    from fvae_studio.core.flow_export import picture_flow, require_flow_format, write_picture_flow
    from fvae_studio.core.flow_io import write_flow

    require_flow_format(output, kind)
    engine = start_engine(model, device)
    state = build_state(assignments, face, recipe)
    photo = engine.open(path)
    require_face_choice(engine.detect(photo), state, face)
    placed = engine.flows(photo, state)
    told: dict[str, Any] = {"photo": str(path), "output": str(output), "kind": kind}
    if not placed:
        raise EditError("The edit moves no face; give --set NAME=STRENGTH with a strength that is not 0.")
    if size == "crop":
        if len(placed) != 1:
            raise FaceError(
                f"The edit moves {len(placed)} faces and a flow of a crop holds one; choose it with --face, or take "
                "them all with --size photo."
            )
        write_flow(output, placed[0].field, photo_to_crop=placed[0].photo_to_crop)
        told |= {"face": placed[0].face.index} | flow_figures(placed[0].field)
    else:
        faces = [(each.field, each.photo_to_crop) for each in placed]
        eyes, teeth, glasses = (
            [each.eyes for each in placed],
            [each.teeth for each in placed],
            [each.glasses for each in placed],
        )
        longer_side = None if size == "photo" else size
        dense = picture_flow(faces, photo.bounds, eyes=eyes, teeth=teeth, glasses=glasses, longer_side=longer_side)
        write_picture_flow(output, dense, kind)
        told |= {"faces": [each.face.index for each in placed], "size": [dense.shape[1], dense.shape[0]]}
    if as_json:
        print_json(told)
    else:
        print(output)


def flow_figures(field: FlowField) -> dict[str, Any]:
    """Size, lengths and confidence of a flow, for people and scripts."""
    import numpy as np

    from fvae_studio.core.regularise import fold_share

    length = np.hypot(field.flow[..., 0], field.flow[..., 1])
    moving = length > 0.1
    return {
        "grid": [field.flow.shape[1], field.flow.shape[0]],
        "largest_displacement_crop_px": round(float(length.max()), 3),
        "moving_share": round(float(moving.mean()), 4),
        "fold_share": round(fold_share(field.flow), 4),
        "mean_confidence_where_moving": round(float(field.confidence[moving].mean()), 4) if moving.any() else None,
    }


def _output_for(photo: Path, output: Path | None) -> Path:
    if output is None:
        return default_output(photo)
    return default_output(photo, output) if _is_folder(output) else output


def _is_folder(output: Path) -> bool:
    """A folder that is there, or a name without an ending that nothing has yet: "out/", as for frames of a clip."""
    return output.is_dir() or (not output.suffix and not output.exists())


def _make_folder(output: Path | None) -> None:
    """Make the folder that was named as the output, if it is not there.

    Raises:
        PhotoWriteError: it cannot be made.
    """
    if output is None or not _is_folder(output):
        return
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PhotoWriteError(f"The folder {output} cannot be made: {error.strerror}.") from error
