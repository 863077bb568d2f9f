"""Every number that changes tensor shapes or what they mean. Travels in the header of a weights file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import accumulate, pairwise
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from fvae_studio.errors import ConfigError

DISPLACEMENT_GAIN: Final = 0.1
"""Before the tanh of a displacement: one step of Adam moves the last layer's output by about 1, which would be tens of
pixels, and training that begins with folded faces takes long to recover."""


TRACKING_STEPS: Final = 2
"""Of `tracking.Tracking` on a grid, each from where the one before it arrived. One on a grid of half the size comes
before the first of them, for what has moved by more than a cell."""


GREY: Final = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in how light something is."""

CONTRAST_REDUCTION: Final = 4
CONTRAST_WINDOW: Final = 9
"""Cells over which a photo's local contrast takes mean and variance, on a grid that is smaller by the first number."""

CONTRAST_FLOOR: Final = 0.02
"""Added to that variance, of pixels in [-1, 1]: where a photo shows nothing, its noise is no contrast."""


LIGHT_WINDOW: Final = 7
"""Cells to a side over which a difference of contrast is averaged, to tell light from motion
(`FlowVaeConfig.contrast_light`): an odd number."""


FLOW_TOLD: Final = 3
"""Numbers of a cell that tell a flow: x, y, and how much it stretches (`seen_flow`)."""

SEEN_FLOW_PX: Final = 4.0
"""Crop pixels that count as 1 where a network is told a flow: what faces move by then is about 1."""

LEAST_STRETCH: Final = 0.05
LARGEST_STRETCH: Final = 4.0
"""What a flow that folds or tears does beyond them says nothing more."""


def detail_slices(latent_channels: int, detail_channels: Sequence[int]) -> tuple[slice, ...]:
    """Where each finer grid lies among the channels of a latent (C, h, w), the one of twice the size first.

    Its channels come one after another, each as 4, 16, ... channels: the cells that lie in one of the latent's own.
    """
    stops = accumulate(
        (count << (2 * level) for level, count in enumerate(detail_channels, 1)), initial=latent_channels
    )
    return tuple(slice(first, last) for first, last in pairwise(stops))


def matching_moves(radius: int) -> list[tuple[int, int]]:
    """(x, y) in cells of all K = (2 radius + 1)^2 cells that a cell is compared with, row by row."""
    reach = range(-radius, radius + 1)
    return [(x, y) for y in reach for x in reach]


def descriptor_slices(
    latent_channels: int, detail_channels: Sequence[int], tracking_channels: Sequence[int]
) -> tuple[slice, ...]:
    """Where the descriptors lie, behind the finer grids: packed like the finest of them, and each like one finer still.

    Args:
        latent_channels: of the latent's own grid.
        detail_channels: of its finer grids.
        tracking_channels: of the grids of descriptors, the coarsest first.
    """
    stops = accumulate(
        (count << (2 * level) for level, count in enumerate(tracking_channels, len(detail_channels))),
        initial=_behind_details(latent_channels, detail_channels),
    )
    return tuple(slice(start, stop) for start, stop in pairwise(stops))


def _behind_details(latent_channels: int, detail_channels: Sequence[int]) -> int:
    """The first channel behind the finer grids."""
    first: int = (slice(latent_channels), *detail_slices(latent_channels, detail_channels))[-1].stop
    return first


_MAY_BE_NONE: Final = ("refinements", "encoder_refinements", "tracking_channels", "fine_tracking_channels")
"""Counts that may be 0."""


