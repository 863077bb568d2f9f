from tests.gui.conftest import engine, no_threads_left, own_folders, photo, photo_file

__all__ = ["engine", "no_threads_left", "own_folders", "photo", "photo_file"]
