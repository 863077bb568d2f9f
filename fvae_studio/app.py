"""Puts the Studio together: settings, engine, document, window. Imports Qt, so only the window's start imports this."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from fvae_studio import __version__, paths
from fvae_studio.core.export import ExportOptions
from fvae_studio.core.photo_io import atomic_write
from fvae_studio.core.presets import PresetFolder
from fvae_studio.gui.commands import Commands
from fvae_studio.gui.dialog_commands import ModelShelf
from fvae_studio.gui.document import Document
from fvae_studio.gui.main_window import MainWindow
from fvae_studio.gui.recovery import Recovery
from fvae_studio.gui.settings_store import SettingsStore
from fvae_studio.gui.theme import Theme
from fvae_studio.gui.translation import install_language, remove_language
from fvae_studio.inference.service import InferenceService
from fvae_studio.inference.worker import EngineFactory
from fvae_studio.local_log import NativeWatch, start_log, write_crash_report
from fvae_studio.pipeline.requests import StudioEngine

if TYPE_CHECKING:
    from fvae_studio.gui.dialogs.models import ModelCard

log = logging.getLogger(__name__)


def make_engine(model: Path | str | None, device: str) -> StudioEngine:
    """The real engine; the detector is being loaded while it is already reading a photo."""
    # In the engine's thread: the window opens without what it imports.
    from fvae_studio.pipeline.engine import Engine

    engine = Engine(model, device=device)
    # Not the model: its imports would compete with the detector for Python's lock, and faces come first.
    engine.preload(model=False)
    return engine


class InstalledModels:
    """The model files; reading them imports much, so everything here is called in the engine's thread."""

    def cards(self) -> tuple[ModelCard, ...]:
        """All models that can be loaded."""
        from fvae_studio.gui.dialogs.models import ModelCard
        from fvae_studio.model.registry import list_models
        from fvae_studio.model.weights import read_header

        return tuple(
            ModelCard(
                info.name,
                info.title,
                info.description,
                info.path,
                info.size_bytes,
                info.is_shipped,
                info.is_default,
                info.metrics,
                read_header(info.path).provenance,
                info.sha256,
            )
            for info in list_models()
        )

    def bring_in(self, path: Path) -> str:
        """Copy a weights file to the user's models and return its name; a damaged one is refused (`ModelError`)."""
        from fvae_studio.model.weights import read_weights

        read_weights(path)
        folder = paths.user_models_dir()
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(folder / path.name) as file:
            file.write(path.read_bytes())
        return path.stem

    def remove(self, name: str) -> None:
        """Delete one of the user's models."""
        (paths.user_models_dir() / f"{name}.safetensors").unlink(missing_ok=True)


class Studio:
    """All parts of the running program.

    Args:
        app: the Qt application.
        engine_factory: tests have another one.
        settings_file: None keeps no settings.
        shelf: the model files; None for those that are installed.
    """

    def __init__(
        self,
        app: QApplication,
        engine_factory: EngineFactory = make_engine,
        settings_file: Path | None = None,
        shelf: ModelShelf | None = None,
    ) -> None:
        # The engine's thread and the window's take turns at Python's lock: at 5 ms, Python's own choice, a preview
        # waits for the lock about as long as it computes while a slider moves.
        sys.setswitchinterval(0.0001)
        self.store = SettingsStore(settings_file)
        settings = self.store.settings
        self._app, self._translators = app, install_language(app, settings.language)
        self.theme = Theme(app, settings.theme, text_px=settings.text_px)  # type: ignore[arg-type]
        self.service = InferenceService(engine_factory, model=settings.model or None, device=settings.device)
        self.document = Document(self.service, photo_memory_mb=settings.photo_memory_mb)
        presets = PresetFolder(paths.user_presets_dir())
        self.window = MainWindow(self.document, self.store, presets)
        self.recovery = Recovery(paths.recovery_dir(), self.document, seconds=settings.autosave_seconds)
        self.commands = Commands(
            self.window,
            self.document,
            self.service,
            self.store,
            presets,
            self.theme,
            shelf or InstalledModels(),
            self.recovery,
        )
        app.aboutToQuit.connect(self.close)

    def start(self, photos: Sequence[Path] = (), *, offers_recovery: bool = True) -> None:
        """Show the window, then load the model and open the photos behind it.

        Args:
            photos: photos, folders, a project.
            offers_recovery: ask what becomes of edits that a crash left behind; False where nobody is there to answer.
        """
        self.window.show()
        # After the first paint: the imports of the engine's thread hold Python's lock for long stretches.
        QTimer.singleShot(0, lambda: self._begin(photos, offers_recovery=offers_recovery))

    def close(self) -> None:
        """End the engine's thread; nothing is left to recover."""
        self.service.close()
        self.commands.result_drag.close()
        self.recovery.close()
        remove_language(self._app, self._translators)
        self._translators = ()

    def _begin(self, photos: Sequence[Path], *, offers_recovery: bool) -> None:
        asks = offers_recovery and bool(self.recovery.orphans())
        if photos and not asks:
            self.commands.open_paths(photos)
        self.service.start()
        if asks:
            # Before the photos: what is brought back takes the place of what is open.
            self.commands.offer_recovery()
            if photos:
                self.commands.open_paths(photos)


def run(arguments: Sequence[str], *, began: float | None = None) -> int:
    """Open the Studio and stay until it is closed.

    Args:
        arguments: photos, folders, a project; `--smoke` renders one edit and leaves, `--smoke=FOLDER` exports it first.
        began: `time.perf_counter` at the start of the program.

    Returns:
        The exit code.
    """
    began = time.perf_counter() if began is None else began
    start_log(paths.log_dir())
    watch = NativeWatch(paths.log_dir())
    app = QApplication([sys.argv[0]])
    app.setApplicationName("FVAE Studio")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("fvae-studio")
    app.setWindowIcon(QIcon(str(paths.icons_dir() / "fvae-studio.svg")))
    studio = Studio(app, settings_file=paths.settings_file())
    _install_excepthook(studio)
    smoke = next((argument for argument in arguments if argument.partition("=")[0] == "--smoke"), None)
    photos = [Path(argument) for argument in arguments if not argument.startswith("--")]
    if smoke is not None:
        from fvae_studio.smoke import Smoke

        photos = photos or [paths.samples_dir() / "ada_neutral.jpg"]
        named = smoke.partition("=")[2]
        folder = Path(named) if named else None
        export = partial(studio.commands.exports.start, "this", ExportOptions(format="PNG", folder=folder))
        run_of_smoke = Smoke(
            studio.document, studio.service, app, began=began, export=export if folder else None, folder=folder
        )
        studio.start(photos, offers_recovery=False)
        run_of_smoke.note_window()
    else:
        studio.start(photos)
        if not photos:
            QTimer.singleShot(0, studio.commands.welcome)
        if watch.earlier is not None:
            studio.window.messages.tell_of_report(watch.earlier)
    code = app.exec()
    watch.close()
    return code


def _install_excepthook(studio: Studio) -> None:
    """An error that nobody expected is logged, reported in a file and told; the window stays, with photos and edits."""

    def tell(error: BaseException) -> None:
        log.critical("unexpected", exc_info=error)
        studio.window.messages.show_error(error, report=write_crash_report(paths.log_dir(), error))

    def hook(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            QApplication.quit()
            return
        tell(error)

    def thread_hook(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            log.critical("unexpected, in another thread", exc_info=arguments.exc_value)
            write_crash_report(paths.log_dir(), arguments.exc_value)

    sys.excepthook = hook
    threading.excepthook = thread_hook
