"""Between presets and their panel: which can be shown, their pictures on the present face, and applying them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Slot

from fvae_studio.core.presets import BUILT_IN, Preset, PresetFolder, fitting
from fvae_studio.core.thumbnails import Thumbnail
from fvae_studio.gui.document import Document, Target
from fvae_studio.gui.panels.presets import PresetCard, PresetPanel
from fvae_studio.gui.qimage import to_qimage
from fvae_studio.gui.shipped_texts import preset_name


class PresetShelf(QObject):
    """The presets that the loaded model can show, built-in ones and a person's own.

    Args:
        panel: shows them.
        document: applies them.
        folder: of the own ones.
    """

    def __init__(
        self, panel: PresetPanel, document: Document, folder: PresetFolder, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._panel, self._document, self._folder = panel, document, folder
        self._by_name: dict[str, Preset] = {}
        self._screen: bytes | None = None
        panel.apply_requested.connect(self._on_apply_requested)
        panel.thumbnails_wanted.connect(self._on_thumbnails_wanted)
        document.preset_thumbnail_made.connect(self._on_thumbnail_made)
        document.preset_thumbnails_outdated.connect(panel.clear_thumbnails)
        document.summary_changed.connect(self.refresh)

    @property
    def presets(self) -> tuple[Preset, ...]:
        """Those that are shown."""
        return tuple(self._by_name.values())

    def find(self, name: str) -> Preset | None:
        """One of them."""
        return self._by_name.get(name)

    def set_screen_profile(self, icc: bytes | None) -> None:
        """Show pictures for the screen of this profile; None for sRGB."""
        self._screen = icc
        self._panel.clear_thumbnails()

    @Slot()
    def refresh(self) -> None:
        """Another model was loaded, or own presets were added or removed."""
        directions = self._document.summary.directions if self._document.summary is not None else ()
        labels = {direction.name: direction.label for direction in directions}
        built_in = (replace(preset, name=preset_name(preset.name)) for preset in BUILT_IN)
        presets = fitting((*built_in, *self._folder.load()), labels)
        self._by_name = {preset.name: preset for preset in presets}
        self._panel.set_presets([self._card(preset, labels) for preset in self._by_name.values()])

    @Slot(str, str)
    def _on_apply_requested(self, name: str, target: Target) -> None:
        preset = self._by_name.get(name)
        if preset is not None:
            self._document.apply_preset(preset, target)

    @Slot(list)
    def _on_thumbnails_wanted(self, names: Sequence[str]) -> None:
        self._document.request_preset_thumbnails([self._by_name[name] for name in names if name in self._by_name])

    @Slot(str, object)
    def _on_thumbnail_made(self, name: str, thumbnail: Thumbnail) -> None:
        self._panel.set_thumbnail(name, to_qimage(thumbnail.pixels, thumbnail.icc, screen=self._screen))

    def _card(self, preset: Preset, labels: dict[str, str]) -> PresetCard:
        parts = [f"{labels[name]} {value * 100:.0f}" for name, value in preset.strengths]
        if preset.mouth is not None:
            parts.append(self.tr("Built-in teeth") if preset.mouth.opens else self.tr("Closed lips"))
        return PresetCard(preset.name, preset.is_own, ", ".join(parts))
