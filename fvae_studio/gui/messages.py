"""What went wrong, in words for people, and the only place that asks or tells them something in a box.

The window hands exceptions to `explain`; `Messages` shows them. Tests replace `Messages` by a recording object.
"""

from __future__ import annotations

import platform
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import QCoreApplication, QObject, Qt, SignalInstance
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QMessageBox, QWidget

from fvae_studio import errors
from fvae_studio.core.program import program_version
from fvae_studio.gui.error_words import in_words
from fvae_studio.gui.icons import icon_pixmap
from fvae_studio.gui.translation import translate_later as _T


@dataclass(frozen=True)
class Message:
    """An error as people see it.

    Attributes:
        title: what could not be done.
        sentence: why, and what to do.
        details: for a report; versions and the trace of an unexpected error.
    """

    title: str
    sentence: str
    details: str


# The first class that fits gives the title; `errors.py` writes the sentences.
_TITLES: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (errors.PhotoNotFoundError, _T("messages", "The photo is not there")),
    (errors.PhotoUnreadableError, _T("messages", "The photo cannot be read")),
    (errors.PhotoFormatError, _T("messages", "This is not a photo that can be opened")),
    (errors.PhotoDamagedError, _T("messages", "The photo is damaged")),
    (errors.PhotoTooLargeError, _T("messages", "The photo is too large")),
    (errors.OverwriteError, _T("messages", "The file exists already")),
    (errors.PhotoWriteError, _T("messages", "The photo could not be written")),
    (errors.PhotoError, _T("messages", "The photo cannot be used")),
    (errors.CredentialsError, _T("messages", "The export could not be signed")),
    (errors.NoFaceError, _T("messages", "No face was found")),
    (errors.FaceTooSmallError, _T("messages", "This face is too small to edit")),
    (errors.FaceInProfileError, _T("messages", "This face is turned too far")),
    (errors.FaceCutOffError, _T("messages", "This face is cut off")),
    (errors.FaceError, _T("messages", "This face cannot be edited")),
    (errors.ModelError, _T("messages", "The model cannot be used")),
    (errors.EditError, _T("messages", "This edit cannot be used")),
    (errors.ProjectError, _T("messages", "The project cannot be used")),
    (errors.DeviceError, _T("messages", "The graphics processor cannot be used")),
    (errors.GeometryError, _T("messages", "This edit has no place in the photo")),
    (MemoryError, _T("messages", "There is not enough memory")),
    (PermissionError, _T("messages", "The system does not allow it")),
    (FileNotFoundError, _T("messages", "The file is not there")),
    (OSError, _T("messages", "A file could not be read or written")),
)
_UNEXPECTED: Final = _T("messages", "Something went wrong")
_UNEXPECTED_SENTENCE: Final = _T(
    "messages", "FVAE Studio met an error that it does not know. Your photo and your edits are still there."
)
_MEMORY_SENTENCE: Final = _T("messages", "Close other photos or other programs and try again.")


def explain(error: BaseException) -> Message:
    """Title, sentence and details of an error."""
    title = next((title for kind, title in _TITLES if isinstance(error, kind)), _UNEXPECTED)
    if isinstance(error, errors.FvaeStudioError):
        sentence = _as_sentence(in_words(str(error)))
    elif isinstance(error, MemoryError):
        sentence = _tr(_MEMORY_SENTENCE)
    elif isinstance(error, OSError) and error.strerror:
        name = f": {error.filename}" if error.filename else ""
        sentence = _as_sentence(f"{error.strerror}{name}")
    else:
        sentence = _tr(_UNEXPECTED_SENTENCE)
    trace = "".join(traceback.format_exception(error)).rstrip()
    details = f"FVAE Studio {program_version()}, Python {platform.python_version()}, {platform.platform()}\n\n{trace}"
    return Message(_tr(title), sentence, details)


