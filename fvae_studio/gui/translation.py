"""Marking texts of tables for translation."""

from __future__ import annotations


def translate_later(context: str, text: str) -> str:  # noqa: ARG001 (read by the extractor)
    """The text itself, so that the extractor finds it; `QCoreApplication.translate(context, text)` does the rest.

    Imported as `_T`: `pyside6-lupdate -tr-function-alias QT_TRANSLATE_NOOP+=_T`.
    """
    return text
