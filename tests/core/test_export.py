from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fvae_studio.core.edit_note import DIGITAL_SOURCE_TYPE, with_edit_note
from fvae_studio.core.edits import EditState, FaceEdit
from fvae_studio.core.export import (
    ExportOptions,
    ExportSource,
    ExportTask,
    check_pattern,
    file_name,
    plan_paths,
    prepare,
    replaces_source,
    run_export,
    size_of,
)
from fvae_studio.core.photo_io import read_photo, write_photo
from fvae_studio.core.photo_io.exif import orientation_exif
from fvae_studio.core.progress import CancelToken, NoProgress, Progress
from fvae_studio.core.types import Photo, RenderResult
from fvae_studio.errors import Cancelled, PhotoWriteError
from tests.helpers import photo_files as files
from tests.helpers.fake_faces import make_photo

VALID = files.valid_files()
TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
SMILE = EditState(None, (FaceEdit.of({"smile": 0.5}),))
_TYPE = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
PACKET = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="uuid:7"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:i="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" i:DigitalSourceType="old" dc:format="image/jpeg">
<xmpMM:History><rdf:Seq><rdf:li rdf:parseType="Resource"/></rdf:Seq></xmpMM:History></rdf:Description>
</rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


class Brightens:
    """Renders by making every pixel brighter, and says so twice."""

    def render(self, photo: Photo, state: EditState, progress: Progress | None = None) -> RenderResult:
        assert progress is not None
        progress.report(0.5, "warping")
        if state.is_identity:
            return RenderResult(photo, (), {})
        pixels: Any = np.minimum(photo.pixels, photo.max_value - 9) + 9
        return RenderResult(photo.with_pixels(pixels.astype(photo.pixels.dtype)), (photo.bounds,), {})


@pytest.fixture
def source(tmp_path: Path) -> Photo:
    return read_photo(files.put(tmp_path, "portrait.jpg", VALID["jpeg"]))


def export(photo: Photo, options: ExportOptions, state: EditState = SMILE) -> Path:
    (path,) = plan_paths([ExportSource.of(photo)], options, today=TODAY)
    return run_export(Brightens(), ExportTask(photo, state, path, options), NoProgress()).path


def root_of(packet: bytes) -> ET.Element:
    return ET.fromstring(packet.decode().replace("\ufeff", ""))


def types_in(packet: bytes) -> list[str]:
    return [one.attrib[_TYPE] for one in root_of(packet).iter() if _TYPE in one.attrib]


# The file.


def test_plain_export_is_the_file_that_write_photo_gives(source: Photo, tmp_path: Path) -> None:
    written = export(source, ExportOptions(note_edit=False))
    edited = Brightens().render(source, SMILE, NoProgress()).photo
    plain = write_photo(edited, tmp_path / "plain.jpg", source=source)

    assert written.name == "portrait-edited.jpg"
    assert written.read_bytes() == plain.read_bytes()


def test_an_unedited_photo_is_copied_and_gets_no_note(source: Photo) -> None:
    written = export(source, ExportOptions(), EditState())

    assert written.read_bytes() == VALID["jpeg"]


@pytest.mark.parametrize("name", ["JPEG", "PNG", "TIFF", "WEBP", "HEIF", "AVIF"])
def test_the_note_arrives_in_every_format(source: Photo, name: Any) -> None:
    written = read_photo(export(source, ExportOptions(format=name)))

    assert written.metadata.xmp is not None
    assert types_in(written.metadata.xmp) == [DIGITAL_SOURCE_TYPE]
    history = written.metadata.xmp.partition(b"History>")[2].partition(b"History>")[0]
    assert b"<stEvt:action>edited</stEvt:action>" in history
    assert b"<stEvt:softwareAgent>FVAE Studio " in history
    assert b"<stEvt:parameters>facial expression</stEvt:parameters>" in history


def test_stripped_metadata_leaves_profile_and_note(source: Photo) -> None:
    assert source.metadata.exif
    assert source.metadata.icc
    written = read_photo(export(source, ExportOptions(keep_metadata=False)))

    # The blocks stay turned as they were, so the file has to tell how: that, and nothing else.
    assert written.metadata.exif == orientation_exif(6)
    assert written.metadata.icc == source.metadata.icc
    assert types_in(written.metadata.xmp or b"") == [DIGITAL_SOURCE_TYPE]


