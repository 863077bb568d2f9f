from __future__ import annotations

import os
import subprocess
import sys

import pytest

from fvae_studio.__main__ import opens_window


@pytest.mark.parametrize(
    "arguments",
    [[], ["me.jpg"], ["a.png", "b.TIF"], ["--smoke"], ["--smoke=out"], ["--smoke", "me.heic"], ["party.fvae"]],
)
def test_photos_and_projects_open_the_window(arguments):
    assert opens_window(arguments)


@pytest.mark.parametrize("arguments", [["edit", "me.jpg"], ["--help"], ["--version"], ["models"], ["smile"]])
def test_commands_and_options_do_not(arguments):
    assert not opens_window(arguments)


def test_folder_opens_the_window_but_does_not_hide_a_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "edit").mkdir()

    assert opens_window([str(tmp_path / "edit")])
    assert not opens_window(["edit"])


def test_without_a_screen_a_sentence_tells_what_to_do():
    environment = {name: value for name, value in os.environ.items() if "DISPLAY" not in name and "QPA" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "fvae_studio", "me.jpg"], env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "no screen" in done.stderr
    assert "fvae-studio edit me.jpg" in done.stderr
