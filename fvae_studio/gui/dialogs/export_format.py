"""Format, quality, bit depth and size of an export."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QWidget

from fvae_studio.core.export import WITH_16_BITS, WITH_QUALITY, ExportOptions, ExportSource, format_of
from fvae_studio.gui.dialogs.frame import form, name
from fvae_studio.gui.dialogs.quality_slider import QualitySlider
from fvae_studio.gui.widgets.number_field import DecimalBox

_START_QUALITY = 92


class FormatFields(QWidget):
    """Rows for what the pixels become."""

    changed = Signal()

    def __init__(self, options: ExportOptions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source: ExportSource | None = None
        self._sizes = {"percent": 50.0, "megapixels": 12.0}
        self._build_ui()
        self._show(options)
        self._connect()
        self._refresh()

    def set_source(self, source: ExportSource | None) -> None:
        """The one photo that is exported; None for several."""
        self._source = source
        text = self.tr("As the photo")
        if source is not None:
            text = self.tr("As the photo ({format})").format(format=format_of(source, ExportOptions()))
        self._format.setItemText(0, text)
        self._refresh()

    def apply(self, options: ExportOptions) -> ExportOptions:
        """A copy with what these fields say."""
        format_name = self._format.currentData()
        quality = None if self._as_source.isChecked() else self._quality.value()
        depth: Any = self._depth.currentData() if self._depth.isEnabled() else "keep"
        return replace(
            options,
            format=format_name,
            quality=quality if self._has_quality() else None,
            keep_blocks=self._keep_blocks.isChecked(),
            bit_depth=depth,
            size_rule=self._rule.currentData(),
            size=self._size.value(),
        )

    def _build_ui(self) -> None:
        self._format = QComboBox()
        for value, text in (
            ("same", self.tr("As the photo")),
            ("JPEG", "JPEG"),
            ("PNG", "PNG"),
            ("TIFF", "TIFF"),
            ("WEBP", "WebP"),
            ("HEIF", "HEIC"),
            ("AVIF", "AVIF"),
        ):
            self._format.addItem(text, value)
        name(self._format, self.tr("Format"), self.tr("Kind of file"))
        self._as_source = QCheckBox(self.tr("As the photo"))
        name(
            self._as_source,
            self.tr("Quality as the photo"),
            self.tr("A JPEG keeps the compression that it had; other photos get one that is hard to see"),
        )
        self._keep_blocks = QCheckBox(self.tr("Leave untouched parts of a JPEG exactly as they are"))
        name(
            self._keep_blocks,
            self.tr("Leave untouched parts exactly as they are"),
            self.tr(
                "Blocks that no edit touches keep their very data; for JPEG photos at full size and quality as they are"
            ),
        )
        self._quality = QualitySlider()
        self._depth = QComboBox()
        self._depth.addItem(self.tr("As the photo"), "keep")
        self._depth.addItem(self.tr("8 bits per channel"), 8)
        self._depth.addItem(self.tr("16 bits per channel"), 16)
        name(self._depth, self.tr("Bit depth"), self.tr("16 bits keep fine steps for further editing (PNG, TIFF)"))
        self._rule = QComboBox()
        for value, text in (
            ("full", self.tr("Full size")),
            ("long_edge", self.tr("Long edge")),
            ("short_edge", self.tr("Short edge")),
            ("width", self.tr("Width")),
            ("height", self.tr("Height")),
            ("percent", self.tr("Per cent")),
            ("megapixels", self.tr("Megapixels")),
        ):
            self._rule.addItem(text, value)
        name(self._rule, self.tr("Size"), self.tr("Photos are made smaller, never larger"))
        self._size = DecimalBox()
        self._size.lineEdit().setTextMargins(4, 0, 0, 0)
        name(self._size, self.tr("Size, number"), self.tr("How large"))
        quality = QHBoxLayout()
        quality.setSpacing(10)
        quality.addWidget(self._as_source)
        quality.addWidget(self._quality, 1)
        quality.addWidget(self._quality.number)
        size = QHBoxLayout()
        size.setSpacing(10)
        size.addWidget(self._rule, 1)
        size.addWidget(self._size, 1)
        self.rows: QFormLayout = form()
        self.setLayout(self.rows)
        self.rows.addRow(self.tr("Format"), self._format)
        self.rows.addRow(self.tr("Quality"), quality)
        self.rows.addRow("", self._keep_blocks)
        self.rows.addRow(self.tr("Bit depth"), self._depth)
        self.rows.addRow(self.tr("Size"), size)

    def _show(self, options: ExportOptions) -> None:
        self._format.setCurrentIndex(max(0, self._format.findData(options.format)))
        self._as_source.setChecked(options.quality is None)
        self._keep_blocks.setChecked(options.keep_blocks)
        self._quality.setValue(options.quality or _START_QUALITY)
        self._depth.setCurrentIndex(max(0, self._depth.findData(options.bit_depth)))
        self._rule.setCurrentIndex(max(0, self._rule.findData(options.size_rule)))
        self._sizes[self._unit()] = options.size
        self._sizes.setdefault("pixels", 2048.0)
        self._set_size_range()

    def _connect(self) -> None:
        self._format.currentIndexChanged.connect(self._on_changed)
        self._as_source.toggled.connect(self._on_changed)
        self._quality.valueChanged.connect(self._on_changed)
        self._keep_blocks.toggled.connect(self._on_changed)
        self._depth.currentIndexChanged.connect(self._on_changed)
        self._rule.currentIndexChanged.connect(self._on_rule_changed)
        self._size.valueChanged.connect(self._on_size_changed)

    def _unit(self) -> str:
        rule = str(self._rule.currentData())
        return rule if rule in ("percent", "megapixels") else "pixels"

    def _has_quality(self) -> bool:
        return self._written_format() in WITH_QUALITY

    def _written_format(self) -> str:
        chosen = str(self._format.currentData())
        if chosen != "same":
            return chosen
        # Several photos may be of any kind: all choices stay open.
        return format_of(self._source, ExportOptions()) if self._source is not None else "JPEG"

    def _set_size_range(self) -> None:
        unit = self._unit()
        with QSignalBlocker(self._size):
            self._size.setDecimals(1 if unit == "megapixels" else 0)
            self._size.setRange(*{"percent": (1, 100), "megapixels": (0.1, 200), "pixels": (16, 65535)}[unit])
            self._size.setSuffix({"percent": " %", "megapixels": " MP", "pixels": " px"}[unit])
            self._size.setValue(self._sizes[unit])

    @Slot()
    def _on_rule_changed(self) -> None:
        self._set_size_range()
        self._on_changed()

    @Slot()
    def _on_size_changed(self) -> None:
        self._sizes[self._unit()] = self._size.value()
        self._on_changed()

    @Slot()
    def _on_changed(self) -> None:
        self._refresh()
        self.changed.emit()

    def _refresh(self) -> None:
        has_quality = self._has_quality()
        self._as_source.setEnabled(has_quality)
        self._quality.setEnabled(has_quality and not self._as_source.isChecked())
        from_jpeg = self._source is None or self._source.format == "JPEG"
        full_size = self._rule.currentData() == "full"
        self._keep_blocks.setEnabled(
            from_jpeg and full_size and self._written_format() == "JPEG" and self._as_source.isChecked()
        )
        deep = self._written_format() in WITH_16_BITS
        several = self._source is None and self._format.currentData() == "same"
        self._depth.setEnabled(deep or several)
        self._size.setVisible(self._rule.currentData() != "full")
