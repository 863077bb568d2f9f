from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fvae_studio.cli import run
from fvae_studio.core.exr import decode_exr
from fvae_studio.core.photo_io.jpeg_coefficients import read_coefficients
from tests.e2e.conftest import pixels
from tests.helpers.fake_faces import make_face, make_photo

# --- edit ---


def test_edit_writes_beside_the_photo_and_prints_the_path(cli, png):
    outcome = cli("edit", png, "--set", "smile=0.8")

    assert outcome.code == 0
    assert outcome.out.strip() == str(png.with_name("portrait-edited.png"))
    assert (pixels(png.with_name("portrait-edited.png")) != pixels(png)).any()


def test_edit_takes_the_next_free_name(cli, png):
    first = cli("edit", png, "--set", "smile=0.8").out.strip()
    second = cli("edit", png, "--set", "smile=0.4").out.strip()

    assert [Path(first).name, Path(second).name] == ["portrait-edited.png", "portrait-edited-2.png"]


def test_edit_changes_only_the_regions_that_it_reports(cli, png, tmp_path):
    report = json.loads(cli("edit", png, "--set", "smile=0.8", "-o", tmp_path / "out.png", "--json").out)

    changed = (pixels(tmp_path / "out.png") != pixels(png)).any(axis=-1)
    assert report["changed"]
    assert changed.any()
    for x, y, width, height in report["regions"]:
        changed[y : y + height, x : x + width] = False
    assert not changed.any()


def test_zero_edit_copies_the_file(cli, jpeg, tmp_path):
    report = json.loads(cli("edit", jpeg, "--set", "smile=0", "-o", tmp_path / "same.jpg", "--json").out)

    assert (tmp_path / "same.jpg").read_bytes() == jpeg.read_bytes()
    assert not report["changed"]


def test_edit_keeps_exif(cli, jpeg, tmp_path):
    cli("edit", jpeg, "--set", "smile=0.8", "-o", tmp_path / "out.jpg")

    with Image.open(tmp_path / "out.jpg") as image:
        assert image.getexif()[0x010E] == "a photo of nobody"


