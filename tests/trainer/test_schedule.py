"""The optimiser's groups, and states of runs that began before a group was there."""

from __future__ import annotations

import pytest
import torch

from tests.trainer.pairs import CODE_NAMES
from trainer.config import load_config
from trainer.schedule import GAIN_RATE, make_optimizer, regrouped
from trainer.step import EditableFlowVae

CONFIG = load_config("tiny", ["model.refinements=1", "model.encoder_refinements=2"])


@pytest.fixture
def network() -> EditableFlowVae:
    return EditableFlowVae(CONFIG.model, code_size=len(CODE_NAMES))


def names_of(group, network):
    by_id = {id(value): name for name, value in network.named_parameters()}
    return [by_id[id(value)] for value in group["params"]]


def test_every_parameter_is_in_one_group_and_only_kernels_decay(network):
    groups = make_optimizer(CONFIG, network).param_groups

    found = [name for group in groups for name in names_of(group, network)]
    assert sorted(found) == sorted(name for name, _ in network.named_parameters())
    decayed, others, gains = groups
    assert decayed["weight_decay"] > 0
    assert others["weight_decay"] == gains["weight_decay"] == 0
    assert "raw_axes" in names_of(others, network)
    assert all(value.ndim == 4 for value in decayed["params"])


def test_gains_that_begin_at_0_go_faster(network):
    *_, gains = make_optimizer(CONFIG, network).param_groups

    assert gains["share"] == GAIN_RATE > 1
    assert len(gains["params"]) == 1 + 2 * 2
    assert not any(value.any() for value in gains["params"])


def test_state_of_an_optimiser_without_that_group_is_read(network):
    decayed, others, gains = make_optimizer(CONFIG, network).param_groups
    fast = {id(value) for value in gains["params"]}
    slow = {id(value) for value in others["params"]}
    together = [value for value in network.parameters() if id(value) in fast | slow]
    before = torch.optim.AdamW([{"params": decayed["params"]}, {"params": together, "weight_decay": 0.0}])
    for number, value in enumerate(network.parameters()):
        value.grad = torch.full_like(value, number + 1.0)
    before.step()

    now = make_optimizer(CONFIG, network)
    now.load_state_dict(regrouped(before.state_dict(), network))

    assert now.param_groups[2]["share"] == GAIN_RATE
    for value in network.parameters():
        torch.testing.assert_close(now.state[value]["exp_avg"], before.state[value]["exp_avg"])
