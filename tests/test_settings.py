from __future__ import annotations

import json
from dataclasses import fields

import pytest

from fvae_studio.settings import DEFAULTS, MAX_RECENT, OPTIONS, Settings, load_settings, save_settings


def test_file_holds_only_what_differs(tmp_path):
    path = tmp_path / "deep" / "settings.json"
    save_settings(DEFAULTS.with_value("theme", "dark"), path)

    assert json.loads(path.read_text())["values"] == {"theme": "dark"}
    assert load_settings(path) == Settings(theme="dark")


def test_everything_survives_the_file(tmp_path):
    settings = Settings(
        shortcuts={"open": ("Ctrl+P",), "undo": ()},
        recent=("/a.jpg",),
        closed_groups=("Eyes",),
        window={"geometry": "AAA="},
        export={"quality": 90},
        link_sides=False,
    )
    save_settings(settings, tmp_path / "settings.json")

    assert load_settings(tmp_path / "settings.json") == settings


@pytest.mark.parametrize("text", ["", "[]", '{"values": 3}', "{"])
def test_damaged_file_gives_the_defaults(tmp_path, text):
    (tmp_path / "settings.json").write_text(text)

    assert load_settings(tmp_path / "settings.json") == DEFAULTS


def test_values_that_cannot_be_are_left_out_one_by_one(tmp_path):
    values = {"theme": "pink", "text_px": 999, "link_sides": 1, "device": "cpu", "gone": 4, "recent": [1, 2]}
    (tmp_path / "settings.json").write_text(json.dumps({"schema": 1, "values": values}))

    assert load_settings(tmp_path / "settings.json") == Settings(device="cpu")


def test_refused_value_raises():
    with pytest.raises(ValueError, match="pink"):
        DEFAULTS.with_value("theme", "pink")


def test_recent_files_are_few_and_the_newest_is_first():
    settings = DEFAULTS
    for number in range(20):
        settings = settings.with_recent(f"/{number}.jpg")
    settings = settings.with_recent("/12.jpg")

    assert len(settings.recent) == MAX_RECENT
    assert settings.recent[:2] == ("/12.jpg", "/19.jpg")


def test_every_option_is_a_setting_and_allows_its_default():
    names = {one.name for one in fields(Settings)}
    for option in OPTIONS:
        assert option.key in names
        DEFAULTS.with_value(option.key, DEFAULTS.value(option.key))
