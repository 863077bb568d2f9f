from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from fvae_studio.errors import DataError
from tests.trainer.bench import make_bench
from trainer.study import make
from trainer.study.items import REAL, Item, StudyKey, number_items
from trainer.study.make import make_study, page_html
from trainer.study.score import Answers, read_answers, score

KEY = StudyKey(
    "abc", "studio-2", {"1": REAL, "2": REAL, "3": "FVAE", "4": "FVAE", "5": "VAE"}, {str(n): "x" for n in range(1, 6)}
)


def answers(name: str, text: str) -> Answers:
    """One letter for each item: r, e, s."""
    words = {"r": "real", "e": "edited", "s": "skipped"}
    return Answers(name, {str(number): words[letter] for number, letter in enumerate(text, start=1)})


# The score


def test_shares_are_of_what_was_called_real():
    figures = score(KEY, [answers("a", "rrree"), answers("b", "rrere")]).figures["labelled_real"]

    assert figures[REAL].value == 1
    assert figures["FVAE"].value == pytest.approx(0.5)
    assert figures["VAE"].value == 0


def test_whoever_misjudges_more_than_half_of_the_real_photos_is_left_out():
    result = score(KEY, [answers("good", "rreee"), answers("bad", "eerrr")])

    assert result.figures["participants"] == 1
    assert result.figures["left_out"] == 1
    assert result.figures["labelled_real"]["FVAE"].value == 0


def test_exactly_half_still_counts():
    assert score(KEY, [answers("a", "reree")]).figures["participants"] == 1


def test_skipped_portraits_do_not_count():
    result = score(KEY, [answers("a", "rsrss")])

    assert result.figures["labelled_real"][REAL].value == 1
    assert result.figures["labelled_real"]["FVAE"].value == 1
    assert not np.isfinite(result.figures["labelled_real"]["VAE"].value)
    assert result.figures["skipped"] == 3


def test_whoever_skips_all_real_photos_is_left_out():
    with pytest.raises(DataError, match="nothing to score"):
        score(KEY, [answers("a", "ssrrr")])


def test_two_files_of_one_participant_count_once():
    result = score(KEY, [answers("a", "rrrrr"), answers("a", "rreee")])

    assert result.figures["participants"] == 1
    assert result.figures["labelled_real"]["FVAE"].value == 0


def test_interval_is_taken_over_participants():
    everybody = [answers(str(number), "rrrre" if number % 2 else "rreee") for number in range(20)]
    interval = score(KEY, everybody).figures["labelled_real"]["FVAE"]

    assert interval.low < 0.5 < interval.high
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * 0.5 / np.sqrt(20), rel=0.15)


# Its files


def write(path, **changes):
    values = {"schema": 1, "study": "abc", "participant": "p", "answers": [{"item": "1", "answer": "real"}]} | changes
    path.write_text(json.dumps(values))
    return path


def test_answer_file_is_read(tmp_path):
    found = read_answers(write(tmp_path / "answers.json"), KEY)

    assert found == Answers("p", {"1": "real"})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"study": "other"}, "answers study other"),
        ({"answers": [{"item": "99", "answer": "real"}]}, "does not ask"),
        ({"answers": [{"item": "1", "answer": "maybe"}]}, "does not ask"),
        ({"answers": 3}, "no answer file"),
        ({"answers": [{}]}, "no answer file"),
    ],
)
def test_strange_answers_are_told(tmp_path, changes, sentence):
    with pytest.raises(DataError, match=sentence):
        read_answers(write(tmp_path / "answers.json", **changes), KEY)


def test_missing_answer_file_is_told(tmp_path):
    with pytest.raises(DataError, match="could not be read"):
        read_answers(tmp_path / "nowhere.json", KEY)