def test_edit_of_a_jpeg_keeps_all_blocks_outside_the_regions_that_it_reports(cli, jpeg, tmp_path):
    report = json.loads(cli("edit", jpeg, "--set", "smile=0.8", "-o", tmp_path / "out.jpg", "--json").out)
    before, after = (read_coefficients(path.read_bytes()) for path in (jpeg, tmp_path / "out.jpg"))
    unequal = [(a != b).any(axis=(2, 3)) for a, b in zip(before.blocks, after.blocks, strict=True)]

    assert report["note"] == ""
    assert unequal[0].any()
    assert report["kept_blocks"] == pytest.approx(1 - sum(grid.sum() for grid in unequal) / before.num_blocks, abs=1e-6)
    for grid, (step_x, step_y) in zip(unequal, before.factors, strict=True):
        for x, y, width, height in report["regions"]:
            left, top, size_x, size_y = x // (8 * step_x), y // (8 * step_y), 8 * step_x, 8 * step_y
            grid[top : -(-(y + height) // size_y), left : -(-(x + width) // size_x)] = False
        assert not grid.any()


def test_edit_says_why_a_jpeg_was_encoded_anew(cli, jpeg, tmp_path):
    with Image.open(jpeg) as image:
        image.convert("CMYK").save(tmp_path / "ink.jpg")
    outcome = cli("edit", tmp_path / "ink.jpg", "--set", "smile=0.8", "-o", tmp_path / "out.jpg")
    silent = [
        cli("edit", jpeg, "--set", "smile=0.8", "-o", tmp_path / f"{option}.jpg", option, *value)
        for option, *value in (("--encode-anew",), ("--quality", 80))
    ]

    assert "All of out.jpg was encoded anew, because the original holds ink" in outcome.err
    assert [(each.code, each.err) for each in silent] == [(0, ""), (0, "")]


def test_recipe_gives_the_same_picture_as_its_options(cli, png, tmp_path):
    recipe = tmp_path / "mood.json"
    cli("edit", png, "-s", "smile=0.8", "-s", "close_eye_left=-0.3", "-o", tmp_path / "a.png", "--save-recipe", recipe)
    outcome = cli("edit", png, "--recipe", recipe, "-o", tmp_path / "b.png", "--save-recipe", tmp_path / "again.json")

    assert outcome.code == 0
    # The bytes differ: the note has the time in it.
    np.testing.assert_array_equal(pixels(tmp_path / "a.png"), pixels(tmp_path / "b.png"))
    assert recipe.read_text() == (tmp_path / "again.json").read_text()


def test_set_replaces_a_strength_of_the_recipe(cli, png, tmp_path):
    recipe = tmp_path / "mood.json"
    cli("edit", png, "-s", "smile=0.8", "-o", tmp_path / "a.png", "--save-recipe", recipe)
    cli("edit", png, "--recipe", recipe, "-s", "smile=0", "-o", tmp_path / "b.png")

    assert (tmp_path / "b.png").read_bytes() == png.read_bytes()


def test_output_folder_gets_the_default_name(cli, png, tmp_path):
    (tmp_path / "out").mkdir()
    outcome = cli("edit", png, "--set", "smile=0.8", "-o", tmp_path / "out")

    assert outcome.out.strip() == str(tmp_path / "out" / "portrait-edited.png")


def test_output_folder_that_is_not_there_is_made(cli, png, tmp_path):
    output = tmp_path / "new" / "edited"

    done = cli("edit", png, "--set", "smile=0.5", "-o", output)

    assert done.code == 0
    assert (output / f"{png.stem}-edited.png").is_file()


def test_existing_output_is_refused_and_stays_whole(cli, png, tmp_path):
    target = tmp_path / "out.png"
    target.write_bytes(b"precious")
    refused = cli("edit", png, "--set", "smile=0.8", "-o", target)

    assert refused.code == 1
    assert "--overwrite" in refused.err
    assert target.read_bytes() == b"precious"

    assert cli("edit", png, "--set", "smile=0.8", "-o", target, "--overwrite").code == 0
    assert (pixels(target) != pixels(png)).any()


def test_source_is_replaced_only_when_asked_by_its_own_option(cli, png):
    before = png.read_bytes()
    refused = cli("edit", png, "--set", "smile=0.8", "-o", png, "--overwrite")
    assert refused.code == 1
    assert "--overwrite-source" in refused.err
    assert png.read_bytes() == before

    assert cli("edit", png, "--set", "smile=0.8", "-o", png, "--overwrite-source").code == 0
    assert png.read_bytes() != before


def test_several_faces_ask_which_one(cli, png, faces, tmp_path):
    faces[:] = [make_face((80, 120), crop_px=110), make_face((240, 120), crop_px=110)]
    asked = cli("edit", png, "--set", "smile=0.8", "-o", tmp_path / "none.png")
    assert asked.code == 1
    assert "2 faces" in asked.err
    assert not (tmp_path / "none.png").exists()

    assert cli("edit", png, "--set", "smile=0.8", "--face", "2", "-o", tmp_path / "second.png").code == 0
    assert cli("edit", png, "--set", "smile=0.8", "--face", "all", "-o", tmp_path / "both.png").code == 0
    second, both = ((pixels(tmp_path / name) != pixels(png)).any(axis=(0, 2)) for name in ("second.png", "both.png"))
    assert not second[:160].any()
    assert second[160:].any()
    assert both[:160].any()
    assert both[160:].any()


def test_recipe_without_a_face_goes_to_the_named_face(cli, png, faces, tmp_path):
    recipe = tmp_path / "mood.json"
    cli("edit", png, "-s", "smile=0.8", "-o", tmp_path / "a.png", "--save-recipe", recipe)
    faces[:] = [make_face((80, 120), crop_px=110), make_face((240, 120), crop_px=110)]
    cli("edit", png, "--recipe", recipe, "--face", "1", "-o", tmp_path / "b.png")

    changed = (pixels(tmp_path / "b.png") != pixels(png)).any(axis=(0, 2))
    assert changed[:160].any()
    assert not changed[160:].any()


def test_face_that_is_left_out_of_all_is_told(cli, png, faces, tmp_path):
    faces[:] = [make_face((20, 20), crop_px=8), make_face((200, 120), crop_px=150)]
    outcome = cli("edit", png, "--set", "smile=0.8", "--face", "all", "-o", tmp_path / "out.png")

    assert outcome.code == 0
    assert outcome.err.startswith("Face 1 was left out: ")


def test_result_is_the_only_thing_on_stdout_and_a_pipe_gets_no_bar(cli, png):
    outcome = cli("edit", png, "--set", "smile=0.8")

    assert outcome.out.count("\n") == 1
    assert outcome.err == ""


# --- inspect, flow, models ---


def test_inspect_tells_faces_and_directions_as_json(cli, jpeg):
    report = json.loads(cli("inspect", jpeg, "--json").out)

    assert (report["width"], report["height"], report["format"]) == (320, 240, "JPEG")
    assert [face["face"] for face in report["faces"]] == [1]
    assert report["faces"][0]["editable"]
    assert "smile" in [direction["name"] for direction in report["directions"]]


def test_inspect_as_text_names_the_reason_of_an_uneditable_face(cli, jpeg, faces):
    faces[:] = [make_face((40, 40), crop_px=8)]
    outcome = cli("inspect", jpeg)

    assert outcome.code == 0
    assert "Face 1: " in outcome.out
    assert "can be edited" not in outcome.out


def test_overlay_is_a_picture_of_the_photo_and_more_with_a_flow(cli, jpeg, tmp_path):
    assert cli("inspect", jpeg, "--overlay", tmp_path / "faces.png").code == 0
    assert cli("inspect", jpeg, "--set", "smile=1", "--overlay", tmp_path / "flow.png").code == 0

    assert (pixels(tmp_path / "faces.png")[:240, :320] != pixels(jpeg)).any()
    assert pixels(tmp_path / "flow.png").size > pixels(tmp_path / "faces.png").size


@pytest.mark.parametrize("suffix", [".flo", ".exr", ".npz"])
def test_flow_file_reads_back(cli, jpeg, tmp_path, suffix):
    from fvae_studio.core.flow_io import read_flow

    path = tmp_path / f"smile{suffix}"
    report = json.loads(cli("flow", jpeg, "--set", "smile=1", "-o", path, "--json").out)
    stored = read_flow(path)

    length = np.hypot(*np.moveaxis(stored.flow.flow, -1, 0)).max()
    assert length == pytest.approx(report["largest_displacement_crop_px"], abs=1e-3)
    assert length > 0


def test_flow_of_every_pixel_of_the_photo(cli, png, tmp_path):
    report = json.loads(cli("flow", png, "--set", "smile=1", "--size", "photo", "-o", tmp_path / "f.npz", "--json").out)
    flow = np.load(tmp_path / "f.npz")["flow"]

    assert report["size"] == [320, 240]
    assert flow.shape == (240, 320, 2)
    assert flow.any()


def test_st_map_is_of_the_photo_unless_a_size_is_given(cli, png, tmp_path):
    for size, wanted in ((None, (240, 320)), ("160", (120, 160))):
        path = tmp_path / f"st-{size}.exr"
        extra = [] if size is None else ["--size", size]
        assert cli("flow", png, "--set", "smile=1", "--kind", "st-map", *extra, "-o", path).code == 0

        channels = decode_exr(path.read_bytes()).channels
        assert channels["R"].shape == wanted
        # The upper left pixel, which nothing moves.
        assert channels["R"][0, 0] == pytest.approx(0.5 / wanted[1])
        assert channels["G"][0, 0] == pytest.approx(1 - 0.5 / wanted[0])


def test_flow_of_two_faces_asks_for_one(cli, png, faces, tmp_path):
    faces[:] = [make_face((80, 120), crop_px=110), make_face((240, 120), crop_px=110)]
    outcome = cli("flow", png, "--set", "smile=1", "--face", "all", "-o", tmp_path / "f.npz")

    assert outcome.code == 1
    assert "--face" in outcome.err


def test_models_lists_a_users_model_with_its_directions(cli, weights, monkeypatch):
    monkeypatch.setattr("fvae_studio.paths.user_models_dir", lambda: weights.parent)
    report = json.loads(cli("models", "--json", with_model=False).out)
    text = cli("models", with_model=False).out

    own = next(model for model in report["models"] if model["name"] == "tiny")
    assert [direction["name"] for direction in own["directions"]] == ["smile", "close_eye_left", "close_eye_right"]
    assert own["metrics"]["psnr_db"] == 12.5
    assert "close_eye_left" in text


# --- what goes wrong ---


@pytest.fixture
def broken(tmp_path: Path) -> dict[str, Path]:
    paths = {name: tmp_path / name for name in ("empty.jpg", "text.jpg", "cut.jpg", "bad.json", "pickle.safetensors")}
    paths["empty.jpg"].write_bytes(b"")
    paths["text.jpg"].write_text("no picture at all")
    whole = tmp_path / "whole.jpg"
    Image.fromarray(make_photo(320, 240).pixels).save(whole)
    paths["cut.jpg"].write_bytes(whole.read_bytes()[:400])
    paths["bad.json"].write_text('{"schema": 99, "edits": []}')
    paths["pickle.safetensors"].write_bytes(b"\x80\x04\x95 not weights")
    return paths | {"missing": tmp_path / "nothing.jpg", "folder": tmp_path, "whole": whole}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["edit", "{missing}", "--set", "smile=1"], 1),
        (["edit", "{folder}", "--set", "smile=1"], 1),
        (["edit", "{empty.jpg}", "--set", "smile=1"], 1),
        (["edit", "{text.jpg}", "--set", "smile=1"], 1),
        (["edit", "{cut.jpg}", "--set", "smile=1"], 1),
        (["edit", "{whole}"], 2),
        (["edit", "{whole}", "--set", "smile"], 2),
        (["edit", "{whole}", "--set", "smile=lots"], 2),
        (["edit", "{whole}", "--set", "smile=99"], 2),
        (["edit", "{whole}", "--set", "smiel=1"], 1),
        (["edit", "{whole}", "--set", "smile=1", "--face", "5"], 1),
        (["edit", "{whole}", "--set", "smile=1", "-o", "{folder}/no/such/folder.jpg"], 1),
        (["edit", "{whole}", "--set", "smile=1", "-o", "{folder}/what.xyz"], 1),
        (["edit", "{whole}", "--recipe", "{bad.json}"], 1),
        (["edit", "{whole}", "--recipe", "{missing}"], 1),
        (["edit", "{whole}", "--set", "smile=1", "--model", "{pickle.safetensors}"], 1),
        (["edit", "{whole}", "--set", "smile=1", "--model", "no-such-model"], 1),
        (["flow", "{whole}", "--set", "smile=1", "-o", "{folder}/f.txt"], 1),
        (["flow", "{whole}", "--set", "smile=1", "--kind", "st-map", "-o", "{folder}/f.flo"], 1),
        (["flow", "{whole}", "--set", "smile=1", "--size", "huge", "-o", "{folder}/f.flo"], 2),
        (["animate", "{whole}", "-o", "{folder}/f.mp4"], 1),
        (["animate", "{folder}/none.fvae", "-o", "{folder}/f.mp4"], 1),
        (["interpolate", "{whole}", "{text.jpg}", "-o", "{folder}/x.gif"], 1),
        (["edit", "{whole}", "--set", "smile=1", "--face", "zero"], 2),
        (["edit", "{whole}", "--set", "smile=1", "--quality", "200"], 2),
        (["edit", "{whole}", "--set", "smile=1", "--device", "abacus"], 2),
        (["edit", "{whole}", "--nonsense"], 2),
        (["edit"], 2),
        (["interpolate", "{whole}", "{whole}", "-o", "{folder}/x.gif", "--steps", "1"], 2),
        (["interpolate", "{whole}", "-o", "{folder}/x.gif"], 2),
        (["interpolate", "{whole}", "{whole}", "-o", "{folder}/x.gif", "--steps", "9", "--seconds", "1"], 2),
        (["interpolate", "{whole}", "{whole}", "-o", "{folder}/x.avi"], 1),
        (["interpolate", "{whole}", "{whole}", "-o", "{folder}/x.webm", "--codec", "h264"], 1),
        (["paint"], 2),
        (["{whole}"], 1),
    ],
)
@pytest.mark.usefixtures("cli")
def test_wrong_input_is_told_in_a_sentence(broken, arguments, code, capsys, weights):
    filled = []
    for argument in arguments:
        for name, path in broken.items():
            argument = argument.replace(f"{{{name}}}", str(path))
        filled.append(argument)
    if filled[0] in {"edit", "flow", "interpolate"} and "--model" not in filled:
        filled += ["--model", str(weights)]
    before = sorted(broken["folder"].rglob("*"))
    assert run(filled) == code

    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    assert "unexpected" not in captured.err
    # The option parser shows how the command is called before it says what is wrong.
    assert len(captured.err.strip().splitlines()) == 1 or (code == 2 and "Error: " in captured.err)
    assert sorted(broken["folder"].rglob("*")) == before


