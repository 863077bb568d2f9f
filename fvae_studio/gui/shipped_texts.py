"""Texts that come with models and presets, marked for translation: sliders, groups, looks and figures.

Those of a model or a preset from elsewhere are not listed here, and are shown as they are written in their file.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from PySide6.QtCore import QCoreApplication

from fvae_studio.gui.translation import in_digits, in_percent
from fvae_studio.gui.translation import translate_later as _T
from fvae_studio.pipeline.requests import ModelSummary

DIRECTION_TEXTS: Final = (
    _T("directions", "Emotions"), _T("directions", "Eyes"), _T("directions", "Mouth"), _T("directions", "Brows"),
    _T("directions", "Head"), _T("directions", "Own"),
    _T("directions", "Smile"),
    _T("directions", "A friendly smile, lips a little apart if the photo shows teeth. "
       "Below 0 it takes away as much of a smile as the photo shows."),
    _T("directions", "Big smile"), _T("directions", "A broad smile that narrows the eyes; parts the lips."),
    _T("directions", "Sad"), _T("directions", "Corners of the mouth down, inner brows up."),
    _T("directions", "Angry"), _T("directions", "Brows down and together, lips pressed."),
    _T("directions", "Surprised"), _T("directions", "Brows up, eyes wide, jaw dropped."),
    _T("directions", "Disgusted"), _T("directions", "Nose wrinkled, upper lip raised."),
    _T("directions", "Afraid"), _T("directions", "Brows up and drawn together, eyes wide, mouth stretched."),
    _T("directions", "Squint"), _T("directions", "Eyes narrowed from below."),
    _T("directions", "Close eyes"), _T("directions", "Both eyes closed."),
    _T("directions", "Close left eye"), _T("directions", "The person's own left eye closed."),
    _T("directions", "Close right eye"), _T("directions", "The person's own right eye closed."),
    _T("directions", "Wide eyes"), _T("directions", "Upper lids raised."),
    _T("directions", "Widen left eye"), _T("directions", "The person's own left upper lid raised."),
    _T("directions", "Widen right eye"), _T("directions", "The person's own right upper lid raised."),
    _T("directions", "Open mouth"), _T("directions", "Jaw dropped, lips apart."),
    _T("directions", "Pucker"), _T("directions", "Lips pushed forward, mouth narrow."),
    _T("directions", "Lip corners down"), _T("directions", "Corners of the mouth down."),
    _T("directions", "Lip corner up, left"), _T("directions", "The person's own left corner of the mouth raised."),
    _T("directions", "Lip corner up, right"), _T("directions", "The person's own right corner of the mouth raised."),
    _T("directions", "Press lips"), _T("directions", "Lips pressed on each other."),
    _T("directions", "Brows up"), _T("directions", "Brows raised over their whole length."),
    _T("directions", "Brows down"), _T("directions", "Brows lowered and drawn together."),
    _T("directions", "Inner brows up"), _T("directions", "Inner ends of the brows raised."),
    _T("directions", "Brow up, left"), _T("directions", "The person's own left brow raised over its whole length."),
    _T("directions", "Brow up, right"), _T("directions", "The person's own right brow raised over its whole length."),
    _T("directions", "Brow down, left"), _T("directions", "The person's own left brow lowered."),
    _T("directions", "Brow down, right"), _T("directions", "The person's own right brow lowered."),
    _T("directions", "Turn head"), _T("directions", "Head turned to the person's own left; below zero to the right."),
    _T("directions", "Nod"), _T("directions", "Chin lowered; below zero raised."),
)  # fmt: skip

PRESET_NAMES: Final = (
    _T("presets", "Soft smile"), _T("presets", "Smile"), _T("presets", "Smile with the eyes"), _T("presets", "Beaming"),
    _T("presets", "Friendly look"), _T("presets", "Wide awake"), _T("presets", "Relaxed brow"),
    _T("presets", "Earnest"), _T("presets", "Thoughtful"), _T("presets", "Sceptical"), _T("presets", "Sad"),
    _T("presets", "Surprised"), _T("presets", "Wink"),
)  # fmt: skip

MODEL_TEXTS: Final = (
    _T("models", "Trained on photos of 97 people, in rendered and in real expressions."),
)  # fmt: skip

_FIGURES: Final = {
    "face_psnr_db": ("dB", _T("models", "PSNR in the face")),
    "face_gain_db": ("dB", _T("models", "gained over no motion")),
    "face_gain_confidence_db": ("dB", _T("models", "gained, weighted by confidence")),
    "whole_psnr_db": ("dB", _T("models", "PSNR of the crop")),
    "face_share_of_oracle": ("%", _T("models", "of the gain that is possible")),
    "face_share_of_oracle_fitted": ("%", _T("models", "of it, fitted between two photos")),
    "smile_removed": ("%", _T("models", "of a real smile's motion that the slider makes")),
    "smile_removed_both_ways": ("%", _T("models", "the same, there and back")),
    "smile_removed_with_teeth": ("%", _T("models", "the same, with teeth between parted lips")),
    "least_recognised": ("%", _T("models", "of faces in which the least clear expression is recognised")),
    "smile_strength": ("", _T("models", "strength at which it does so")),
    "sharpness": ("%", _T("models", "sharpness that is kept")),
    "outside_difference": ("%", _T("models", "change outside of the moving part")),
    "end_point_px": ("px", _T("models", "error of the flow")),
    "edit_end_point_px": ("px", _T("models", "error of the flow of an edit")),
    "confidence_auc": ("", _T("models", "confidence: area under the curve")),
    "confidence_calibration": ("", _T("models", "confidence: calibration error")),
}


def in_words(summary: ModelSummary) -> ModelSummary:
    """A copy whose sliders, groups and description speak the window's language."""
    directions = tuple(
        replace(
            one,
            label=_translate("directions", one.label),
            group=_translate("directions", one.group),
            description=_translate("directions", one.description),
        )
        for one in summary.directions
    )
    return replace(summary, directions=directions, description=model_text(summary.description))


def mouth_group() -> str:
    """Title of the group in which is chosen what an opened mouth shows, in the window's language."""
    return _translate("directions", "Mouth")


def preset_name(name: str) -> str:
    """Of a preset that ships with the program."""
    return _translate("presets", name)


def model_text(text: str) -> str:
    """A model's description."""
    return _translate("models", text)


def figure(key: str, value: Any) -> tuple[str, str]:
    """One measured figure of a model: what it is, and its value with a unit; unknown ones by their key."""
    unit, text = _FIGURES.get(key, ("", key.replace("_", " ")))
    if not isinstance(value, float):
        shown = str(value)
    elif unit == "%":
        return _translate("models", text), in_percent(value, decimals=1)
    else:
        shown = in_digits(value, 2)
    return _translate("models", text), f"{shown} {unit}".strip()


def _translate(context: str, text: str) -> str:
    return QCoreApplication.translate(context, text)