def test_stripped_metadata_without_note_leaves_nothing(source: Photo) -> None:
    written = read_photo(export(source, ExportOptions(keep_metadata=False, note_edit=False)))

    assert written.metadata.exif == orientation_exif(6)
    assert written.metadata.xmp is None


def test_stripped_metadata_of_a_photo_that_is_encoded_anew_leaves_no_exif_at_all(source: Photo) -> None:
    written = read_photo(export(source, ExportOptions(keep_metadata=False, keep_blocks=False)))

    assert written.metadata.exif is None


def test_smaller_photo_keeps_depth_shape_and_mean(tmp_path: Path) -> None:
    photo = make_photo(600, 400, bits=16)
    written = read_photo(
        export(photo, ExportOptions(format="PNG", size_rule="long_edge", size=150, folder=tmp_path, note_edit=False))
    )

    assert written.pixels.shape == (100, 150, 3)
    assert written.pixels.dtype == np.uint16
    assert written.pixels.mean() == pytest.approx(photo.pixels.mean() + 9, rel=1e-3)


def test_hidden_colours_do_not_bleed_when_made_smaller() -> None:
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels[:, :21] = (255, 0, 0)
    alpha = np.zeros((40, 40), np.uint8)
    alpha[:, 21:] = 255
    photo = Photo(pixels, alpha)
    small = prepare(photo, photo, ExportOptions(size_rule="percent", size=50), when=NOW)

    # The column over the edge is half visible, and what is visible of it is black.
    assert small.alpha is not None
    assert 0 < small.alpha[0, 10] < 255
    assert small.pixels[0, 10].tolist() == [0, 0, 0]