class MessageDialog(QMessageBox):
    """An error with a button that copies the details."""

    def __init__(self, message: Message, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._message = message
        self.setWindowTitle("FVAE Studio")
        self.setIconPixmap(icon_pixmap("warning-circle", 40))
        _say(self, message.title, message.sentence)
        self.setDetailedText(message.details)
        self._copy = self.addButton(self.tr("Copy details"), QMessageBox.ButtonRole.ActionRole)
        # A press must not close the box: only the clicked handler of ours stays.
        self._copy.clicked.disconnect()
        self._copy.clicked.connect(self.copy_details)
        self.setDefaultButton(self.addButton(QMessageBox.StandardButton.Close))

    def copy_details(self) -> None:
        """Put everything on the clipboard."""
        text = f"{self._message.title}\n{self._message.sentence}\n\n{self._message.details}"
        QGuiApplication.clipboard().setText(text)
        self._copy.setText(self.tr("Copied"))


class Messages(QObject):
    """Tells and asks.

    Args:
        window: boxes stand above it.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window

    def show_error(self, error: BaseException, *, report: Path | None = None) -> None:
        """Tell what went wrong; does not block. `Cancelled` is no error and shows nothing.

        Args:
            error: what happened.
            report: a file that was written about it.
        """
        if isinstance(error, errors.Cancelled):
            return
        message = explain(error)
        if report is not None:
            message = replace(message, sentence=f"{message.sentence}\n\n{self._where(report)}")
        dialog = MessageDialog(message, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def tell_of_report(self, report: Path) -> None:
        """Tell of a crash in an earlier run, of which a file was found; does not block."""
        self.tell(self.tr("FVAE Studio ended by a crash the last time."), self._where(report))

    def _where(self, report: Path) -> str:
        text = self.tr("What is known about it was written to {path}. It stays on this computer; nothing was sent.")
        return text.format(path=report)

    def tell(self, title: str, sentence: str) -> None:
        """Tell something that is not an error; does not block."""
        box = QMessageBox(self._window)
        box.setWindowTitle("FVAE Studio")
        box.setIconPixmap(icon_pixmap("info", 40))
        _say(box, title, sentence)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def ask(
        self,
        title: str,
        sentence: str,
        choices: Sequence[str],
        *,
        cancel: str = "",
        dangerous: int | None = None,
        closes_at: SignalInstance | None = None,
    ) -> int | None:
        """Ask a question and wait for the answer.

        Args:
            title: the question.
            sentence: what follows from the answers.
            choices: texts of the buttons, the likeliest first.
            cancel: text of the button that does nothing; empty takes "Cancel".
            dangerous: index of a choice that destroys something; it is not the default.
            closes_at: a signal at which nothing is left to ask: the box closes by itself.

        Returns:
            The index of the choice; None for cancel, Escape or a closed box.
        """
        box = QMessageBox(self._window)
        box.setWindowTitle("FVAE Studio")
        box.setIconPixmap(icon_pixmap("question", 40))
        _say(box, title, sentence)
        buttons = []
        for index, text in enumerate(choices):
            role = QMessageBox.ButtonRole.AcceptRole if index == 0 else QMessageBox.ButtonRole.ActionRole
            if index == dangerous:
                role = QMessageBox.ButtonRole.DestructiveRole
            buttons.append(box.addButton(text, role))
        no = box.addButton(cancel or self.tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        box.setEscapeButton(no)
        box.setDefaultButton(no if dangerous == 0 else buttons[0])
        if closes_at is not None:
            closes_at.connect(box.reject)
        box.exec()
        if closes_at is not None:
            closes_at.disconnect(box.reject)
        clicked = box.clickedButton()
        return next((index for index, button in enumerate(buttons) if button is clicked), None)


def _say(box: QMessageBox, title: str, sentence: str) -> None:
    """Names of files and presets may look like HTML, and are shown as they are."""
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(title)
    box.setInformativeText(sentence)
    # The format of the box is the title's only.
    for one in box.findChildren(QLabel, "qt_msgbox_informativelabel"):
        one.setTextFormat(Qt.TextFormat.PlainText)


def _as_sentence(text: str) -> str:
    """With a capital, unless a file's name comes first, and a full stop."""
    text = text.strip()
    if not text:
        return text
    first = text.split(maxsplit=1)[0]
    capital = first[0].upper() + text[1:] if first.isalpha() else text
    return capital + ("" if text[-1] in ".!?:" else ".")


def _tr(text: str) -> str:
    return QCoreApplication.translate("messages", text)
