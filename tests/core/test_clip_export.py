from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import av
import numpy as np
import pytest
from PIL import Image

from fvae_studio.core.clip_export import (
    CLIP_FORMATS,
    SEQUENCES,
    ClipOptions,
    exported_timeline,
    picture_side,
    plan_clip_path,
    write_clip,
)
from fvae_studio.core.edit_note import DIGITAL_SOURCE_TYPE, ClipNote, with_edit_note
from fvae_studio.core.mouth_choice import BUILT_IN
from fvae_studio.core.photo_io import read_photo
from fvae_studio.core.timeline import PhotoKey, SliderKey, SliderTrack, Timeline
from fvae_studio.core.types import Photo, PhotoMetadata
from fvae_studio.errors import DeviceError, EditError

TWO = Timeline((PhotoKey(0.0, 1), PhotoKey(0.5, 2)), fps=24.0, repeat="loop")


def frames_of(timeline, shape=(32, 48, 3)):
    times = timeline.shown_times()
    return [Photo(np.full(shape, round(255 * index / len(times)), np.uint8)) for index in range(len(times))]


def test_options_survive_being_remembered():
    options = ClipOptions("webm", 55, 720, 30.0, True, 3, True, False)

    assert ClipOptions.from_json(options.to_json()) == options


@pytest.mark.parametrize(
    "values", [{"format": "avi"}, {"quality": 0}, {"quality": True}, {"fps": "fast"}, {"longer_side": 3}, {"x": 1}]
)
def test_remembered_nonsense_takes_the_default(values):
    assert ClipOptions.from_json(values) == ClipOptions()


def test_clip_of_an_empty_timeline_is_refused():
    with pytest.raises(EditError, match="no photo"):
        exported_timeline(Timeline(), ClipOptions())


def test_loop_is_written_once_and_ping_pong_comes_back():
    assert len(exported_timeline(TWO, ClipOptions()).shown_times()) == 13
    assert len(exported_timeline(TWO, ClipOptions(ping_pong=True)).shown_times()) == 24
    back = replace(TWO, repeat="ping-pong")
    assert len(exported_timeline(back, ClipOptions()).shown_times()) == 24
    assert len(exported_timeline(back, ClipOptions(ping_pong=False)).shown_times()) == 13


def test_other_rate_keeps_the_length():
    timeline = exported_timeline(TWO, ClipOptions(fps=60.0))

    assert len(timeline.shown_times()) == 31
    assert timeline.end_s == 0.5


def test_range_is_written_unless_the_whole_is_asked_for():
    cut = replace(TWO, in_s=0.25, out_s=0.375)

    assert len(exported_timeline(cut, ClipOptions()).shown_times()) == 4
    assert len(exported_timeline(cut, ClipOptions(whole=True)).shown_times()) == 13


def test_sheet_shows_the_same_moments_as_the_clip_evenly():
    timeline = TWO.with_track(SliderTrack("smile", (SliderKey(0.0, 0.0, "linear"), SliderKey(0.5, 1.0))))
    sheet = exported_timeline(timeline, ClipOptions("sheet"))
    times = sheet.shown_times()

    assert len(times) == 12
    assert [dict(sheet.at(time_s).strengths).get("smile", 0.0) for time_s in times] == pytest.approx(
        [index / 11 for index in range(12)]
    )
    assert sheet.at(times[-1]).motion == (0.0, 1.0)


def test_nothing_that_is_there_or_promised_is_written_over(tmp_path):
    wanted = tmp_path / "ada-clip.mp4"
    assert plan_clip_path(wanted, ClipOptions()) == wanted
    wanted.write_bytes(b"x")
    second = plan_clip_path(wanted, ClipOptions())
    assert second.name == "ada-clip-2.mp4"

    assert plan_clip_path(wanted, ClipOptions(), [second]).name == "ada-clip-3.mp4"
    assert plan_clip_path(wanted, ClipOptions("gif")).name == "ada-clip.gif"
    assert plan_clip_path(wanted, ClipOptions("png")).name == "ada-clip"
    assert plan_clip_path(tmp_path / "v1.2", ClipOptions()).name == "v1.2.mp4"


def test_size_follows_the_format_unless_it_is_chosen():
    assert picture_side(ClipOptions("gif")) == 640
    assert picture_side(ClipOptions("png")) is None
    assert picture_side(ClipOptions("gif", longer_side=320)) == 320