def test_cancelling_leaves_no_file(source: Photo, tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    task = ExportTask(source, SMILE, tmp_path / "out.jpg", ExportOptions())
    with pytest.raises(Cancelled):
        run_export(Brightens(), task, NoProgress(token))

    assert not task.path.exists()


# Sizes.


@pytest.mark.parametrize(
    ("rule", "size", "expected"),
    [
        ("full", 10, (6000, 4000)),
        ("long_edge", 3000, (3000, 2000)),
        ("short_edge", 1000, (1500, 1000)),
        ("width", 600, (600, 400)),
        ("height", 600, (900, 600)),
        ("percent", 25, (1500, 1000)),
        ("megapixels", 6, (3000, 2000)),
        ("long_edge", 9000, (6000, 4000)),
        ("width", 1, (1, 1)),
    ],
)
def test_sizes(rule: Any, size: float, expected: tuple[int, int]) -> None:
    assert size_of(6000, 4000, ExportOptions(size_rule=rule, size=size)) == expected


# Names.


def test_pattern_fields(source: Photo) -> None:
    options = ExportOptions(pattern="{date} {name} {number} {width}x{height}", format="PNG")
    expected = f"2026-11-24 portrait 007 {source.width}x{source.height}.png"

    assert file_name(ExportSource.of(source), options, number=7, today=TODAY) == expected


def test_same_format_keeps_the_suffix_as_it_was(source: Photo, tmp_path: Path) -> None:
    odd = replace(source, path=tmp_path / "A.JPEG")

    assert file_name(ExportSource.of(odd), ExportOptions(), number=1, today=TODAY) == "A-edited.JPEG"


@pytest.mark.parametrize("pattern", ["", " . ", "{nam}", "{name", "a/b", "a:b"])
def test_patterns_that_give_no_name_are_refused(pattern: str) -> None:
    with pytest.raises(PhotoWriteError):
        check_pattern(pattern)


@pytest.mark.parametrize("name", ["x" * 251, "ü" * 125, "写真" * 40], ids=["latin", "umlauts", "han"])
def test_a_long_name_is_shortened_before_what_tells_files_apart(source: Photo, tmp_path: Path, name: str) -> None:
    long = replace(ExportSource.of(source), path=tmp_path / f"{name}.jpg")
    edited = file_name(long, ExportOptions(), number=1, today=TODAY)
    numbered = file_name(long, ExportOptions(pattern="{number}-{name}-{date}"), number=7, today=TODAY)

    assert edited.startswith(name[:60])
    assert edited.endswith("-edited.jpg")
    assert numbered.startswith(f"007-{name[:50]}")
    assert numbered.endswith(f"-{TODAY.isoformat()}.jpg")
    for one in (edited, numbered):
        (tmp_path / one).touch()
        (tmp_path / one.replace(".jpg", "-1234.jpg")).touch()
    assert len(file_name(long, ExportOptions(pattern="z" * 300), number=1, today=TODAY)) < 200


def test_names_never_meet(source: Photo, tmp_path: Path) -> None:
    (tmp_path / "portrait-edited.jpg").touch()
    paths = plan_paths(
        [ExportSource.of(source)] * 2, ExportOptions(), today=TODAY, taken=[tmp_path / "PORTRAIT-edited-2.jpg"]
    )

    assert [path.name for path in paths] == ["portrait-edited-3.jpg", "portrait-edited-4.jpg"]


def test_the_source_is_never_replaced_without_being_asked(source: Photo) -> None:
    options = ExportOptions(pattern="{name}", existing="replace")
    assert replaces_source([ExportSource.of(source)], options, today=TODAY) == (source.path,)
    written = export(source, options)
    assert written.name == "portrait-2.jpg"
    assert source.path is not None
    assert source.path.read_bytes() == VALID["jpeg"]
    allowed = export(source, replace(options, replace_source=True))

    assert allowed == source.path
    assert source.path.read_bytes() != VALID["jpeg"]


def test_a_pasted_photo_needs_a_folder(tmp_path: Path) -> None:
    with pytest.raises(PhotoWriteError, match="folder"):
        plan_paths([ExportSource.of(make_photo())], ExportOptions(), today=TODAY)
    (path,) = plan_paths([ExportSource.of(make_photo())], ExportOptions(folder=tmp_path), today=TODAY)

    assert path == tmp_path / "photo-edited.png"


# Options that are remembered.


def test_options_survive_being_remembered(tmp_path: Path) -> None:
    options = ExportOptions(
        format="TIFF", quality=80, bit_depth=16, size_rule="width", size=900, keep_metadata=False, note_edit=False,
        pattern="{number}", folder=tmp_path, existing="replace",
    )  # fmt: skip

    assert ExportOptions.from_json(options.to_json()) == options


@pytest.mark.parametrize(
    "values",
    [
        {"format": "BMP"},
        {"quality": 900},
        {"size": -3},
        {"size": True},
        {"pattern": "{x}"},
        {"pattern": 5},
        {"existing": "ask"},
        {"keep_metadata": "yes"},
        {"folder": 7},
        {"replace_source": True},
        {"unknown": 1},
    ],
)
def test_remembered_nonsense_takes_the_default(values: dict[str, Any]) -> None:
    assert ExportOptions.from_json(values) == ExportOptions()


# The note.


def test_note_keeps_what_the_packet_says() -> None:
    noted = with_edit_note(PACKET, when=NOW)
    root = root_of(noted)
    about = {value for one in root.iter() for key, value in one.attrib.items() if key.endswith("}about")}
    steps = [one for one in root.iter() if one.tag.endswith("}li")]

    assert types_in(noted) == [DIGITAL_SOURCE_TYPE]
    assert b'dc:format="image/jpeg"' in noted
    assert about == {"uuid:7"}
    assert len(steps) == 2


def test_two_edits_give_one_type_and_two_steps() -> None:
    noted = with_edit_note(with_edit_note(None, when=NOW), when=NOW)

    assert types_in(noted) == [DIGITAL_SOURCE_TYPE]
    assert noted.count(b"2026-11-24T12:30:00+00:00") == 2


def test_a_type_written_as_an_element_is_replaced_as_well() -> None:
    packet = PACKET.replace(b' i:DigitalSourceType="old"', b"").replace(
        b"<xmpMM:History>", b"<i:DigitalSourceType>old</i:DigitalSourceType><xmpMM:History>"
    )
    noted = with_edit_note(packet, when=NOW)

    assert b"old" not in noted
    assert types_in(noted) == [DIGITAL_SOURCE_TYPE]


@pytest.mark.parametrize("packet", [None, b"", b"\xff\xfe\x00", b"no packet at all", PACKET[:200]])
def test_a_packet_that_makes_no_sense_gives_way(packet: bytes | None) -> None:
    assert types_in(with_edit_note(packet, when=NOW)) == [DIGITAL_SOURCE_TYPE]
