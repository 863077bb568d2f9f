from __future__ import annotations

from dataclasses import replace

import pytest

from fvae_studio.core import mouth_choice
from fvae_studio.core.presets import BUILT_IN, Preset, PresetFolder, fitting, write_preset
from fvae_studio.errors import EditError

SOFT = Preset.of("Soft, mine", {"smile": 0.4, "brows_up": 0.0}, is_own=True)


def test_preset_survives_its_file(tmp_path):
    folder = PresetFolder(tmp_path / "presets")
    folder.save(SOFT)

    assert folder.load() == (SOFT,)
    assert SOFT.by_name == {"smile": 0.4}


def test_saving_the_same_name_replaces(tmp_path):
    folder = PresetFolder(tmp_path)
    folder.save(SOFT)
    folder.save(Preset.of("Soft, mine", {"smile": 0.9}))

    assert [preset.by_name for preset in folder.load()] == [{"smile": 0.9}]
    assert len(list(tmp_path.iterdir())) == 1


def test_names_that_give_the_same_file_name_stay_apart(tmp_path):
    folder = PresetFolder(tmp_path)
    folder.save(Preset.of("Soft!", {"smile": 0.1}))
    folder.save(Preset.of("Soft?", {"smile": 0.2}))
    folder.save(Preset.of("笑顔", {"smile": 0.3}))

    assert {preset.name for preset in folder.load()} == {"Soft!", "Soft?", "笑顔"}


def test_damaged_file_is_left_out(tmp_path):
    folder = PresetFolder(tmp_path)
    folder.save(SOFT)
    (tmp_path / "broken.fvae-preset.json").write_text("{")

    assert folder.load() == (SOFT,)


def test_rename_keeps_the_strengths_and_refuses_a_taken_name(tmp_path):
    folder = PresetFolder(tmp_path)
    folder.save(SOFT)
    folder.save(Preset.of("Other", {"smile": 1.0}))
    folder.rename("Soft, mine", "Softer")

    assert {preset.name: preset.by_name for preset in folder.load()}["Softer"] == {"smile": 0.4}
    with pytest.raises(EditError, match="already"):
        folder.rename("Softer", "Other")


def test_imported_preset_does_not_replace_another_one(tmp_path):
    folder = PresetFolder(tmp_path / "own")
    folder.save(SOFT)
    write_preset(Preset.of("Soft, mine", {"smile": 1.0}), tmp_path / "given.json")
    brought = folder.bring_in(tmp_path / "given.json")

    assert brought.name == "Soft, mine 2"
    assert len(folder.load()) == 2
    assert folder.bring_in(tmp_path / "given.json").name == "Soft, mine 2"


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        '{"kind": "preset"}',
        '{"schema": 9, "program": "fvae-studio", "kind": "preset", "name": "a", "strengths": {}}',
        '{"schema": 1, "program": "fvae-studio", "kind": "preset", "name": "", "strengths": {}}',
        '{"schema": 1, "program": "fvae-studio", "kind": "preset", "name": "a", "strengths": {"smile": 9}}',
    ],
)
def test_what_is_no_preset_is_refused(text):
    with pytest.raises(EditError):
        Preset.from_json(text)


def test_scaled_preset_is_cut_at_the_largest_strength():
    assert Preset.of("a", {"smile": 1.5, "sad": 0.2}).scaled(1.5).by_name == {"smile": 2.0, "sad": pytest.approx(0.3)}


def test_presets_are_offered_where_the_model_has_their_directions():
    names = [preset.name for preset in fitting(BUILT_IN, ["smile", "squint"])]

    assert "Smile with the eyes" in names
    assert "Wink" not in names


def test_shipped_model_can_show_every_built_in_preset():
    from fvae_studio.model.registry import load_model

    assert fitting(BUILT_IN, load_model().directions) == BUILT_IN


def test_preset_keeps_what_is_seen_in_mouths_and_says_nothing_else(tmp_path):
    folder = PresetFolder(tmp_path)
    teeth = replace(SOFT, mouth=mouth_choice.BUILT_IN)
    folder.save(teeth)

    assert folder.load() == (teeth,)
    assert teeth.scaled(0.5).mouth == mouth_choice.BUILT_IN
    assert folder.rename(SOFT.name, "Teeth").mouth == mouth_choice.BUILT_IN
    assert '"mouth"' not in SOFT.to_json()


def test_preset_takes_no_teeth_from_one_persons_photo():
    with pytest.raises(EditError, match="for everybody"):
        replace(SOFT, mouth=mouth_choice.MouthChoice("photo", "/photos/me.jpg"))


def test_preset_that_differs_in_the_mouth_only_gets_a_number(tmp_path):
    folder = PresetFolder(tmp_path / "own")
    folder.save(SOFT)
    write_preset(replace(SOFT, mouth=mouth_choice.BUILT_IN), tmp_path / "other.json")

    assert folder.bring_in(tmp_path / "other.json").name == f"{SOFT.name} 2"