def test_debug_shows_the_trace(cli, tmp_path, monkeypatch):
    monkeypatch.setenv("FVAE_DEBUG", "1")
    outcome = cli("edit", tmp_path / "nothing.jpg", "--set", "smile=1")

    assert outcome.code == 1
    assert "Traceback" in outcome.err


def test_photo_without_a_command_says_what_to_run(capsys):
    assert run(["holiday.jpg"]) == 1
    assert "fvae-studio edit holiday.jpg" in capsys.readouterr().err


# --- the program as a process ---


def test_help_imports_nothing_heavy():
    script = (
        "import sys; from fvae_studio.cli import run; run(['edit', '--help']); "
        "heavy = {'numpy', 'torch', 'mediapipe', 'cv2', 'PIL', 'rich'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "Examples:" in done.stdout


def test_loading_a_model_does_not_import_the_compiler(weights):
    script = "import sys; from fvae_studio.model.registry import load_model; load_model(sys.argv[1]); "
    script += "sys.exit('torch._dynamo' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script, str(weights)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_version_and_exit_code_of_the_process():
    program = [sys.executable, "-m", "fvae_studio"]
    done = subprocess.run([*program, "--version"], capture_output=True, text=True, check=False)
    wrong = subprocess.run([*program, "paint"], capture_output=True, check=False)

    assert done.stdout.startswith("FVAE Studio ")
    assert (done.returncode, wrong.returncode) == (0, 2)


def test_real_portrait_is_edited_by_the_whole_program(weights, tmp_path):
    from fvae_studio.paths import samples_dir

    portraits = sorted(samples_dir().glob("*.jpg"))
    if not portraits:
        pytest.skip("the sample portraits are not made yet")
    target = tmp_path / "out.png"
    command = [sys.executable, "-m", "fvae_studio", "edit", str(portraits[0]), "--set", "smile=1", "-o", str(target)]
    done = subprocess.run(
        [*command, "--model", str(weights), "--json", "--face", "1"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    report = json.loads(done.stdout)
    changed = (pixels(target) != pixels(portraits[0])).any(axis=-1)
    assert changed.any()
    for x, y, width, height in report["regions"]:
        changed[y : y + height, x : x + width] = False
    assert not changed.any()


def test_too_little_memory_is_told_in_a_sentence(cli, jpeg, tmp_path, monkeypatch):
    def fail(*_arguments, **_options):
        raise MemoryError

    monkeypatch.setattr("fvae_studio.pipeline.engine.composite", fail)
    outcome = cli("edit", jpeg, "--set", "smile=0.8", "-o", tmp_path / "out.jpg")

    assert outcome.code == 1
    assert outcome.err == "There is not enough memory. Close other programs, or use a smaller photo.\n"
    assert not (tmp_path / "out.jpg").exists()