@pytest.mark.parametrize("format_name", [one for one in CLIP_FORMATS if one not in ("hevc", "av1")])
def test_every_format_is_written(tmp_path, format_name):
    options = ClipOptions(format_name, fps=12.0)
    timeline = exported_timeline(TWO, options)
    path = plan_clip_path(tmp_path / "clip.mp4", options)
    written = write_clip(iter(frames_of(timeline)), path, options, timeline)

    assert written == path
    if format_name in SEQUENCES:
        assert len(list(path.iterdir())) == 7
    elif format_name == "sheet":
        assert read_photo(path).width > 4 * 48
    else:
        assert path.stat().st_size > 200


NOTE = ClipNote(datetime(2026, 11, 25, 12, tzinfo=UTC), (BUILT_IN,))


def told_in(path) -> list[str]:
    """What a file says about itself, as other programs find it."""
    if path.is_dir():
        return [xmp_of(frame) for frame in sorted(path.iterdir())]
    if path.suffix in (".mp4", ".webm"):
        with av.open(str(path)) as container:
            metadata = {key.lower(): value for key, value in container.metadata.items()}
        return [metadata.get("comment", ""), metadata.get("description", "")]
    if path.suffix == ".gif":
        with Image.open(path) as image:
            return [image.info.get("comment", b"").decode()]
    return [xmp_of(path)]


def xmp_of(path) -> str:
    return (read_photo(path).metadata.xmp or b"").decode()


@pytest.mark.parametrize("format_name", [one for one in CLIP_FORMATS if one not in ("hevc", "av1")])
def test_file_tells_that_expressions_were_edited_and_whose_teeth_are_seen(tmp_path, format_name):
    for note_edit in (True, False):
        options = ClipOptions(format_name, fps=6.0, note_edit=note_edit)
        timeline = exported_timeline(TWO, options)
        path = plan_clip_path(tmp_path / "clip.mp4", options)
        write_clip(iter(frames_of(timeline)), path, options, timeline, note=NOTE)
        said = told_in(path)

        assert said
        for text in said:
            assert (DIGITAL_SOURCE_TYPE in text) == note_edit
            assert ("here lips part, teeth are not the person's own" in text) == note_edit


def test_webp_with_a_note_still_holds_its_pictures(tmp_path):
    options = ClipOptions("webp", fps=12.0)
    timeline = exported_timeline(TWO, options)
    for name, note in (("plain", None), ("noted", NOTE)):
        write_clip(iter(frames_of(timeline)), tmp_path / f"{name}.webp", options, timeline, note=note)
    with Image.open(tmp_path / "plain.webp") as plain, Image.open(tmp_path / "noted.webp") as noted:
        assert noted.n_frames == plain.n_frames == 7
        for number in range(7):
            plain.seek(number)
            noted.seek(number)
            assert plain.tobytes() == noted.tobytes()
        assert DIGITAL_SOURCE_TYPE.encode() in noted.info["xmp"]


def test_pictures_that_are_a_photo_as_it_was_read_get_no_note(tmp_path):
    options = ClipOptions("png", fps=6.0)
    timeline = exported_timeline(TWO, options)
    frames = frames_of(timeline)
    write_clip(iter(frames), tmp_path / "clip", options, timeline, note=replace(NOTE, photos=(frames[0],)))

    assert [bool(text) for text in told_in(tmp_path / "clip")] == [False, True, True, True]


def test_pictures_keep_what_the_photo_said(tmp_path):
    options = ClipOptions("png", fps=6.0)
    timeline = exported_timeline(TWO, options)
    packet = with_edit_note(None, when=datetime(2020, 1, 1, tzinfo=UTC))
    metadata = PhotoMetadata(xmp=packet)
    frames = [Photo(frame.pixels, metadata=metadata) for frame in frames_of(timeline)]
    write_clip(iter(frames), tmp_path / "clip", options, timeline, note=NOTE)

    assert all("2020-01-01" in text and "2026-11-25" in text for text in told_in(tmp_path / "clip"))


def test_second_try_of_a_sequence_replaces_what_the_first_one_left(tmp_path):
    options = ClipOptions("png", fps=6.0)
    timeline = exported_timeline(TWO, options)
    frames = frames_of(timeline)

    def cut():
        yield frames[3]
        raise DeviceError("The device cuda failed (out of memory); choose the CPU instead.")

    with pytest.raises(DeviceError):
        write_clip(cut(), tmp_path / "clip", options, timeline)
    write_clip(iter(frames), tmp_path / "clip", options, timeline, replaces=True)
    shown = [read_photo(path).pixels[0, 0, 0] for path in sorted((tmp_path / "clip").iterdir())]

    assert shown == [frame.pixels[0, 0, 0] for frame in frames]
