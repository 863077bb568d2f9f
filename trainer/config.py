"""Training configuration: frozen, from TOML, with `--set section.key=value` on top. All of it goes into checkpoints."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

from fvae_studio.errors import ConfigError
from fvae_studio.model.config import FlowVaeConfig

CONFIGS_DIR: Final = Path(__file__).resolve().parent / "configs"

Section = TypeVar("Section")


@dataclass(frozen=True)
class DataConfig:
    """Which pairs a step sees.

    Attributes:
        pairs: "all": every ordered pair of expressions of one identity.
        validation_share: informative: the split itself is the list in `split.toml`.
        colour_transfer: done when the pairs are prepared.
        flip: mirror half of the pairs.
        rendered_share: of a batch; the rest are real pairs.
        mask_rendered_share: the same for the confidence network; below 0 as `rendered_share`. Rendered pairs know what
            is hidden; real ones are labelled by how well the flow network reproduced them, which calls whatever it
            misplaced hidden.
        lent_share: of a batch's real pairs, lent ones in their place, where there are any (`trainer.lent_expressions`).
        jitter: random affine changes of both images together.
        jitter_share: of the rendered pairs. Where every face is moved, none lies where the detector's alignment puts
            it, and the network gives up the sharp jumps of lids for being right everywhere.
        real_jitter_share: of the real pairs. There are few of them, and each comes many times.
        lid_repeats: how often a rendered pair counts in which lids close or open. One in five does.
        relight: random gain, gamma and shading, apart for the two images; only the networks see them.
        shadow_share: of relit pictures those with a shadow across the face. On 30 of 100 they cost pairs in the same
            light more than they win where everything learns; where motion learns alone, they may be many.
        drift: how far the source moves smoothly against the target, in steps of about 2 crop pixels; only on the
            encoder's path, since codes do not tell of it.
    """

    pairs: Literal["all"] = "all"
    validation_share: float = 0.2
    colour_transfer: bool = True
    flip: bool = True
    rendered_share: float = 0.7
    mask_rendered_share: float = -1.0
    lent_share: float = 0.0
    jitter: bool = True
    jitter_share: float = 1.0
    real_jitter_share: float = 1.0
    lid_repeats: int = 1
    relight: bool = True
    shadow_share: float = 0.1
    drift: float = 0.0


@dataclass(frozen=True)
class LossConfig:
    """Weights of the terms.

    Attributes:
        reduction: "sum": sums over pixels, as the paper writes; "mean": divided by the number of pixels.
        reconstruction_weight: of Eq. 4.
        reconstruction_scales: at how many sizes the images are compared: the crop's, half of it, ...; where a feature
            is further off than its width, only the smaller ones say which way to go.
        prior_weight: of Eq. 3 (lambda 1). With `prior_start` it grows from there over the first half of the training.
        detail_prior: share of that weight on the latent's finer grids. With 1, as on its own grid, those of 16 and 32
            cells carried nothing from a photo: each number there is worth less than its price.
        prior_start: share of `prior_weight` to begin with; 1 keeps it constant.
        kl_half: with the factor 1/2 that the paper's text drops.
        coherence_weight, coherence_alpha, coherence_radius: Eq. 6 (lambda 2).
        coherence_stride: 2 computes Eq. 6 at half size.
        confidence_beta: Eq. 7.
        end_point_weight: distance to the known flow.
        real_weight: how much a real pair's flow counts in it, a rendered one's being 1: DIS found it, and pictures that
            agree (the reconstruction) may know better.
        eye_weight: how much more the flow around the eyes counts there. A blink moves 2 % of the crop: without a weight
            (and with 2) the network left lids alone, with 12 they moved after 150 steps.
        gradient_weight: distance of the flow's differences between neighbours from the known ones; sharpens lids and
            lips, which a distance alone leaves to be blurred.
        edit_weight: share of rendered pairs that take the edit path, mean(S) + W e.
        latent_weight: distance of mean(T) - mean(S) from W e on the latent's own grid; trains the encoder only.
        matching_weight: cross entropy of what finer grids are found to match (`model.matching_radius`) and where the
            known flow comes from; says to the encoder what a grid is for.
        tracking_weight: distance of what is tracked (`model.tracking_channels`) from the known flow, on the encoder's
            path of every pair.
        fold_weight: penalty on a Jacobian below `fold_margin`.
        fold_margin: see above.
        hidden_weight: weight of pixels that the source does not show, in the end-point term.
    """

    reduction: Literal["sum", "mean"] = "mean"
    reconstruction_weight: float = 1.0
    reconstruction_scales: int = 1
    prior_weight: float = 3e-5
    detail_prior: float = 1.0
    prior_start: float = 1.0
    kl_half: bool = True
    coherence_weight: float = 0.0
    coherence_alpha: float = 10.0
    coherence_radius: int = 3
    coherence_stride: int = 1
    confidence_beta: float = 0.1
    end_point_weight: float = 0.0
    real_weight: float = 1.0
    eye_weight: float = 0.0
    gradient_weight: float = 0.0
    edit_weight: float = 0.0
    latent_weight: float = 0.0
    matching_weight: float = 0.0
    tracking_weight: float = 0.0
    fold_weight: float = 0.0
    fold_margin: float = 0.15
    hidden_weight: float = 0.3


@dataclass(frozen=True)
class OptimConfig:
    """The optimiser.

    Attributes:
        method: "adam" (the paper) or "adamw".
        schedule: "constant" or "cosine" (with a short warm-up).
        clip_value: cut every component of the gradient (the paper); 0 for none.
        clip_norm: scale the gradient down to this norm; 0 for none.
    """

    method: Literal["adam", "adamw"] = "adamw"
    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.01
    schedule: Literal["constant", "cosine"] = "cosine"
    clip_value: float = 0.0
    clip_norm: float = 1.0


@dataclass(frozen=True)
class TrainSettings:
    """The run.

    Attributes:
        batch_size: pairs in a batch; a step takes one batch of every process, times `accumulate`.
        accumulate: batches in a step, of each process. Two processes take the same steps as one that accumulates twice
            as many batches.
        max_epochs: upper end where `max_steps` is 0; an epoch is one pass over the training pairs.
        max_steps: of the optimiser.
        mask_steps: of the confidence network's training.
        early_stopping: stop after `patience` evaluations without a better held-out loss.
        patience: see above.
        evaluate_every: steps between evaluations (and checkpoints).
        save_minutes: between checkpoints where evaluations are further apart.
        precision: Lightning Fabric's name: "32-true", "bf16-mixed", ...
        seed: of everything random.
        ema: decay of the averaged weights that are evaluated and released; 0 for none.
        compile: `torch.compile` the step; needs a C++ compiler on a processor, and a minute or two to begin.
        channels_last: keep images as B, H, W, C in memory: for GPUs in half precision.
        learns: "motion": nothing but what the flow's decoder reads of what was tracked, and how far that is believed;
            edits stay bit for bit as they were (`trainer.motion_only`). "edits": all but the encoder; a pair
            costs half then (`trainer.edits_only`).
        workers: processes that load and augment batches; -1 for none on a processor and a few beside a GPU.
    """

    batch_size: int = 32
    accumulate: int = 1
    max_epochs: int = 0
    max_steps: int = 8000
    mask_steps: int = 1500
    early_stopping: bool = False
    patience: int = 10
    evaluate_every: int = 500
    save_minutes: float = 10.0
    precision: str = "bf16-mixed"
    seed: int = 1
    ema: float = 0.998
    compile: bool = False
    channels_last: bool = False
    learns: Literal["all", "edits", "motion"] = "all"
    workers: int = -1

    def __post_init__(self) -> None:
        for name in ("batch_size", "accumulate", "evaluate_every", "mask_steps"):
            if getattr(self, name) < 1:
                raise ConfigError(f"train.{name} is {getattr(self, name)}; it must be at least 1")
        if self.max_steps < 1 and self.max_epochs < 1:
            raise ConfigError("train.max_steps and train.max_epochs are both 0; one of them must end the training")
        if not 0 <= self.ema < 1:
            raise ConfigError(f"train.ema is {self.ema}; it must lie in [0, 1)")


@dataclass(frozen=True)
class TrainConfig:
    """All of it."""

    model: FlowVaeConfig = field(default_factory=FlowVaeConfig)
    data: DataConfig = field(default_factory=DataConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)
    train: TrainSettings = field(default_factory=TrainSettings)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self) | {"model": self.model.to_dict()}

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> TrainConfig:
        """From the tables of a TOML file.

        Raises:
            ConfigError: an unknown table or key, or a value of the wrong kind.
        """
        sections = {"data": DataConfig, "loss": LossConfig, "optim": OptimConfig, "train": TrainSettings}
        unknown = sorted(set(values) - set(sections) - {"model"})
        if unknown:
            raise ConfigError(f"unknown tables {unknown}; known are model, {', '.join(sections)}")
        for name, table in values.items():
            if not isinstance(table, Mapping):
                raise ConfigError(f"{name} is {table!r}; a table [{name}] of options was expected")
        parts: dict[str, Any] = {name: _section(kind, values.get(name, {})) for name, kind in sections.items()}
        return TrainConfig(model=FlowVaeConfig.from_dict(values.get("model", {})), **parts)


def load_config(name: str, overrides: Sequence[str] = ()) -> TrainConfig:
    """Read a shipped configuration by name ("studio", "paper", "vae", "tiny") or a TOML file by path.

    Args:
        name: of a shipped configuration, or the path of a file that ends in .toml.
        overrides: "section.key=value" with a TOML value.

    Raises:
        ConfigError: no such configuration, or a malformed one.
    """
    path = Path(name) if name.endswith(".toml") else CONFIGS_DIR / f"{name}.toml"
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        known = ", ".join(sorted(item.stem for item in CONFIGS_DIR.glob("*.toml") if item.stem != "split"))
        raise ConfigError(f"no configuration {name!r}; shipped are {known}, or give the path of a TOML file") from error
    except ValueError as error:  # not TOML, or not even text
        raise ConfigError(f"{path.name} is not valid TOML: {error}") from error
    for override in overrides:
        key, _, text = override.partition("=")
        section, _, option = key.strip().partition(".")
        if not option or not text:
            raise ConfigError(f"--set needs section.key=value, not {override!r}")
        try:
            value = tomllib.loads(f"v = {text}")["v"]
        except tomllib.TOMLDecodeError:
            value = text
        table = values.setdefault(section, {})
        if isinstance(table, dict):  # otherwise `from_dict` says what is wrong
            table[option.strip()] = value
    return TrainConfig.from_dict(values)


def held_out_persons() -> tuple[str, ...]:
    """The fixed list of people that no training step sees (`configs/split.toml`)."""
    return tuple(tomllib.loads((CONFIGS_DIR / "split.toml").read_text(encoding="utf-8"))["held_out"])


def _section(kind: type[Section], values: Mapping[str, Any]) -> Section:
    hints = get_type_hints(kind)
    known = [item.name for item in fields(kind)]  # type: ignore[arg-type]  # all sections are dataclasses
    for key, value in values.items():
        if key not in known:
            raise ConfigError(f"unknown option {key!r} in {kind.__name__}; known are {', '.join(known)}")
        _check(key, value, hints[key])
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})


def _check(key: str, value: object, hint: Any) -> None:
    # A choice that is none would silently mean another one.
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise ConfigError(f"{key} is {value!r}; it must be one of {', '.join(map(repr, get_args(hint)))}")
    elif get_origin(hint) is tuple:
        if not isinstance(value, (list, tuple)) or len(value) != len(get_args(hint)):
            raise ConfigError(f"{key} is {value!r}; a list of {len(get_args(hint))} numbers was expected")
        for part, wanted in zip(value, get_args(hint), strict=True):
            _check(key, part, wanted)
    else:
        fits = isinstance(value, (int, float) if hint is float else hint)
        if not fits or (isinstance(value, bool) and hint is not bool):
            kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
            raise ConfigError(f"{key} is {value!r}; {kinds[hint]} was expected")
