"""The second language is complete, compiled, and shown; English has its plurals."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QCoreApplication, QLibraryInfo, QTranslator
from PySide6.QtWidgets import QApplication, QMainWindow, QMessageBox

import fvae_studio
from fvae_studio import paths
from fvae_studio.app import Studio
from fvae_studio.core.presets import BUILT_IN
from fvae_studio.errors import FvaeStudioError, PhotoFormatError
from fvae_studio.gui.actions import Actions
from fvae_studio.gui.error_words import SENTENCES, in_words, notes_in_words
from fvae_studio.gui.messages import explain
from fvae_studio.gui.shipped_texts import DIRECTION_TEXTS, PRESET_NAMES, figure
from fvae_studio.gui.translation import LANGUAGES, in_percent, install_language, language_of, remove_language
from fvae_studio.model.registry import list_models
from fvae_studio.settings import OPTIONS
from tests.gui.fakes import FakeEngine

pytestmark = pytest.mark.gui

PACKAGE = Path(fvae_studio.__file__).parent
Message = tuple[str, str, bool]
"""Context, text, whether it has plural forms."""

NOT_IN_THE_WINDOW = {
    "easing.py", "interpolator.py", "predictor.py", "edits.py", "photo_edit.py", "directions.py", "timeline.py",
    "video_io.py", "borrowing.py", "engine.py", "mouth_choice.py", "timeline_file.py", "clip_export.py",
    "own_directions.py",
}  # fmt: skip
"""Their errors tell programmers and the command line of wrong arguments, which the window never gives; of sliders of
one's own that cannot be used, which are left out, the log tells."""


@pytest.fixture
def german(qapp: QApplication) -> Iterator[None]:
    translators = install_language(qapp, "de")
    yield
    remove_language(qapp, translators)


def messages_of(language: str) -> dict[Message, tuple[str, ...]]:
    """All messages of a .ts file with their translations; none may be unfinished."""
    found: dict[Message, tuple[str, ...]] = {}
    for context in ElementTree.parse(paths.translations_dir() / f"studio_{language}.ts").getroot().iter("context"):
        for message in context.iter("message"):
            source = message.findtext("source") or ""
            translation = message.find("translation")
            assert translation is not None
            assert translation.get("type") is None, f"{language}: not translated: {source!r}; see CONTRIBUTING.md"
            forms = [form.text or "" for form in translation.iter("numerusform")] or [translation.text or ""]
            assert all(forms), f"{language}: empty: {source!r}"
            key = (context.findtext("name") or "", source, message.get("numerus") == "yes")
            found[key] = tuple(forms)
    return found


