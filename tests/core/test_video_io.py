"""Frames to a moving picture: as many as there were, in their colours, whole or not at all."""

from __future__ import annotations

import errno
import weakref
from contextlib import contextmanager

import av
import numpy as np
import pytest
from PIL import Image, ImageCms

from fvae_studio.core import video_io
from fvae_studio.core.photo_io import atomic_write, read_photo
from fvae_studio.core.types import Photo, PhotoMetadata
from fvae_studio.core.video_io import LONGER_SIDE, VideoOptions, write_sequence, write_video
from fvae_studio.errors import Cancelled, EditError, OverwriteError, PhotoWriteError

COLOURS = ((200, 60, 40), (40, 160, 80), (60, 70, 190))
KINDS = [(".mp4", "auto"), (".mp4", "hevc"), (".mp4", "av1"), (".webm", "auto"), (".webm", "av1")]


def frames(count: int = 3, *, height: int = 48, width: int = 64, bits: int = 8, icc: bytes | None = None):
    for index in range(count):
        pixels = np.empty((height, width, 3), np.uint8)
        pixels[:] = COLOURS[index % 3]
        if bits == 16:
            pixels = pixels.astype(np.uint16) * 257
        yield Photo(pixels, metadata=PhotoMetadata(icc=icc))


def decoded(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.parametrize(("suffix", "codec"), KINDS)
def test_video_shows_the_frames_in_their_colours(tmp_path, suffix, codec):
    path = write_video(frames(), tmp_path / f"clip{suffix}", VideoOptions(codec=codec))

    pictures = decoded(path)
    assert len(pictures) == 3
    for picture, colour in zip(pictures, COLOURS, strict=True):
        # Chroma at half resolution and 8-bit video range: a few steps.
        np.testing.assert_allclose(picture.mean(axis=(0, 1)), colour, atol=5)


@pytest.mark.parametrize(("suffix", "codec"), KINDS)
def test_video_says_which_colours_and_how_fast(tmp_path, suffix, codec):
    path = write_video(frames(), tmp_path / f"clip{suffix}", VideoOptions(codec=codec, fps=30))

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert stream.average_rate == 30
        next(container.decode(video=0))
        assert (context.color_primaries, context.color_trc, context.colorspace, context.color_range) == (1, 13, 1, 1)


@pytest.mark.parametrize("suffix", [".webp", ".gif"])
def test_animation_repeats_for_ever(tmp_path, suffix):
    path = write_video(frames(), tmp_path / f"clip{suffix}", VideoOptions(fps=10, quality=100))

    with Image.open(path) as image:
        assert image.n_frames == 3
        assert image.info["loop"] == 0
        for index, colour in enumerate(COLOURS):
            image.seek(index)
            np.testing.assert_allclose(np.asarray(image.convert("RGB")).mean(axis=(0, 1)), colour, atol=6)
            assert image.info["duration"] == 100


@pytest.mark.parametrize("suffix", [".webp", ".gif"])
@pytest.mark.parametrize("loops", [1, 3])
def test_animation_is_shown_as_often_as_asked(tmp_path, suffix, loops):
    path = write_video(frames(), tmp_path / f"clip{suffix}", VideoOptions(fps=10, loops=loops))

    with Image.open(path) as image:
        # A GIF tells how often it comes again, and nothing for once.
        assert image.info.get("loop") == (loops if suffix == ".webp" else {1: None, 3: 2}[loops])


def test_odd_sides_are_filled_up(tmp_path):
    path = write_video(frames(height=45, width=63), tmp_path / "clip.mp4")

    assert decoded(path)[0].shape == (46, 64, 3)


def size_of(path):
    if path.suffix != ".gif":
        height, width, _ = decoded(path)[0].shape
        return width, height
    with Image.open(path) as image:
        return image.size


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_large_frames_are_reduced_and_small_ones_left(tmp_path, suffix):
    wide = write_video(frames(1, height=30, width=3000), tmp_path / f"wide{suffix}")
    small = write_video(frames(1), tmp_path / f"small{suffix}")
    enlarged = write_video(frames(1), tmp_path / f"enlarged{suffix}", VideoOptions(longer_side=128))

    assert size_of(wide)[0] == LONGER_SIDE[suffix]
    assert size_of(small) == (64, 48)
    assert size_of(enlarged) == (128, 96)


def test_sixteen_bits_and_profiles_become_srgb(tmp_path):
    path = write_video(frames(1, bits=16), tmp_path / "deep.mp4")
    np.testing.assert_allclose(decoded(path)[0].mean(axis=(0, 1)), COLOURS[0], atol=5)

    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = write_video(frames(1, icc=srgb), tmp_path / "tagged.mp4")
    np.testing.assert_allclose(decoded(path)[0].mean(axis=(0, 1)), COLOURS[0], atol=5)


def test_better_quality_takes_more_room(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    sizes = [
        write_video([Photo(noise)] * 3, tmp_path / f"{quality}.mp4", VideoOptions(quality=quality)).stat().st_size
        for quality in (10, 60, 100)
    ]

    assert sizes == sorted(sizes)
    assert sizes[0] < 0.7 * sizes[2]


@pytest.mark.parametrize("suffix", [".mp4", ".webp", ".gif"])
def test_cancelling_leaves_nothing_half(tmp_path, suffix):
    def cut():
        yield from frames(2)
        raise Cancelled("Stopped.")

    path = tmp_path / f"clip{suffix}"
    path.write_bytes(b"old")
    with pytest.raises(Cancelled):
        write_video(cut(), path, VideoOptions(overwrite=True))

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


class FullDisk:
    """A file that holds some bytes and then no more; what is kept back for it fails at the next seek as well."""

    def __init__(self, file, room):
        self.file, self.room, self.is_full = file, room, False

    def write(self, data):
        self.is_full |= len(data) > self.room
        self._require_room()
        self.room -= len(data)
        return self.file.write(data)

    def seek(self, *where):
        self._require_room()
        return self.file.seek(*where)

    def _require_room(self):
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")

    def __getattr__(self, name):
        return getattr(self.file, name)


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".webp", ".gif"])
def test_full_disk_is_told_once_and_leaves_nothing(tmp_path, monkeypatch, capfd, suffix):
    @contextmanager
    def almost_full(path, *, overwrite):
        with atomic_write(path, overwrite=overwrite) as file:
            yield FullDisk(file, 20_000)

    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    path = tmp_path / f"clip{suffix}"
    path.write_bytes(b"old")
    monkeypatch.setattr(video_io, "atomic_write", almost_full)
    with pytest.raises(PhotoWriteError, match="disk is full"):
        write_video((Photo(noise.copy()) for _ in range(40)), path, VideoOptions(overwrite=True))

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    # Callbacks of FFmpeg that raise leave traces.
    assert capfd.readouterr().err == ""


