"""Stand-ins for the boxes and the model files of a whole window."""

from __future__ import annotations

from pathlib import Path

from fvae_studio.gui.dialogs.models import ModelCard
from fvae_studio.gui.messages import explain


class RecordedMessages:
    """Stands in for boxes: remembers what was told, and answers what the test wants, to each question or to one."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.asked: list[str] = []
        self.answer: int | None = None
        self.answers: dict[str, int | None] = {}

    def show_error(self, error: BaseException, *, report: Path | None = None) -> None:  # noqa: ARG002
        self.told.append(explain(error).title)

    def tell(self, title: str, sentence: str) -> None:
        self.told.append(f"{title}: {sentence}")

    def ask(self, title: str, *_args: object, **_kwargs: object) -> int | None:
        self.asked.append(title)
        return self.answers.get(title, self.answer)


class FakeShelf:
    """Two models, without torch."""

    def cards(self) -> tuple[ModelCard, ...]:
        return ModelCard("fake", "Fake model", is_shipped=True, is_default=True), ModelCard("own", "My model")

    def bring_in(self, path: Path) -> str:
        return path.stem

    def remove(self, name: str) -> None:
        pass
