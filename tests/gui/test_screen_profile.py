from __future__ import annotations

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from fvae_studio.gui import screen_profile
from fvae_studio.gui.screen_profile import profile_of

pytestmark = pytest.mark.gui


@pytest.mark.usefixtures("qapp")
def test_chosen_file_goes_before_the_system(tmp_path, monkeypatch):
    (tmp_path / "screen.icc").write_bytes(b"profile")
    monkeypatch.setattr(QGuiApplication, "platformName", staticmethod(lambda: "xcb"))
    monkeypatch.setattr(screen_profile, "_x11_profile", lambda screen: f"of screen {screen}".encode())

    assert profile_of(None, str(tmp_path / "screen.icc")) == b"profile"
    assert profile_of(QApplication.primaryScreen()) == b"of screen 0"


@pytest.mark.usefixtures("qapp")
def test_profile_that_cannot_be_read_is_none(tmp_path, monkeypatch):
    def fail(_screen: int) -> bytes:
        raise OSError("no X server")

    monkeypatch.setattr(QGuiApplication, "platformName", staticmethod(lambda: "xcb"))
    monkeypatch.setattr(screen_profile, "_x11_profile", fail)

    assert profile_of(None) is None
    assert profile_of(None, str(tmp_path / "gone.icc")) is None
    monkeypatch.setattr(QGuiApplication, "platformName", staticmethod(lambda: "wayland"))
    assert profile_of(None) is None
