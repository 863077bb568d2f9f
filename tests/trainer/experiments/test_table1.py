from __future__ import annotations

import pytest

from fvae_studio.model.flow_vae import FlowVae
from tests.helpers.prepared_faces import make_prepared
from trainer.baselines.oracle import OracleSettings
from trainer.baselines.rgb_vae import RgbVae
from trainer.config import load_config
from trainer.experiments.table1 import table1
from trainer.experiments.table1_report import BLENDED, DIS, FVAE, ORACLE, PAPERS, TARGET, TVL1, UNWARPED, VAE
from trainer.figures.reconstruction import BACK, BOTH, FITTED, FORTH, reconstruction_figures

QUICK = OracleSettings(num_steps=(15, 10, 5))


@pytest.fixture(scope="module")
def prepared():
    return make_prepared()


@pytest.fixture(scope="module")
def vae():
    return RgbVae(load_config("tiny", ["model.output=rgb"]).model).eval()


@pytest.fixture(scope="module")
def result(bench, prepared, vae):
    papers = FlowVae(load_config("tiny", ["model.output=absolute"]).model).eval()
    return table1(bench.model, prepared, detector=bench.detector, vae=vae, papers=papers, oracle=QUICK)


@pytest.fixture(scope="module")
def figures(result):
    return result.figures["figures"]


def test_every_method_is_measured_both_ways(figures):
    assert set(figures) == {FORTH, BACK, BOTH}
    for methods in figures.values():
        assert {UNWARPED, FVAE, BLENDED, FITTED, PAPERS, VAE, DIS, TVL1, ORACLE, TARGET} <= set(methods)


def test_agrees_with_the_evaluation(figures, bench, prepared):
    rows = reconstruction_figures(bench.model, prepared, oracle=QUICK)
    by_method = {(row.method, row.direction): row for row in rows}

    for method in (UNWARPED, FVAE, BLENDED, FITTED):
        for direction in (FORTH, BACK, BOTH):
            row, same = figures[direction][method], by_method[method, direction]
            assert row["face_db"].value == pytest.approx(same.face_db)
            assert row["whole_db"].value == pytest.approx(same.whole_db)


def test_shares_run_from_the_unwarped_source_to_the_oracle(figures):
    for methods in figures.values():
        assert methods[UNWARPED]["face_share"].value == 0
        assert methods[UNWARPED]["face_gain_db"].value == 0
        assert methods[ORACLE]["face_share"].value == pytest.approx(1)


def test_target_reaches_itself(figures):
    row = figures[BOTH][TARGET]

    assert row["ssim"].value == pytest.approx(1)
    assert row["ms_ssim"].value == pytest.approx(1)
    assert row["sharpness"].value == pytest.approx(1)


def test_report_names_every_method_and_the_vae(result):
    for method in (UNWARPED, FVAE, BLENDED, FITTED, PAPERS, VAE, DIS, TVL1, ORACLE):
        assert f"| {method} |" in result.text
    assert "4 x 4 x 1024" in result.text
    assert "row is missing" not in result.text


def test_report_says_that_the_vae_is_missing(bench, prepared):
    result = table1(bench.model, prepared, detector=bench.detector, oracle=OracleSettings(num_steps=(1, 1, 1)))

    assert "VAE's row is missing" in result.text
    assert VAE not in result.figures["figures"][BOTH]
    assert PAPERS not in result.figures["figures"][BOTH]
    assert "4 x 4 x 1024" not in result.text


def test_sheet_of_people_is_not_public(result):
    assert {picture.name: picture.is_public for picture in result.pictures} == {"table1_sheet": False, "table1": True}


def test_every_figure_has_its_interval(figures):
    interval = figures[BOTH][FVAE]["face_db"]

    assert interval.low < interval.value < interval.high
