from __future__ import annotations

import json
import socket
from pathlib import Path

from markdown_it import MarkdownIt

from fvae_studio.bench import machine
from fvae_studio.bench.figures import Row
from fvae_studio.bench.table import BenchTable, number

ROWS = (
    Row("start", "window opens", "s", 0.81, p95=0.9, runs=7, goal=1.0),
    Row("export", "export | 24 megapixels", "ms", 1300.4, floor=1000, goal_ratio=1.2, note="floor: a | b"),
    Row("clips", "in-betweens", "/s", 14.25, goal=12),
    Row("growth", "read", "ms", 0.0421),
)
TABLE = BenchTable({"": "Some Processor", "cores": "2 of 4", "date": "2026-11-26"}, ROWS)


def cells(markdown: str) -> list[list[str]]:
    """The table as a reader of Markdown sees it, without its headings."""
    tokens = MarkdownIt().enable("table").parse(markdown)
    rows: list[list[str]] = []
    for place, token in enumerate(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("td_open", "th_open"):
            rows[-1].append(tokens[place + 1].content)
    return rows[1:]


def test_markdown_has_a_line_of_eleven_cells_for_each_row():
    found = cells(TABLE.to_markdown())

    assert [len(line) for line in found] == [11] * len(ROWS)
    assert found[0][:5] == ["start", "window opens", "0.81 s", "0.90 s", "1.00"]
    assert found[1][5:9] == ["1000 ms", "1.30", "1.2", "missed"]
    assert found[2][4] == "at least 12.0"


def test_columns_are_aligned_for_a_terminal():
    lines = [line for line in TABLE.to_markdown().splitlines() if line.startswith("|")]

    assert len({len(line) for line in lines}) == 1


def test_markdown_says_how_many_goals_are_met():
    assert "2 of 3 goals are met. Missed: export | 24 megapixels." in TABLE.to_markdown()


def test_table_without_rows_is_still_a_table():
    assert cells(BenchTable({"": "P"}, ()).to_markdown()) == []


def test_json_holds_every_value_unrounded_with_ratio_and_verdict():
    found = json.loads(TABLE.to_json())

    assert found["machine"]["cores"] == "2 of 4"
    assert [Row.from_json(row) for row in found["rows"]] == list(ROWS)
    assert found["rows"][1]["ratio"] == 1300.4 / 1000
    assert found["rows"][1]["verdict"] == "missed"


def test_numbers_keep_the_digits_that_count():
    assert [number(value) for value in (0, 1234.5, 99.94, 9.994, 0.25, 0.0421)] == [
        *("0", "1234", "99.9", "9.99", "0.25", "0.0421"),
    ]  # fmt: skip


def test_machine_is_described_without_its_name_and_without_paths():
    told = machine.describe()
    text = " ".join(told.values())

    assert told[""]
    assert told["OpenCV"].startswith("4.")
    assert socket.gethostname() not in text
    assert str(Path.home()) not in text
    assert str(Path.cwd()) not in text