@cache
def messages_of_the_sources() -> frozenset[Message]:
    """What `self.tr`, `_T` and `QCoreApplication.translate` are called with in the program."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for place in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(place, ast.ClassDef):
                found |= {
                    (place.name, str(call.args[0].value), len(call.args) == 3)
                    for call in ast.walk(place)
                    if isinstance(call, ast.Call) and ast.unparse(call.func) == "self.tr" and is_text(call.args[0])
                }
            elif isinstance(place, ast.Call) and ast.unparse(place.func) in ("_T", "QCoreApplication.translate"):
                context, text = place.args[:2]
                if is_text(context) and is_text(text):
                    found.add((context.value, text.value, False))
    return frozenset(found)


def is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def gaps_of(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def test_every_text_of_the_sources_is_translated() -> None:
    sources = messages_of_the_sources()
    german = messages_of("de")

    assert len(sources) > 500
    assert set(german) == sources, "run `make translations`, translate what is new, run it again"
    assert set(messages_of("en")) == {message for message in sources if message[2]}


def test_every_text_is_given_as_a_literal() -> None:
    # The extractor sees nothing else.
    for path in (PACKAGE / "gui").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            if ast.unparse(call.func) == "self.tr":
                assert is_text(call.args[0]), f"{path.name}:{call.lineno}"
            elif ast.unparse(call.func) == "_tr":
                # A module's own function: its texts are marked with `_T`.
                assert not is_text(call.args[0]), f"{path.name}:{call.lineno}"


def test_plural_texts_are_in_classes_of_which_no_other_is_derived() -> None:
    # PySide takes "2 photo(s)" of the derived class for a translation and looks no further.
    bases, with_plurals = set(), set()
    for path in (PACKAGE / "gui").rglob("*.py"):
        for place in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(place, ast.ClassDef):
                bases |= {ast.unparse(base) for base in place.bases}
                if any(
                    isinstance(call, ast.Call) and ast.unparse(call.func) == "self.tr" and len(call.args) == 3
                    for call in ast.walk(place)
                ):
                    with_plurals.add(place.name)

    assert with_plurals
    assert not with_plurals & bases


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_gaps_and_the_keys_of_their_texts(language: str) -> None:
    for (context, source, has_plural), forms in messages_of(language).items():
        for form in forms:
            assert gaps_of(form) == gaps_of(source), source
            if context == "actions":
                assert ("&" in form) == ("&" in source), f"access key: {form!r}"
            assert form.endswith("…") == source.endswith("…") or has_plural, form
            assert form == form.strip(), form


@pytest.mark.parametrize("language", LANGUAGES)
def test_access_keys_of_a_menu_differ(language: str, qapp: QApplication) -> None:
    translators = install_language(qapp, language)
    window = QMainWindow()
    menus = Actions(window).fill(window.menuBar())
    for name, menu in (*menus.items(), ("the bar", window.menuBar())):
        keys = [found.group(1).lower() for one in menu.actions() if (found := re.search(r"&(\w)", one.text()))]
        assert sorted(keys) == sorted(set(keys)), (name, [one.text() for one in menu.actions()])
    window.deleteLater()
    remove_language(qapp, translators)


@pytest.mark.parametrize("language", LANGUAGES)
def test_compiled_files_are_those_of_the_sources(language: str, qapp: QApplication) -> None:
    translator = QTranslator(qapp)
    assert translator.load(f"studio_{language}", str(paths.translations_dir()))
    for (context, source, has_plural), forms in messages_of(language).items():
        if not has_plural:
            assert translator.translate(context, source) == forms[0], "run `make translations`"
            continue
        # One and several: both languages have these two forms.
        assert tuple(translator.translate(context, source, "", number) for number in (1, 7)) == forms, source
    translator.deleteLater()


def test_language_is_the_chosen_one_or_the_first_of_the_systems_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert language_of("de") == "de"
    for wanted, spoken in ((["fr-FR", "de-AT", "en-US"], "de"), (["pt_BR", "en_GB"], "en"), (["fi"], "en"), ([], "en")):
        monkeypatch.setattr("fvae_studio.gui.translation.system_languages", lambda wanted=wanted: wanted)
        assert language_of("system") == spoken


@pytest.mark.usefixtures("german")
def test_errors_of_the_core_are_told_in_german() -> None:
    message = explain(PhotoFormatError("a.pdf is a PDF document, which this program does not read. Export it as x."))

    assert message.title == "Das ist kein Foto, das sich öffnen lässt"
    assert message.sentence == "a.pdf ist ein PDF-Dokument; das liest dieses Programm nicht. Exportieren Sie es als x."
    assert "a PDF document" in message.details
    assert in_words("something that nobody translated") == "something that nobody translated"
    notes = "Face 1 is cut off at the left edge of the photo; use a photo that shows all of it. "
    assert notes_in_words(notes + notes.replace("1", "2").strip()).count("abgeschnitten") == 2


def test_one_choice_has_one_name() -> None:
    found = {texts for (_, source, _), texts in messages_of("de").items() if source == "If lips part"}

    assert found == {("Im Mund",)}


@pytest.mark.usefixtures("german")
def test_numbers_are_written_as_germans_do() -> None:
    assert in_percent(0.5) == "50 %"
    assert in_percent(0.0123, decimals=1) == "1,2 %"
    assert figure("face_psnr_db", 29.2283) == ("PSNR im Gesicht", "29,23 dB")
    assert figure("new_measure", 3) == ("new measure", "3")


def test_every_figure_of_the_shipped_model_has_words() -> None:
    shipped = next(model for model in list_models() if model.metrics)

    told = [figure(key, value)[0] for key, value in shipped.metrics.items()]

    assert told
    assert not set(told) & {key.replace("_", " ") for key in shipped.metrics}


@pytest.mark.usefixtures("german")
@pytest.mark.skipif(
    not (Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)) / "qtbase_de.qm").is_file(),
    reason="this Qt came without its translations",
)
def test_buttons_of_qt_speak_german(qtbot) -> None:
    box = QMessageBox(QMessageBox.Icon.Question, "x", "x", QMessageBox.StandardButton.Cancel)
    qtbot.addWidget(box)

    assert box.button(QMessageBox.StandardButton.Cancel).text() == "Abbrechen"


def test_a_studio_speaks_the_language_of_its_settings(engine: FakeEngine, qapp: QApplication, tmp_path, qtbot) -> None:
    settings = tmp_path / "settings.json"
    settings.write_text('{"schema": 1, "values": {"language": "de"}}')
    studio = Studio(qapp, lambda _model, _device: engine, settings)
    with qtbot.waitSignal(studio.service.ready):
        studio.start()
    window = studio.window

    assert window.actions_table["undo"].text() == "&Rückgängig"
    assert window.docks["presets"].windowTitle() == "Vorgaben"
    assert window.sliders.slider("smile").label == "Lächeln"
    assert "Sanftes Lächeln" in {preset.name for preset in window.presets.presets}
    studio.close()
    window.canvas.close_threads()
    window.deleteLater()
    assert QCoreApplication.translate("actions", "&Undo") == "&Undo"


def test_language_row_has_every_language() -> None:
    row = next(option for option in OPTIONS if option.key == "language")

    assert {value for value, _ in row.choices} == {"system", *LANGUAGES}


def test_texts_of_the_shipped_model_and_presets_are_listed() -> None:
    model = pytest.importorskip("fvae_studio.model.registry").load_model()
    texts = {text for one in model.directions.values() for text in (one.label, one.group, one.description)}

    assert texts <= set(DIRECTION_TEXTS)
    assert {preset.name for preset in BUILT_IN} == set(PRESET_NAMES)


def test_every_sentence_that_the_window_may_have_to_tell_is_listed() -> None:
    raised = set()
    for part in ("core", "model", "pipeline", "gui"):
        for path in (PACKAGE / part).rglob("*.py"):
            if path.name not in NOT_IN_THE_WINDOW:
                raised |= {(path.name, text) for text in sentences_in(ast.parse(path.read_text(encoding="utf-8")))}
    # Raised while a model is written, which the window never does.
    listed = {"the header of {} holds something that JSON cannot: {}", *SENTENCES}
    missing = sorted((name, text) for name, text in raised if re.sub(r"\{+\w*\}+", "{}", text) not in listed)

    assert len(raised) > 60
    assert missing == []


def sentences_in(tree: ast.AST) -> Iterator[str]:
    """The texts of errors for users that are made in a module, with "{}" where something is filled in."""
    kinds = {kind.__name__ for kind in all_kinds(FvaeStudioError)} - {"GeometryError", "DataError", "ConfigError"}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in kinds and call.args:
            text = call.args[0]
            if isinstance(text, ast.JoinedStr):
                yield "".join("{}" if isinstance(part, ast.FormattedValue) else part.value for part in text.values)
            elif is_text(text):
                yield text.value


def all_kinds(kind: type) -> Iterator[type]:
    for one in kind.__subclasses__():
        yield one
        yield from all_kinds(one)
