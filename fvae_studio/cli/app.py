"""The commands of `fvae-studio`, their options and their exit codes: 0 done, 1 could not, 2 wrong usage."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from fvae_studio import __version__
from fvae_studio.core.photo_suffixes import PHOTO_SUFFIXES
from fvae_studio.errors import Cancelled, FvaeStudioError

EXIT_COULD_NOT = 1
EXIT_WRONG_USAGE = 2
EXIT_INTERRUPTED = 130

PhotoArgument = Annotated[Path, typer.Argument(help="The photo.", show_default=False)]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-s",
        metavar="NAME=STRENGTH",
        help="Expression and strength, such as smile=0.8: 1 is the full expression, 0 none, below 0 its opposite. "
        "May be given several times. `fvae-studio models` lists the names.",
    ),
]
FaceOption = Annotated[
    str | None,
    typer.Option("--face", metavar="N|all", help="Which face, counted from the left; needed where there are several."),
]
MouthOption = Annotated[
    str | None,
    typer.Option(
        "--mouth",
        metavar="closed|built-in|PHOTO",
        help="What is seen where the edit parts lips that are closed in the photo: nothing, they stay closed (the "
        "default); teeth that ship with the program; or those of another photo of the person.",
    ),
]
RecipeOption = Annotated[
    Path | None, typer.Option("--recipe", "-r", help="Read the edit from a recipe; --set adds to it.")
]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace the output if it exists.")]
ModelOption = Annotated[
    str | None, typer.Option("--model", "-m", help="Name of a model or path of a weights file; else the default model.")
]
DeviceOption = Annotated[
    Literal["auto", "cpu", "cuda", "mps"], typer.Option("--device", help="Where the networks run.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for scripts.")]


class _PhotoAwareGroup(TyperGroup):
    """Says what to do when a photo stands where a command belongs and the window could not be opened with it."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        first = args[0] if args else ""
        if first not in self.commands and (Path(first).suffix.lower() in PHOTO_SUFFIXES or Path(first).is_file()):
            raise FvaeStudioError(
                "There is no screen here (DISPLAY is not set), so the Studio cannot open its window. Edit from here "
                f"instead, for example: fvae-studio edit {first} --set smile=0.8"
            )
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="fvae-studio",
    cls=_PhotoAwareGroup,
    help="Edit facial expressions in a photo with the photo's own pixels. Without a command, or with photos in its "
    "place, the Studio's window opens.",
    epilog="Exit codes: 0 done, 1 could not, 2 wrong usage. FVAE_DEBUG=1 shows where an error came from.",
    no_args_is_help=True,
    # Rich's help costs a third of the start-up time.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def run(arguments: Sequence[str]) -> int:
    """Run one command line.

    Returns:
        The exit code. Every error has been told on stderr, in one sentence.
    """
    try:
        app(args=list(arguments), prog_name="fvae-studio")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(bool(stop.code))
    except (KeyboardInterrupt, Cancelled):
        print("Stopped.", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_COULD_NOT
    except FvaeStudioError as error:
        _tell(error, str(error))
        from fvae_studio.cli.output import WrongUsageError

        return EXIT_WRONG_USAGE if isinstance(error, WrongUsageError) else EXIT_COULD_NOT
    except MemoryError as error:
        _tell(error, "There is not enough memory. Close other programs, or use a smaller photo.")
        return EXIT_COULD_NOT
    except Exception as error:
        _tell(error, f"Something unexpected happened: {type(error).__name__}: {error}. FVAE_DEBUG=1 shows where.")
        return EXIT_COULD_NOT
    return 0


def _tell(error: Exception, message: str) -> None:
    if os.environ.get("FVAE_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    print(" ".join(message.split()), file=sys.stderr)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"FVAE Studio {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


_EDIT_EXAMPLES = """Examples:

\b
  fvae-studio edit me.jpg --set smile=0.8
  fvae-studio edit me.jpg -s smile=0.8 -s brows_up=-0.3 -o happy.jpg --save-recipe happy.json
  fvae-studio edit group.jpg --face 2 --recipe happy.json
  fvae-studio edit me.jpg --set big_smile=0.8 --mouth built-in
  fvae-studio edit raw.tif --set smile=0.5 -o out/ --json"""


@app.command(short_help="Change the expression of faces in a photo.", epilog=_EDIT_EXAMPLES)
def edit(
    photo: PhotoArgument,
    set_: SetOption = None,
    face: FaceOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File or folder to write to (a folder is made if need be); else PHOTO-edited beside the photo, with "
            "the next free number.",
        ),
    ] = None,
    recipe: RecipeOption = None,
    mouth: MouthOption = None,
    save_recipe: Annotated[
        Path | None, typer.Option("--save-recipe", help="Write the edit as a recipe, to use on other photos.")
    ] = None,
    quality: Annotated[
        int | None, typer.Option(min=1, max=100, help="JPEG, WebP, HEIC and AVIF quality; else as the source, or high.")
    ] = None,
    bit_depth: Annotated[
        Literal["keep", "8", "16"], typer.Option("--bit-depth", help="Bits per channel of the output.")
    ] = "keep",
    strip_metadata: Annotated[
        bool, typer.Option("--strip-metadata", help="Leave out EXIF, XMP and IPTC; profile and note stay.")
    ] = False,
    encode_anew: Annotated[
        bool,
        typer.Option(
            "--encode-anew",
            help="Encode all of a JPEG again. Else, unless a --quality is given, blocks that the edit does not touch "
            "keep their very data, and nothing outside the face loses quality.",
        ),
    ] = False,
    no_note: Annotated[
        bool,
        typer.Option("--no-note", help="Leave out the note in XMP that tells that the photo was edited, and by what."),
    ] = False,
    credentials: Annotated[
        bool,
        typer.Option(
            "--credentials",
            help="Sign what was done as Content Credentials (C2PA), with a certificate of this computer that names "
            "nobody; needs the extra fvae-studio[credentials].",
        ),
    ] = False,
    overwrite: OverwriteOption = False,
    overwrite_source: Annotated[
        bool, typer.Option("--overwrite-source", help="Allow the photo itself as the output.")
    ] = False,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Change the expression of one or all faces in a photo.

    Pixels come from the photo itself, at its own resolution; nothing outside the face's moving part changes. An edit of
    zero writes the file as it was.
    """
    from fvae_studio.cli import commands

    commands.edit(
        photo,
        assignments=set_ or [],
        face=_parse_face(face),
        output=output,
        recipe=recipe,
        mouth=mouth,
        save_recipe=save_recipe,
        quality=quality,
        bit_depth="keep" if bit_depth == "keep" else 8 if bit_depth == "8" else 16,
        keep_metadata=not strip_metadata,
        keep_blocks=not encode_anew,
        note=not no_note,
        credentials=credentials,
        overwrite=overwrite,
        overwrite_source=overwrite_source,
        model=model,
        device=device,
        as_json=as_json,
    )


_INTERPOLATE_EXAMPLES = """Examples:

\b
  fvae-studio interpolate neutral.jpg laughing.jpg --seconds 2 --easing ease -o laugh.mp4
  fvae-studio interpolate neutral.jpg laughing.jpg --ping-pong --mode face -o laugh.webp
  fvae-studio interpolate neutral.jpg smiling.jpg laughing.jpg --steps 48 --easing spline -o frames/
  fvae-studio interpolate neutral.jpg laughing.jpg --steps 12 --columns 4 -o sheet.jpg"""

ClipOutputOption = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        help="A .mp4, .webm, .webp or .gif file; .png, .jpg or .tif: a contact sheet; a folder: frames.",
        show_default=False,
    ),
]
CodecOption = Annotated[
    Literal["auto", "h264", "hevc", "av1", "vp9"], typer.Option(help="Of a video; auto plays everywhere.")
]
VideoQualityOption = Annotated[int, typer.Option(min=1, max=100, help="Of a video.")]
FrameFormatOption = Annotated[Literal["png", "jpg", "tif"], typer.Option("--format", help="Of the frames in a folder.")]
ClipSizeOption = Annotated[
    int | None,
    typer.Option(
        min=16, max=8192, help="Longer side of a video's, GIF's or sheet's pictures, or of frames, in pixels."
    ),
]
ColumnsOption = Annotated[int | None, typer.Option(min=1, max=1000, help="Pictures in a row of a contact sheet.")]
LoopsOption = Annotated[
    int,
    typer.Option(min=0, max=1000, help="How often a GIF or WebP is shown; 0: without end. Players decide for videos."),
]
NoteOption = Annotated[
    bool, typer.Option("--note/--no-note", help="Tell in the files (comment, XMP) that the expressions were edited.")
]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Keep frames that the folder holds, add the missing.")]


@app.command(short_help="Make the in-betweens of two or more photos.", epilog=_INTERPOLATE_EXAMPLES)
def interpolate(
    photos: Annotated[
        list[Path],
        typer.Argument(metavar="A B [C ...]", help="Photos of one person, in order.", show_default=False),
    ],
    output: ClipOutputOption,
    steps: Annotated[
        int | None, typer.Option(min=2, max=10_000, help="Frames, both ends included; else 24 per photo to reach.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=0.05, max=600.0, help="Length, in place of --steps.")] = None,
    fps: Annotated[float, typer.Option(min=1.0, max=120.0, help="Frames per second.")] = 24.0,
    easing: Annotated[
        Literal["linear", "ease", "ease-in", "ease-out", "spline"],
        typer.Option(help="How the change is spread over time; spline: smoothly through all photos."),
    ] = "linear",
    blend_easing: Annotated[
        Literal["linear", "ease", "ease-in", "ease-out", "spline"] | None,
        typer.Option(help="How the pixels pass over from photo to photo, if not as the motion."),
    ] = None,
    ping_pong: Annotated[bool, typer.Option("--ping-pong", help="There and back again, so that it repeats.")] = False,
    mode: Annotated[
        Literal["photo", "face"],
        typer.Option(help="The whole of photo A with its face changing, or the square around the face, eyes level."),
    ] = "photo",
    codec: CodecOption = "auto",
    quality: VideoQualityOption = 80,
    face: Annotated[
        list[int] | None,
        typer.Option("--face", min=1, help="Which face, where there are several: once for all photos, or for each."),
    ] = None,
    frame_format: FrameFormatOption = "png",
    size: ClipSizeOption = None,
    columns: ColumnsOption = None,
    loops: LoopsOption = 0,
    resume: ResumeOption = False,
    note: NoteOption = True,
    overwrite: OverwriteOption = False,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Make the in-betweens of two or more photos of one person."""
    from fvae_studio.cli import clips
    from fvae_studio.cli.output import WrongUsageError

    if steps is not None and seconds is not None:
        raise WrongUsageError("--steps and --seconds both say how many frames there are; give one of them.")
    clips.interpolate(
        photos,
        faces=face or [],
        output=clips.ClipOutput(output, codec, quality, size, frame_format, columns, loops, resume, overwrite, note),
        num_frames=steps if seconds is None else max(2, round(seconds * fps)),
        easing=easing,
        blend=blend_easing,
        ping_pong=ping_pong,
        mode=mode,
        fps=fps,
        model=model,
        device=device,
        as_json=as_json,
    )


_ANIMATE_EXAMPLES = """Examples:

\b
  fvae-studio animate party.fvae -o party.mp4
  fvae-studio animate party.fvae --mode face --fps 30 -o party.webp"""


@app.command(short_help="Make the clip of a project's timeline.", epilog=_ANIMATE_EXAMPLES)
def animate(
    project: Annotated[Path, typer.Argument(help="A project with a timeline.", show_default=False)],
    output: ClipOutputOption,
    fps: Annotated[float | None, typer.Option(min=1.0, max=120.0, help="Else as the timeline says.")] = None,
    mode: Annotated[Literal["photo", "face"] | None, typer.Option(help="Else as the timeline says.")] = None,
    codec: CodecOption = "auto",
    quality: VideoQualityOption = 80,
    frame_format: FrameFormatOption = "png",
    size: ClipSizeOption = None,
    columns: ColumnsOption = None,
    loops: LoopsOption = 0,
    resume: ResumeOption = False,
    note: NoteOption = True,
    overwrite: OverwriteOption = False,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Make the clip that a project's timeline describes, from its in point to its out point."""
    from fvae_studio.cli import clips

    clips.animate(
        project,
        output=clips.ClipOutput(output, codec, quality, size, frame_format, columns, loops, resume, overwrite, note),
        fps=fps,
        mode=mode,
        model=model,
        device=device,
        as_json=as_json,
    )


class _Region(StrEnum):
    # Typer reads no list of literals.
    mouth = "mouth"
    eyes = "eyes"
    best = "best"


_BORROW_EXAMPLES = """Examples:

\b
  fvae-studio borrow stern.jpg --from laughing.jpg --region mouth -o smiling.jpg
  fvae-studio borrow blinking.jpg --from open-eyes.jpg --region eyes
  fvae-studio borrow stern.jpg --from laughing.jpg --region best
  fvae-studio borrow me.jpg --from laughing.jpg --region mouth --from awake.jpg --region eyes"""


@app.command(short_help="Take mouth or eyes from other photos.", epilog=_BORROW_EXAMPLES)
def borrow(
    photo: PhotoArgument,
    donor: Annotated[
        list[Path],
        typer.Option("--from", help="Another photo of the same person; may be repeated.", show_default=False),
    ],
    region: Annotated[
        list[_Region],
        typer.Option(
            "--region",
            "--part",
            help="What is taken; may be repeated. best: the other photo's expression, and its pixels wherever it is "
            "surer. With several --from, one --region for each, in order.",
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Else PHOTO-edited beside the photo.", show_default=False)
    ] = None,
    face: Annotated[int | None, typer.Option("--face", min=1, help="Face in PHOTO, if there are several.")] = None,
    donor_face: Annotated[
        list[int] | None,
        typer.Option("--donor-face", min=1, help="Face in the other photo, if there are several; one for each --from."),
    ] = None,
    overwrite: OverwriteOption = False,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Give a face the mouth or the eyes of another photo of the person: teeth behind closed lips, open eyes."""
    from fvae_studio.cli import commands

    commands.borrow(
        photo,
        donor,
        regions=[each.value for each in region],
        face=face,
        donor_faces=donor_face or [],
        output=output,
        overwrite=overwrite,
        model=model,
        device=device,
        as_json=as_json,
    )


_BATCH_EXAMPLES = """Examples:

\b
  fvae-studio batch wedding/ --preset "Soft smile"
  fvae-studio batch wedding/ --recursive --set smile=0.4 --set squint=0.3 -o out/ --report out/report.csv
  fvae-studio batch a.jpg b.jpg c.tif --recipe calm.json --long-edge 2048 --format JPEG --quality 90"""


@app.command(short_help="Change the expression of all faces in many photos.", epilog=_BATCH_EXAMPLES)
def batch(
    photos: Annotated[list[Path], typer.Argument(help="Photos, and folders of photos.", show_default=False)],
    set_: SetOption = None,
    preset: Annotated[
        str | None,
        typer.Option("--preset", "-p", help="Name or file of a preset, built in or your own; --set adds to it."),
    ] = None,
    recipe: RecipeOption = None,
    mouth: MouthOption = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder to write to; else a folder `edited` beside the first photo."),
    ] = None,
    recursive: Annotated[bool, typer.Option("--recursive", help="Also photos in the folders inside.")] = False,
    pattern: Annotated[
        str,
        typer.Option(
            "--pattern", help="Names of the files without suffix: {name}, {number}, {date}, {width}, {height}."
        ),
    ] = "{name}-edited",
    format_: Annotated[
        Literal["same", "JPEG", "PNG", "TIFF", "WEBP", "HEIF", "AVIF"],
        typer.Option("--format", help="Of the files; same as each photo's."),
    ] = "same",
    quality: Annotated[int | None, typer.Option(min=1, max=100, help="As for `edit`.")] = None,
    long_edge: Annotated[
        int | None, typer.Option("--long-edge", min=16, help="Make photos smaller, to this many pixels; never larger.")
    ] = None,
    strip_metadata: Annotated[
        bool, typer.Option("--strip-metadata", help="Leave out EXIF, XMP and IPTC; profile and note stay.")
    ] = False,
    encode_anew: Annotated[bool, typer.Option("--encode-anew", help="As for `edit`.")] = False,
    no_note: Annotated[
        bool, typer.Option("--no-note", help="Leave out the note in XMP that tells that the photo was edited.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace outputs that exist; else they get numbers. Never a photo.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write what became of each photo as a table (CSV).")
    ] = None,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            "-j",
            min=0,
            max=64,
            help="Processes that share the photos; 0: one for two cores, as far as the memory reaches.",
        ),
    ] = 0,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Apply one edit to all faces of many photos, and tell what was skipped and why.

    A photo without a usable face is skipped, one that fails stops nothing: the others are written. A process reads the
    next photo while it edits one; several take about 0.7 GB each for photos of 24 megapixels.
    """
    from fvae_studio.cli import batch as batches
    from fvae_studio.core.export import ExportOptions

    batches.batch(
        photos,
        assignments=set_ or [],
        preset=preset,
        recipe=recipe,
        mouth=mouth,
        options=ExportOptions(
            format=format_,
            quality=quality,
            size_rule="full" if long_edge is None else "long_edge",
            size=2048 if long_edge is None else long_edge,
            keep_blocks=not encode_anew,
            keep_metadata=not strip_metadata,
            note_edit=not no_note,
            pattern=pattern,
            folder=output,
            existing="replace" if overwrite else "number",
        ),
        recursive=recursive,
        report=report,
        jobs=jobs,
        model=model,
        device=device,
        as_json=as_json,
    )


_INSPECT_EXAMPLES = """Examples:

\b
  fvae-studio inspect group.jpg
  fvae-studio inspect me.jpg --json
  fvae-studio inspect me.jpg --set smile=1 --overlay flow.png"""


@app.command(short_help="Show what is seen in a photo.", epilog=_INSPECT_EXAMPLES)
def inspect(
    photo: PhotoArgument,
    overlay: Annotated[
        Path | None,
        typer.Option("--overlay", help="Write a picture with boxes and points; with --set also flow and confidence."),
    ] = None,
    set_: SetOption = None,
    face: FaceOption = None,
    mouth: MouthOption = None,
    overwrite: OverwriteOption = False,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Show what is seen in a photo: file, faces, and what the model can do with them."""
    from fvae_studio.cli import reports

    reports.inspect(
        photo,
        overlay=overlay,
        assignments=set_ or [],
        face=_parse_face(face),
        mouth=mouth,
        overwrite=overwrite,
        model=model,
        device=device,
        as_json=as_json,
    )


_FLOW_EXAMPLES = """Examples:

\b
  fvae-studio flow me.jpg --set smile=0.8 -o smile.flo
  fvae-studio flow group.jpg --face 2 --set surprise=1 -o surprise.npz
  fvae-studio flow me.jpg --set smile=1 --size photo -o smile.exr
  fvae-studio flow me.jpg --set smile=1 --kind st-map --size 1920 -o smile-st.exr"""


@app.command(short_help="Write the flow of an edit to a file.", epilog=_FLOW_EXAMPLES)
def flow(
    photo: PhotoArgument,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help=".flo, .exr, or .npz (with confidence and transform).", show_default=False),
    ],
    size: Annotated[
        str | None,
        typer.Option(
            metavar="crop|photo|N",
            help="crop: as the network gives it, of one face, in pixels of the aligned crop. photo: of every pixel of "
            "the photo. N: of the photo made that large along its longer side. [default: crop; photo for an ST-map]",
            show_default=False,
        ),
    ] = None,
    kind: Annotated[
        Literal["flow", "st-map"],
        typer.Option(help="Displacements, or source positions as compositing programs take them (32-bit EXR, v up)."),
    ] = "flow",
    set_: SetOption = None,
    face: FaceOption = None,
    recipe: RecipeOption = None,
    overwrite: OverwriteOption = False,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Write the flow of an edit for other programs: backward, from the edited picture to the photo."""
    from fvae_studio.cli import commands

    commands.flow(
        photo,
        kind=kind,
        size=_parse_size(size, kind),
        assignments=set_ or [],
        face=_parse_face(face),
        output=output,
        recipe=recipe,
        overwrite=overwrite,
        model=model,
        device=device,
        as_json=as_json,
    )


@app.command(short_help="List models and expressions.")
def models(as_json: JsonOption = False) -> None:
    """List the models with their expressions, figures and the data they were trained on."""
    from fvae_studio.cli import reports

    reports.models(as_json=as_json)


@app.command(short_help="Measure speed and memory.")
def bench(
    part: Annotated[
        list[str] | None,
        typer.Option(
            "--part",
            metavar="NAME",
            help="Only this part; may be given several times. Without it, all: "
            "start, window, engine, edit, export, clips, batch, growth.",
        ),
    ] = None,
    model: ModelOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Write bench.md and bench.json there, too.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A third of the repetitions, and no 96-megapixel photo.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure this machine with two of its cores: one table of everything, beside its goals and what is possible.

    Takes about eight minutes; close other programs. docs/benchmarks.md tells what each line means.
    """
    from fvae_studio.bench.program import run_bench

    table = run_bench(parts=part or (), model=model, quick=quick, out=out)
    print(table.to_json() if as_json else table.to_markdown(), end="")


def _parse_size(value: str | None, kind: str) -> int | Literal["crop", "photo"]:
    if value is None:
        return "photo" if kind == "st-map" else "crop"
    if value == "crop" and kind == "st-map":
        raise typer.BadParameter("an ST-map is of a picture: photo, or its longer side.", param_hint="--size")
    if value == "crop" or value == "photo":
        return "crop" if value == "crop" else "photo"
    if not value.isascii() or not value.isdigit() or not 16 <= int(value) <= 16384:
        raise typer.BadParameter(f"{value!r} is none of crop, photo, or 16 to 16384 pixels.", param_hint="--size")
    return int(value)


def _parse_face(value: str | None) -> int | Literal["all"] | None:
    if value is None:
        return None
    if value == "all":
        return "all"
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        raise typer.BadParameter(f"{value!r} is neither a number from 1 on nor all.", param_hint="--face")
    return int(value)