@dataclass(frozen=True)
class FlowVaeConfig:
    """Architecture of the flow VAE and its confidence network.

    The defaults are the paper's (section 5.3 and Figure 3 as far as the text tells it: 128 x 128 input, channels
    double as the size halves, latent block 4 x 4 x 1024). Its figure is not machine-readable; what it leaves open is
    decided in `docs/adr/0004-the-papers-open-points.md`.

    Attributes:
        crop_size: side of the input in pixels.
        stem_stride: stride of the first 5 x 5 convolution: 1 in the paper; 2 saves all the work at full size.
        encoder_channels: channels after the first convolution and after each halving, down to the latent grid.
        decoder_channels: channels after each doubling, from the latent grid upwards.
        latent_channels: channels of the latent grid, 4 x 4.
        detail_channels: channels of the latent's finer grids, 8 x 8 first; none in the paper. They travel in the same
            (C, 4, 4) array, four cells of the 8 x 8 grid and sixteen of the next one in a cell, so that all that adds
            and keeps latents sees one array. The flow's decoder takes them as differences from the photo's own
            (`docs/adr/0016-finer-latents.md`).
        refinements: how many levels of the flow's decoder, from the coarsest on, have a second convolution that is
            added to what the first one made (a residual); none in the paper.
        encoder_refinements: the same for the flow's two encoders, from their coarsest level on.
        matching_radius: how far, in cells, the flow's decoder compares a finer grid with the photo's own around each
            cell; one number for each grid that is compared, 8 x 8 first (`docs/adr/0018-matching.md`). None in the
            paper.
        tracking_channels: descriptors of a photo, on a grid like the finest of `detail_channels`, that the decoder of
            the flow finds in the other photo (`docs/adr/0019-tracking.md`). Sliders leave them alone. None in the
            paper.
        fine_tracking_channels: further descriptors, on a grid of twice the size, that are looked for from where the
            others were found (`docs/adr/0021-finer-tracking.md`). None in the paper.
        tracks_contrast: the same once more, on a grid of twice the size again, by what the picture itself shows there:
            its local contrast, one number a cell (`docs/adr/0023-finest-tracking.md`). Not in the paper.
        contrast_light: how large a difference of contrast, mean over 7 x 7 cells, is half taken for light and not for
            motion there (`tracking.without_light`); 0: all of it for motion. A shadow on one of two photos changes
            contrast on one side of its edge, what moves changes it both ways.
        confidence_encoder_channels: as `encoder_channels`, for the confidence network's own source encoder.
        confidence_decoder_channels: as `decoder_channels`, for the confidence network.
        confidence_sees_flow: whether it is told what the flow is that it judges, and how much that stretches
            (`docs/adr/0027-the-confidence-sees-the-flow.md`). Not in the paper.
        output: "absolute": tanh gives the normalised position to sample (the paper); "displacement": tanh gives the
            normalised displacement, times `displacement_range`; "rgb": tanh gives the picture itself, the paper's VAE,
            which only the trainer knows (`trainer.baselines.rgb_vae`).
        displacement_range: largest displacement, in halves of the crop.
        head: "same": the last convolution works at the last decoder size (the paper); "pixel_shuffle": it predicts
            2 x 2 output cells at once, so that full-size detail costs half-size convolutions.
        init: "truncated_normal": N(0, 0.01) as in the paper; "kaiming": He et al. 2015.
        upsampling: "nearest" (the paper) or "bilinear", between decoder levels.
    """

    crop_size: int = 128
    stem_stride: int = 1
    encoder_channels: tuple[int, ...] = (32, 64, 128, 256, 512, 1024)
    decoder_channels: tuple[int, ...] = (512, 256, 128, 64, 32)
    latent_channels: int = 1024
    detail_channels: tuple[int, ...] = ()
    refinements: int = 0
    encoder_refinements: int = 0
    matching_radius: tuple[int, ...] = ()
    tracking_channels: int = 0
    fine_tracking_channels: int = 0
    tracks_contrast: bool = False
    contrast_light: float = 0.0
    confidence_encoder_channels: tuple[int, ...] = (32, 64, 128, 256, 512, 1024)
    confidence_decoder_channels: tuple[int, ...] = (512, 256, 128, 64, 32)
    confidence_sees_flow: bool = False
    output: Literal["absolute", "displacement", "rgb"] = "absolute"
    displacement_range: float = 1.0
    head: Literal["same", "pixel_shuffle"] = "same"
    init: Literal["truncated_normal", "kaiming"] = "truncated_normal"
    upsampling: Literal["nearest", "bilinear"] = "nearest"

    def __post_init__(self) -> None:
        self._check_kinds()
        for encoder, decoder, name in (
            (self.encoder_channels, self.decoder_channels, "encoder"),
            (self.confidence_encoder_channels, self.confidence_decoder_channels, "confidence encoder"),
        ):
            halvings = len(encoder) - 1
            if halvings < 1 or self.crop_size % (self.stem_stride << halvings):
                raise ConfigError(f"{name}: {self.crop_size} px cannot be halved {halvings} times after the stem")
            if len(decoder) != halvings:
                raise ConfigError(f"{name} halves {halvings} times, but its decoder doubles {len(decoder)} times")
        if len(self.encoder_channels) != len(self.confidence_encoder_channels):
            raise ConfigError("the confidence network needs as many levels as the flow network: they share the latent")
        if len(self.detail_channels) > len(self.decoder_channels) - 1:
            raise ConfigError(
                f"detail_channels names {len(self.detail_channels)} finer grids; a decoder that doubles "
                f"{len(self.decoder_channels)} times takes {len(self.decoder_channels) - 1} at most"
            )
        if len(self.matching_radius) > len(self.detail_channels):
            raise ConfigError(
                f"matching_radius names {len(self.matching_radius)} finer grids, detail_channels "
                f"{len(self.detail_channels)}; only a grid that is there can be compared"
            )
        if self.tracking_channels < 0 or (self.tracking_channels and not self.detail_channels):
            raise ConfigError(
                f"tracking_channels is {self.tracking_channels}; descriptors lie on a grid like the finest of "
                "detail_channels, of which there has to be one, and their number is not negative"
            )
        self._check_fine_tracking()
        if not 0 <= self.refinements < len(self.decoder_channels):
            raise ConfigError(
                f"refinements is {self.refinements}; a decoder that doubles {len(self.decoder_channels)} times takes "
                f"0 to {len(self.decoder_channels) - 1}"
            )
        if not 0 <= self.encoder_refinements <= len(self.encoder_channels):
            raise ConfigError(
                f"encoder_refinements is {self.encoder_refinements}; an encoder of {len(self.encoder_channels)} levels "
                f"takes 0 to {len(self.encoder_channels)}"
            )
        if not 0 < self.displacement_range <= 2:
            raise ConfigError(f"displacement_range is {self.displacement_range}; it must lie in (0, 2]")

    def _check_fine_tracking(self) -> None:
        if self.fine_tracking_channels < 0 or (self.fine_tracking_channels and not self.tracking_channels):
            raise ConfigError(
                f"fine_tracking_channels is {self.fine_tracking_channels}; they are looked for from where those of "
                "tracking_channels were found, of which there have to be some, and their number is not negative"
            )
        if self.tracks_contrast and not self.fine_tracking_channels:
            raise ConfigError(
                "tracks_contrast is true; contrast is looked for from where fine_tracking_channels were found, of "
                "which there have to be some"
            )
        if self.tracks_contrast and self.crop_size % (4 * self.tracking_size):
            raise ConfigError(
                f"tracks_contrast is true, but a crop of {self.crop_size} px has no grid of {4 * self.tracking_size} "
                "cells to a side; use fewer detail_channels"
            )
        if not 0 <= self.contrast_light < float("inf") or (self.contrast_light and not self.tracks_contrast):
            raise ConfigError(
                f"contrast_light is {self.contrast_light}; it is a difference of contrast, not negative, and 0 where "
                "tracks_contrast is false"
            )

    def _check_kinds(self) -> None:
        # A file or a TOML can hold anything; a string that is no choice would silently mean the other one.
        hints = get_type_hints(FlowVaeConfig)
        for field in fields(self):
            value, hint = getattr(self, field.name), hints[field.name]
            if get_origin(hint) is Literal:
                if value not in get_args(hint):
                    raise ConfigError(f"{field.name} is {value!r}; it must be one of {', '.join(get_args(hint))}")
                continue
            if hint is bool:
                if type(value) is not bool:
                    raise ConfigError(f"{field.name} is {value!r}; it must be true or false")
                continue
            if hint is float:
                if isinstance(value, bool) or not isinstance(value, (int, float)):
                    raise ConfigError(f"{field.name} is {value!r}; it must be a number")
                continue
            if field.name in _MAY_BE_NONE:
                if type(value) is not int:
                    raise ConfigError(f"{field.name} is {value!r}; it takes a whole number")
                continue
            counts = (value,) if hint is int else value
            if not isinstance(counts, tuple) or not all(type(count) is int and count > 0 for count in counts):
                raise ConfigError(f"{field.name} is {value!r}; it takes positive whole numbers")

    @property
    def latent_size(self) -> int:
        """Side of the latent grid: 4 for 128 px and five halvings."""
        return self.crop_size // (self.stem_stride << (len(self.encoder_channels) - 1))

    @property
    def latent_shape(self) -> tuple[int, int, int]:
        """(C, h, w) of one latent."""
        return self.tracked.stop, self.latent_size, self.latent_size

    @property
    def descriptors(self) -> tuple[slice, ...]:
        """Channels of a latent (C, h, w) that hold descriptors, for each of their grids; the coarsest first."""
        return descriptor_slices(self.latent_channels, self.detail_channels, self.all_tracking_channels)

    @property
    def all_tracking_channels(self) -> tuple[int, ...]:
        """Descriptors of a cell, for each of their grids; the coarsest first, none where there is no such grid."""
        counts = (self.tracking_channels, self.fine_tracking_channels, int(self.tracks_contrast))
        return tuple(count for count in counts if count)

    @property
    def tracked(self) -> slice:
        """Channels of a latent (C, h, w) that sliders leave alone: the descriptors, last of all; empty without them."""
        first = _behind_details(self.latent_channels, self.detail_channels)
        return slice(first, self.descriptors[-1].stop if self.descriptors else first)

    @property
    def tells_cells_apart(self) -> bool:
        """Whether the decoder's last layer, which predicts 2 x 2 cells of the flow at once, is told what moved in each.

        That is where it is known; else it is told what moved in all of them.
        """
        finest = self.tracking_size << 2
        return self.tracks_contrast and self.head == "pixel_shuffle" and self.flow_size == finest

    def motions_told(self, level: int) -> int:
        """How many numbers a layer of the flow's decoder is told of what was tracked.

        Args:
            level: of the layer, from the coarsest on; the one behind all doublings is the head.
        """
        if not self.tracking_channels:
            return 0
        return 8 if self.tells_cells_apart and level == len(self.decoder_channels) else 2

    def flow_told(self, level: int) -> int:
        """How many numbers a layer of the confidence's decoder is told of the flow; levels as of `motions_told`."""
        if not self.confidence_sees_flow:
            return 0
        is_told_apart = self.head == "pixel_shuffle" and level == len(self.confidence_decoder_channels)
        return 4 * FLOW_TOLD if is_told_apart else FLOW_TOLD

    @property
    def tracking_size(self) -> int:
        """Side of the descriptors' grid, the coarsest one."""
        return self.latent_size << len(self.detail_channels)

    @property
    def flow_size(self) -> int:
        """Side of the predicted flow grid."""
        size = self.latent_size << len(self.decoder_channels)
        return size * 2 if self.head == "pixel_shuffle" else size

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> FlowVaeConfig:
        """From JSON or TOML.

        Raises:
            ConfigError: an unknown key or a value of the wrong kind.
        """
        known = {field.name for field in fields(FlowVaeConfig)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ConfigError(f"unknown model options {unknown}; known are {sorted(known)}")
        plain: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
        }
        return FlowVaeConfig(**plain)
