"""Pairs whose flow is known because a formula made them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from fvae_studio.model.warp import warp
from tests.helpers.synthetic_face import EXPRESSION_NAMES
from trainer.dataset import PairBatch
from trainer.shards import REAL, RENDERED, RENDERED_REVERSE, Shard, write_shard

SIZE = 128
CODE_NAMES = (*EXPRESSION_NAMES, "yaw", "pitch", "roll")


def shaded_blobs(count: int, *, seed: int = 0) -> torch.Tensor:
    """(count, 3, S, S) in [-1, 1]: soft blobs on a slope of light."""
    generator = torch.Generator().manual_seed(seed)
    images = F.interpolate(
        torch.rand(count, 3, 12, 12, generator=generator), size=(SIZE, SIZE), mode="bicubic", align_corners=False
    )
    slope = torch.linspace(0.8, 1.1, SIZE)[None, None, :, None]
    return (images * slope).clamp(0, 1) * 2 - 1


def bump_flow(count: int, *, seed: int = 0, largest: float = 5.0) -> torch.Tensor:
    """(count, 2, S, S): one soft push per pair, zero at the border."""
    generator = torch.Generator().manual_seed(seed + 1)
    axis = torch.arange(SIZE, dtype=torch.float32)
    centre = 40 + 48 * torch.rand(count, 2, generator=generator)
    push = (torch.rand(count, 2, generator=generator) * 2 - 1) * largest
    x, y = axis[None, None, :] - centre[:, 0, None, None], axis[None, :, None] - centre[:, 1, None, None]
    return push[:, :, None, None] * torch.exp(-(x**2 + y**2) / (2 * 13.0**2))[:, None]


def make_batch(count: int = 6, *, seed: int = 0) -> PairBatch:
    """Pairs for which warp(source, flow) is the target."""
    source, flow = shaded_blobs(count, seed=seed), bump_flow(count, seed=seed)
    generator = torch.Generator().manual_seed(seed + 2)
    return PairBatch(
        source,
        warp(source, flow),
        flow,
        (flow.norm(dim=1, keepdim=True) < 1).float(),
        torch.randn(count, len(CODE_NAMES), generator=generator),
        torch.zeros(count, dtype=torch.bool),
    )


def make_shard(
    *,
    people: Sequence[str] = ("p/a", "p/b", "p/c"),
    held_out: Sequence[str] = ("p/c",),
    per_person: int = 8,
    seed: int = 0,
) -> Shard:
    """Rendered pairs both ways whose code tells their flow, and two real pairs of each person."""
    count = len(people) * per_person
    photos = shaded_blobs(len(people), seed=seed)
    owner = torch.arange(count) // per_person
    flow = bump_flow(count, seed=seed)
    rendered = warp(photos[owner], flow)
    # Small smooth pushes: minus the flow is the way back to a fraction of a pixel.
    images = torch.cat([photos, rendered])
    source = torch.cat([owner, torch.arange(count) + len(people)])
    target = torch.cat([torch.arange(count) + len(people), owner])
    kind = np.array([RENDERED] * count + [RENDERED_REVERSE] * count, np.int8)
    code = np.zeros((count, len(CODE_NAMES)), np.float32)
    peak = flow.flatten(2).abs().max(dim=2).indices
    for row in range(count):
        code[row, :2] = [flow[row, axis].flatten()[peak[row, axis]] / 5 for axis in range(2)]
    first = torch.arange(len(people)) * per_person
    real_source, real_target = torch.arange(len(people)), first + len(people)
    flows = torch.cat([flow, -flow, flow[first], -flow[first]])
    persons = torch.cat([owner, owner, torch.arange(len(people)), torch.arange(len(people))]).numpy()
    return Shard(
        images=_bytes(images),
        flows=flows.permute(0, 2, 3, 1).numpy().astype(np.float16),
        visible=np.full((len(flows), SIZE, SIZE), 255, np.uint8),
        source=torch.cat([source, real_source, real_target]).numpy(),
        target=torch.cat([target, real_target, real_source]).numpy(),
        code=np.concatenate([code, -code, code[first], -code[first]]),
        kind=np.concatenate([kind, np.full(2 * len(people), REAL, np.int8)]),
        person=persons,
        held_out=np.array([people[number] in held_out for number in persons]),
        code_names=CODE_NAMES,
        persons=tuple(people),
    )


def _bytes(images: torch.Tensor) -> NDArray[np.uint8]:
    return torch.round((images + 1) * 127.5).byte().permute(0, 2, 3, 1).contiguous().numpy()


def write_shards(root: Path, *shards: Shard) -> Path:
    """`root`, with these shards in it."""
    for number, shard in enumerate(shards):
        write_shard(root / f"s{number}", shard)
    return root