def test_codec_that_this_ffmpeg_lacks_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(video_io._ENCODERS, "hevc", "libnothing")
    with pytest.raises(PhotoWriteError, match=r"cannot encode hevc; for a \.mp4 file there is h264, av1"):
        write_video(frames(), tmp_path / "clip.mp4", VideoOptions(codec="hevc"))

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["clip.mp4", "clip.webp", "frames"])
def test_frames_are_not_kept(tmp_path, name):
    alive = []
    most = 0

    def watched():
        nonlocal most
        for frame in frames(12):
            alive.append(weakref.ref(frame))
            yield frame
            most = max(most, sum(one() is not None for one in alive))

    if "." in name:
        write_video(watched(), tmp_path / name)
    else:
        write_sequence(watched(), tmp_path / name, suffix="png", num_frames=12)

    assert most <= 2


def test_colours_of_the_whole_range_come_back(tmp_path):
    levels = np.linspace(16, 240, 5).round().astype(np.uint8)
    chart = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(5, 25, 3)
    picture = Photo(chart.repeat(32, axis=0).repeat(32, axis=1))
    path = write_video([picture] * 2, tmp_path / "chart.mp4", VideoOptions(quality=100))
    shown = decoded(path)[0][16::32, 16::32]

    # In the middle of each patch: video range has 219 steps for 255, and chroma a few fewer.
    assert np.abs(shown.astype(int) - chart).max() <= 6
    assert np.abs(shown.astype(int) - chart).mean() < 2


def test_file_that_exists_is_kept(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"old")

    with pytest.raises(OverwriteError, match=r"clip\.mp4"):
        write_video(frames(), path)
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize(
    ("name", "codec"), [("clip.avi", "auto"), ("clip", "auto"), ("clip.webm", "h264"), ("a.gif", "av1")]
)
def test_what_cannot_be_written_is_said(tmp_path, name, codec):
    with pytest.raises(PhotoWriteError, match=r"end the name in|cannot hold"):
        write_video(frames(), tmp_path / name, VideoOptions(codec=codec))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wrong", [{"fps": 0}, {"fps": 1000}, {"quality": 0}, {"longer_side": 2}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(EditError, match=r"must lie|can be had"):
        VideoOptions(**wrong)


def test_cut_sequence_goes_on_where_it_stopped(tmp_path):
    folder = tmp_path / "frames"
    write_sequence(frames(2), folder, suffix="png", num_frames=2)
    (folder / "frame-0002.png").unlink()
    first = (folder / "frame-0001.png").stat().st_mtime_ns

    missing = list(frames(2))[1:]
    paths = write_sequence(missing, folder, suffix="png", num_frames=2, resume=True)

    assert paths[0].stat().st_mtime_ns == first
    np.testing.assert_array_equal(read_photo(paths[1]).pixels[0, 0], COLOURS[1])


def test_sequence_without_a_frame_leaves_no_folder(tmp_path):
    def cut(count):
        yield from frames(count)
        raise PhotoWriteError("No space left on device.")

    with pytest.raises(PhotoWriteError):
        write_sequence(cut(0), tmp_path / "new", suffix="png", num_frames=2)
    (tmp_path / "there").mkdir()
    with pytest.raises(PhotoWriteError):
        write_sequence(cut(0), tmp_path / "there", suffix="png", num_frames=2)
    with pytest.raises(PhotoWriteError):
        write_sequence(cut(1), tmp_path / "begun", suffix="png", num_frames=2)

    assert not (tmp_path / "new").exists()
    assert (tmp_path / "there").is_dir()
    assert [path.name for path in (tmp_path / "begun").iterdir()] == ["frame-0001.png"]


def test_sequence_keeps_frames_that_are_there(tmp_path):
    write_sequence(frames(2), tmp_path, suffix="png", num_frames=2)

    with pytest.raises(OverwriteError):
        write_sequence(frames(2), tmp_path, suffix="png", num_frames=2)
