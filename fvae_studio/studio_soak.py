"""`python -m fvae_studio.studio_soak`: hours of use in minutes, on the real engine; says whether memory stays flat.

10,000 slider events, 200 switches between photos, 100 runs of undo and redo. The last value of every drag must be what
the screen shows in the end, and no error may come.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from pathlib import Path
from typing import Any, Final

from fvae_studio.bench.studio import open_studio, wait_until
from fvae_studio.paths import samples_dir

MOST_GROWTH_MB: Final = 50.0


def main() -> int:
    """Run it; the exit code is 1 if something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--switches", type=int, default=200)
    parser.add_argument("--undos", type=int, default=100)
    options = parser.parse_args()
    photos = sorted(samples_dir().glob("*_neutral.jpg"))
    return Soak(photos).run(options.events, options.switches, options.undos)


class Soak:
    """A tireless person at the Studio.

    Args:
        photos: at least two, a face in each.
    """

    def __init__(self, photos: list[Path]) -> None:
        import psutil

        self._process = psutil.Process()
        self._app, self._studio = open_studio()
        self._document = self._studio.document
        self._problems: list[str] = []
        self._shown: tuple[Any, Any] | None = None
        self._document.rendered.connect(self._on_rendered)
        for failed in (self._document.failed, self._document.render_failed):
            failed.connect(lambda error: self._problems.append(f"an error: {error}"))
        self._studio.start(photos, offers_recovery=False)
        document = self._document
        wait_until(self._app, lambda: document.summary is not None and len(document.photos) == len(photos))
        wait_until(self._app, lambda: document.current is not None and bool(document.current.faces))

    def run(self, events: int, switches: int, undos: int) -> int:
        """Warm up, then everything, with the growth of memory after each part."""
        self._drag(500)
        self._switch(2 * len(self._document.photos))
        before = self._memory()
        print(f"warm: {before:.0f} MB")
        for name, work, count in (
            ("slider events", self._drag, events),
            ("photo switches", self._switch, switches),
            ("undo and redo runs", self._undo, undos),
        ):
            began = time.perf_counter()
            work(count)
            print(f"{count} {name}: {time.perf_counter() - began:.0f} s, {self._memory() - before:+.0f} MB", flush=True)
        growth = self._memory() - before
        if growth > MOST_GROWTH_MB:
            self._problems.append(f"memory grew by {growth:.0f} MB; {MOST_GROWTH_MB:.0f} MB are allowed")
        self._studio.close()
        for problem in self._problems[:20]:
            print(problem)
        print("sound" if not self._problems else f"{len(self._problems)} problems")
        return 1 if self._problems else 0

    def _drag(self, count: int) -> None:
        names = [direction.name for direction in self._document.summary.directions]
        for number in range(1, count + 1):
            name = names[number // 100 % len(names)]
            self._document.set_strength(name, (number % 100) / 100)
            self._app.processEvents()
            if number % 100 == 0:
                self._document.seal()
                self._settle()
                if number % 1000 == 0:
                    self._document.reset_all()
        self._settle()

    def _switch(self, count: int) -> None:
        photos = self._document.photos
        for number in range(count):
            entry = photos[number % len(photos)]
            self._document.choose_photo(entry.entry_id)
            wait_until(
                self._app, lambda: self._document.current.photo is not None and bool(self._document.current.faces)
            )
            self._document.set_strength("smile", 0.2 + (number % 50) / 100)
            self._document.seal()
            self._settle()

    def _undo(self, count: int) -> None:
        for _ in range(count):
            for value in (0.3, 0.6):
                self._document.set_strength("brows_up", value)
                self._document.seal()
            for step in (self._document.undo, self._document.undo, self._document.redo, self._document.redo):
                step()
                self._app.processEvents()
            self._settle()

    def _settle(self) -> None:
        """Until the screen shows the edit as it is now, at full resolution."""
        wanted = self._document.current.edit.effective.edits

        def is_shown() -> bool:
            return self._shown == (self._document.current.entry_id, wanted)

        try:
            wait_until(self._app, is_shown, timeout_s=30)
        except TimeoutError:
            self._problems.append(f"the final value was not shown: {wanted}")

    def _on_rendered(self, rendered: Any) -> None:
        current = self._document.current
        if rendered is None:
            self._shown = (current.entry_id, ()) if current is not None else None
        elif rendered.request.quality == "full_res":
            self._shown = (current.entry_id, rendered.request.state.edits)

    def _memory(self) -> float:
        gc.collect()
        return float(self._process.memory_info().rss / 1e6)


if __name__ == "__main__":
    sys.exit(main())