def test_key_survives_its_file(tmp_path):
    KEY.write(tmp_path / "key.json")

    assert StudyKey.read(tmp_path / "key.json") == KEY


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": 9}'])
def test_what_is_no_key_is_told(tmp_path, content):
    (tmp_path / "key.json").write_text(content)

    with pytest.raises(DataError):
        StudyKey.read(tmp_path / "key.json")


# The page


def test_numbers_are_those_of_no_order():
    items = [Item(REAL if n < 10 else "FVAE", str(n), np.zeros((1, 1, 3), np.uint8)) for n in range(20)]
    kinds = [item.kind for item in number_items(items, 1).values()]

    assert sorted(number_items(items, 1), key=int) == [str(n) for n in range(1, 21)]
    assert kinds != [item.kind for item in items]
    assert kinds == [item.kind for item in number_items(items, 1).values()]


def test_page_needs_no_network_and_tells_no_method():
    page = page_html("abc", {"1": "data:image/jpeg;base64,AAAA", "2": "data:image/jpeg;base64,BBBB"}, size=256)

    assert not re.search(r"https?://|//[a-z]+\.|@import|<link|src=\"(?!data:)", page)
    assert "connect-src" not in page
    assert "default-src 'none'" in page
    assert "FVAE" not in page
    assert "__" not in page.replace("__proto__", "")


def test_page_holds_its_items_as_json():
    page = page_html("abc", {"1": "data:image/jpeg;base64,AA</script>"}, size=64)
    content = re.search(r"const STUDY = (.*);\n", page)

    assert content is not None
    assert "</script>" not in content[1]
    assert json.loads(content[1])["items"] == [{"item": "1", "image": "data:image/jpeg;base64,AA</script>"}]


@pytest.fixture
def bench(workplace, facekit, monkeypatch):
    found = make_bench(workplace, facekit)
    monkeypatch.setattr(make, "find_photos", lambda _: found.photos)
    return found


def make_small(bench, folder, **options):
    return make_study(
        bench.model,
        bench.prepared,
        folder,
        folder / "out",
        detector=bench.detector,
        facekit=bench.facekit,
        fits=bench.fits,
        size=64,
        **options,
    )


def test_study_has_as_many_of_every_kind(bench, tmp_path):
    page, key = make_small(bench, tmp_path, per_kind=1)
    kinds = StudyKey.read(key).kinds

    assert Counter(kinds.values()) == {REAL: 1, "FVAE, slider": 1, "Average flow": 1}
    assert StudyKey.read(key).study in page.read_text()
    assert page.read_text().count("data:image/jpeg;base64,") == len(kinds)


def test_study_made_again_is_the_same(bench, tmp_path):
    first = StudyKey.read(make_small(bench, tmp_path / "a", per_kind=1)[1])
    again = StudyKey.read(make_small(bench, tmp_path / "b", per_kind=1)[1])

    assert first == again


def test_too_few_people_are_told(bench, tmp_path):
    with pytest.raises(DataError, match="--per-kind"):
        make_small(bench, tmp_path, per_kind=3)


def test_two_models_are_shown_on_the_same_photos(bench, tmp_path):
    other = replace(bench.model, header=replace(bench.model.header, name="before"))
    _, path = make_small(bench, tmp_path, per_kind=2, against=other)
    key = StudyKey.read(path)

    assert key.model == f"{bench.model.header.name} against before"
    assert Counter(key.kinds.values()) == {REAL: 2, bench.model.header.name: 2, "before": 2}
    shown = {
        kind: sorted(key.about[number] for number, of in key.kinds.items() if of == kind)
        for kind in ("before", bench.model.header.name)
    }
    assert shown["before"] == shown[bench.model.header.name]
    # What is scored knows both by name.
    told = [Answers("a", dict.fromkeys(key.kinds, "real"))]
    assert set(score(key, told).figures["labelled_real"]) == set(key.kinds.values())


def test_a_model_is_not_compared_with_itself(bench, tmp_path):
    with pytest.raises(DataError, match="both models are called"):
        make_small(bench, tmp_path, per_kind=1, against=bench.model)
