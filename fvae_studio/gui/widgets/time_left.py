"""How long work will still take, in words that do not jump."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def seconds_left(elapsed: float, fraction: float) -> float | None:
    """Seconds until the end at the pace so far; None while too little is known."""
    if fraction <= 0.02 or elapsed < 0.5:
        return None
    return max(0.0, elapsed * (1 - fraction) / fraction)


def time_in_words(seconds: float) -> str:
    """Rounded up, coarser the longer it is: "a few seconds", "20 s", "3 min", "1 h 20 min"."""
    if seconds < 5:
        return QCoreApplication.translate("time", "a few seconds")
    if seconds <= 55:
        return QCoreApplication.translate("time", "{number} s").format(number=-(-int(seconds) // 5) * 5)
    minutes = -(-int(seconds) // 60)
    if minutes < 60:
        return QCoreApplication.translate("time", "{number} min").format(number=minutes)
    return QCoreApplication.translate("time", "{hours} h {number} min").format(hours=minutes // 60, number=minutes % 60)
