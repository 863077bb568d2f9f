"""The language of the window: marking texts of tables, loading the translations, numbers as people write them.

`make translations` collects the texts into `resources/translations/*.ts` and compiles them.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from fvae_studio.paths import translations_dir

LANGUAGES: Final = ("en", "de")
"""What the window speaks. English needs its file as well: it has the plurals."""


def translate_later(context: str, text: str) -> str:  # noqa: ARG001 (read by the extractor)
    """The text itself, so that the extractor finds it; `QCoreApplication.translate(context, text)` does the rest.

    Imported as `_T`: `pyside6-lupdate -tr-function-alias QT_TRANSLATE_NOOP+=_T`.
    """
    return text


def system_languages() -> list[str]:
    """The languages that a person told the system, the dearest first, such as "de-AT"."""
    return QLocale.system().uiLanguages()


def language_of(choice: str) -> str:
    """One of `LANGUAGES`: the one that was chosen, or ("system") the first of the system's that the window speaks."""
    if choice in LANGUAGES:
        return choice
    wanted = (name.replace("_", "-").split("-")[0] for name in system_languages())
    return next((name for name in wanted if name in LANGUAGES), "en")


def install_language(app: QCoreApplication, choice: str) -> tuple[QTranslator, ...]:
    """Let the window, Qt's own dialogs and numbers speak a language; before any widget is made.

    Args:
        app: the application.
        choice: "system" or one of `LANGUAGES`.

    Returns:
        What `remove_language` takes back.
    """
    language = language_of(choice)
    qt_folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    installed = []
    for name, folder in ((f"qtbase_{language}", qt_folder), (f"studio_{language}", str(translations_dir()))):
        translator = QTranslator(app)
        # Qt has no file for English, and some builds have none at all: its own texts are English then.
        if translator.load(name, folder):
            app.installTranslator(translator)
            installed.append(translator)
    # The system's own, where it is of this language: it knows the country.
    system = QLocale.system()
    QLocale.setDefault(system if system.name().split("_")[0] == language else QLocale(language))
    return tuple(installed)


def remove_language(app: QCoreApplication, translators: tuple[QTranslator, ...]) -> None:
    """Back to English without plurals, as before `install_language`."""
    for translator in translators:
        app.removeTranslator(translator)
        translator.deleteLater()
    QLocale.setDefault(QLocale.system())


def in_percent(share: float, *, decimals: int = 0) -> str:
    """A share as people write it: 0.5 is "50%" in English, "50 %" in German."""
    number = QLocale().toString(share * 100, "f", decimals)
    return QCoreApplication.translate("numbers", "{number}%").format(number=number)


def in_digits(value: float, decimals: int) -> str:
    """A number with the decimal sign of the language."""
    return QLocale().toString(float(value), "f", decimals)
