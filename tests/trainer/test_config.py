from __future__ import annotations

import json

import pytest

from fvae_studio.errors import ConfigError
from trainer.config import CONFIGS_DIR, TrainConfig, held_out_persons, load_config

SHIPPED = sorted(path.stem for path in CONFIGS_DIR.glob("*.toml") if path.stem != "split")


def test_the_shipped_configurations():
    assert SHIPPED == ["paper", "studio", "tiny", "vae"]


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_configuration_survives_a_checkpoint(name):
    config = load_config(name)

    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_paper_is_the_paper():
    config = load_config("paper")

    assert config.loss.reduction == "sum"
    assert (config.loss.prior_weight, config.loss.coherence_weight) == (0.003, 0.001)
    assert (config.optim.method, config.optim.learning_rate, config.optim.betas) == ("adam", 3e-4, (0.9, 0.999))
    assert (config.optim.clip_value, config.optim.clip_norm, config.optim.weight_decay) == (5.0, 0.0, 0.0)
    assert config.train.batch_size == 64
    assert config.train.early_stopping
    # Nothing that the paper has not.
    assert (config.train.ema, config.train.max_steps, config.data.rendered_share) == (0.0, 0, 0.0)
    assert (config.loss.end_point_weight, config.loss.edit_weight, config.loss.latent_weight) == (0.0, 0.0, 0.0)
    assert (config.loss.fold_weight, config.loss.prior_start) == (0.0, 1.0)
    assert not config.data.jitter
    assert not config.data.relight


def test_options_are_set_over_the_file():
    config = load_config(
        "tiny", ["train.max_steps=7", "loss.reduction=sum", "optim.betas=[0.5, 0.9]", "data.flip=false"]
    )

    assert config.train.max_steps == 7
    assert config.loss.reduction == "sum"
    assert config.optim.betas == (0.5, 0.9)
    assert config.data.flip is False
    assert config.model == load_config("tiny").model


def test_whole_numbers_are_fine_where_a_number_is_wanted():
    assert load_config("tiny", ["loss.fold_weight=1"]).loss.fold_weight == 1


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("train.max_stepz=7", "unknown option 'max_stepz'"),
        ("trainer.max_steps=7", "unknown tables"),
        ("model.depth=3", "unknown model options"),
        ("train.max_steps=many", "max_steps is 'many'; a whole number was expected"),
        ("train.max_steps=1.5", "a whole number"),
        ("train.max_steps=true", "a whole number"),
        ("data.flip=1", "true or false"),
        ("loss.fold_weight=false", "a number was expected"),
        ("loss.reduction=product", "must be one of 'sum', 'mean'"),
        ("optim.method=sgd", "must be one of 'adam', 'adamw'"),
        ("optim.betas=[0.9]", "a list of 2 numbers"),
        ('optim.betas=[0.9, "x"]', "a number was expected"),
        ("train.batch_size=0", "at least 1"),
        ("train.evaluate_every=0", "at least 1"),
        ("train.max_steps=0", "one of them must end the training"),
        ("train.ema=1.0", r"must lie in \[0, 1\)"),
        ("train=7", "--set needs section.key=value"),
        ("train.max_steps", "--set needs section.key=value"),
        ("train.max_steps=", "--set needs section.key=value"),
    ],
)
def test_wrong_option_is_a_sentence(override, sentence):
    with pytest.raises(ConfigError, match=sentence):
        load_config("tiny", [override])


def test_unknown_configuration_lists_those_that_ship():
    with pytest.raises(ConfigError, match="shipped are paper, studio, tiny, vae"):
        load_config("huge")


@pytest.mark.parametrize("content", [b"[train\n", b"\xff\xfe\x00", b"train = 3\n"])
def test_malformed_file_is_a_sentence(tmp_path, content):
    path = tmp_path / "own.toml"
    path.write_bytes(content)

    with pytest.raises(ConfigError, match=r"own\.toml is not valid TOML|table \[train\]"):
        load_config(str(path))


def test_own_file_is_read(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text("[train]\nmax_steps = 3\n")

    assert load_config(str(path), ["train.seed=9"]).train.max_steps == 3
    assert load_config(str(path), ["train.seed=9"]).train.seed == 9


def test_a_fifth_of_both_data_sets_is_held_out():
    persons = held_out_persons()

    assert len(persons) == len(set(persons)) == 24
    assert sum(person.startswith("frl_london/") for person in persons) == 16
    assert sum(person.startswith("canada/") for person in persons) == 8
