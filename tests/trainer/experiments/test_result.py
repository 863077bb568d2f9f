from __future__ import annotations

import json

import numpy as np

from trainer.experiments.charts import interval_chart, line_chart
from trainer.experiments.intervals import Interval
from trainer.experiments.result import ExperimentResult, Picture

GREY = np.full((8, 8, 3), 90, np.uint8)


def make_result() -> ExperimentResult:
    return ExperimentResult(
        "table9",
        "# Table 9",
        {"psnr": Interval(1.0, float("nan"), 2.0), "by": {"a": [np.float32(0.5), float("nan")]}},
        (
            Picture("people", GREY, "people", is_public=False),
            Picture("nobody", GREY, "nobody", is_public=True),
            Picture("chart", GREY, "chart", is_public=True, is_photo=False),
        ),
    )


def test_run_folder_gets_everything(tmp_path):
    report = make_result().write(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "chart.png", "nobody.png", "people.png", "table9.json", "table9.md",
    ]  # fmt: skip
    assert "people.png" in report.read_text()


def test_pictures_of_people_are_not_published(tmp_path):
    report = make_result().publish(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["chart.png", "nobody.jpg", "table9.json", "table9.md"]
    assert "people" not in report.read_text()


def test_numbers_are_plain_json(tmp_path):
    make_result().write(tmp_path)

    assert json.loads((tmp_path / "table9.json").read_text()) == {
        "psnr": {"value": 1.0, "low": None, "high": 2.0},
        "by": {"a": [0.5, None]},
    }


def test_writing_again_replaces(tmp_path):
    make_result().write(tmp_path)
    make_result().write(tmp_path)

    assert (tmp_path / "table9.md").read_text().startswith("# Table 9")


def test_charts_are_drawn_also_of_what_is_not_known():
    unknown = Interval(float("nan"), float("nan"), float("nan"))
    bars = interval_chart({"a": Interval(1, 0, 2), "b": unknown}, title="t", label="l")
    lines = line_chart({"a": ([0, 1], [1, 2])}, title="t", x_label="x", y_label="y", reference=1)

    assert bars.shape[2] == lines.shape[2] == 3
    assert bars.std() > 0
    assert lines.std() > 0
