"""Weights files: what is written comes back, and everything else is refused with a sentence."""

from __future__ import annotations

import io
import json
import pickle
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fvae_studio.errors import CheckpointError, ModelError, ModelNotFoundError, TemplateMismatchError
from fvae_studio.model import weights
from fvae_studio.model.checkpoint import LoadedModel, load_checkpoint, save_checkpoint
from fvae_studio.model.directions import OPEN_MOUTH, DirectionSet, ExpressionGauge
from fvae_studio.model.weights import SCHEMA, read_header, read_weights
from tests.helpers.tiny_model import TINY_CONFIG, make_parting_model, make_tiny_model, without_directions


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return make_tiny_model()


@pytest.fixture(scope="module")
def saved(model: LoadedModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_checkpoint(path, model)
    return path


def assert_same_model(loaded: LoadedModel, model: LoadedModel, *, tolerance: float = 0.0) -> None:
    for ours, theirs in ((loaded.vae, model.vae), (loaded.confidence, model.confidence)):
        expected = theirs.state_dict()
        state = ours.state_dict()
        assert state.keys() == expected.keys()
        for key, value in expected.items():
            torch.testing.assert_close(state[key], value, rtol=tolerance, atol=tolerance)
    assert list(loaded.directions) == list(model.directions)
    for name, direction in model.directions.items():
        np.testing.assert_allclose(loaded.directions[name].vector, direction.vector, rtol=tolerance, atol=tolerance)
        assert replace(loaded.directions[name], vector=direction.vector).__dict__ == direction.__dict__


def rewrite(
    saved: Path,
    target: Path,
    *,
    header: Callable[[dict[str, Any]], None] = lambda _: None,
    tensors: Callable[[dict[str, torch.Tensor]], None] = lambda _: None,
    sign: bool = True,
) -> Path:
    """A changed copy of a weights file; `sign` makes its checksum right again, as a forger would."""
    content = saved.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    values = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["fvae_studio"])
    arrays = safetensors.torch.load(content)
    header(values)
    tensors(arrays)
    if sign:
        values["sha256"] = weights._digest(values, {key: value.numpy() for key, value in arrays.items()})
    target.write_bytes(safetensors.torch.save(arrays, metadata={"fvae_studio": json.dumps(values)}))
    return target


def test_a_saved_model_comes_back_whole(model: LoadedModel, saved: Path) -> None:
    loaded = load_checkpoint(saved)

    assert_same_model(loaded, model)
    assert replace(loaded.header, sha256="") == model.header
    assert len(loaded.header.sha256) == 64
    assert read_header(saved) == loaded.header


def test_a_model_that_compares_grids_comes_back_whole(tmp_path: Path) -> None:
    compared = make_tiny_model(config=replace(TINY_CONFIG, detail_channels=(3, 2), matching_radius=(1, 2)))
    header = save_checkpoint(tmp_path / "compared.safetensors", compared, half_precision=True)

    loaded = load_checkpoint(tmp_path / "compared.safetensors")

    assert loaded.header == header
    assert_same_model(loaded, compared, tolerance=1e-3)


def test_a_loaded_model_is_ready_for_use(model: LoadedModel, saved: Path) -> None:
    loaded = load_checkpoint(str(saved))
    image = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(1)) * 2 - 1

    assert not loaded.vae.training
    assert not loaded.confidence.training
    assert not any(p.requires_grad for p in [*loaded.vae.parameters(), *loaded.confidence.parameters()])
    with torch.inference_mode():
        assert torch.equal(loaded.vae.encode(image)[0], model.vae.encode(image)[0])


def test_half_precision_halves_the_weights_and_little_else(model: LoadedModel, saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "half.safetensors"
    save_checkpoint(path, model, half_precision=True)
    loaded = load_checkpoint(path)

    # float16 keeps 11 bits: half a unit of 2^-10.
    assert_same_model(loaded, model, tolerance=2**-11)
    assert all(p.dtype == torch.float32 for p in loaded.vae.parameters())
    tensor_bytes, half_bytes = (sum(t.nbytes for t in safetensors.torch.load_file(p).values()) for p in (saved, path))
    assert half_bytes < 0.55 * tensor_bytes


def test_saving_does_not_change_the_model(model: LoadedModel, tmp_path: Path) -> None:
    before = {key: value.clone() for key, value in model.vae.state_dict().items()}
    first = save_checkpoint(tmp_path / "a.safetensors", model, half_precision=True)
    second = save_checkpoint(tmp_path / "b.safetensors", model, half_precision=True)

    assert all(torch.equal(value, before[key]) for key, value in model.vae.state_dict().items())
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    assert first.sha256 == second.sha256


@pytest.mark.parametrize("half_precision", [False, True])
def test_a_gauge_is_kept_to_the_last_bit(model: LoadedModel, tmp_path: Path, half_precision: bool) -> None:
    shape = model.directions.latent_shape
    weights = np.random.default_rng(3).normal(size=shape).astype(np.float32) * np.float32(1e-4)
    smile = replace(model.directions["smile"], gauge=ExpressionGauge(weights, 1.125))
    gauged = replace(model, directions=DirectionSet([smile], latent_shape=shape))
    path = tmp_path / "gauged.safetensors"
    save_checkpoint(path, gauged, half_precision=half_precision)

    gauge = load_checkpoint(path).directions["smile"].gauge

    assert gauge is not None
    assert gauge.bias == 1.125
    np.testing.assert_array_equal(gauge.weights, weights)


def test_what_parts_lips_is_kept(tmp_path: Path) -> None:
    parting = make_parting_model(0.456)
    path = tmp_path / "parting.safetensors"
    save_checkpoint(path, parting)

    assert {name: each.parts for name, each in read_weights(path).directions.items()} == {"smile": 0.456, OPEN_MOUTH: 0}


TRACKED_CONFIG = replace(
    TINY_CONFIG, detail_channels=(3, 2), tracking_channels=3, fine_tracking_channels=2, tracks_contrast=True
)


def sliding_tracked_model(*, leaves_alone: bool) -> LoadedModel:
    """A model whose one slider, and its gauge, leave descriptors alone but for a single number, or altogether."""
    made = make_tiny_model(config=TRACKED_CONFIG)
    rng, tracked = np.random.default_rng(4), TRACKED_CONFIG.tracked
    vector, gauge = rng.normal(size=(2, *TRACKED_CONFIG.latent_shape)).astype(np.float32)
    for values in (vector, gauge):
        values[tracked] = 0
        values[-1, 2, 3] = 0 if leaves_alone else 0.5
    smile = replace(made.directions["smile"], vector=vector, gauge=ExpressionGauge(gauge, 1.125))
    return replace(made, directions=DirectionSet([smile], latent_shape=TRACKED_CONFIG.latent_shape))


@pytest.mark.parametrize("half_precision", [False, True])
@pytest.mark.parametrize("leaves_alone", [False, True])
def test_what_leaves_descriptors_alone_is_stored_without_them(
    tmp_path: Path, leaves_alone: bool, half_precision: bool
) -> None:
    model, path = sliding_tracked_model(leaves_alone=leaves_alone), tmp_path / "tracked.safetensors"
    save_checkpoint(path, model, half_precision=half_precision)
    loaded, wanted = load_checkpoint(path).directions["smile"], model.directions["smile"]
    stored = safetensors.torch.load_file(path)

    channels = TRACKED_CONFIG.tracked.start if leaves_alone else TRACKED_CONFIG.latent_shape[0]
    for key, dtype in (("direction", torch.float16 if half_precision else torch.float32), ("gauge", torch.float32)):
        assert stored[f"{key}.smile"].shape == (channels, *TRACKED_CONFIG.latent_shape[1:])
        assert stored[f"{key}.smile"].dtype == dtype
    np.testing.assert_allclose(loaded.vector, wanted.vector, rtol=2**-11 if half_precision else 0)
    assert loaded.gauge is not None
    assert wanted.gauge is not None
    np.testing.assert_array_equal(loaded.gauge.weights, wanted.gauge.weights)


def with_zeros(saved: Path, target: Path, key: str, channels: int, *, schema: int = SCHEMA) -> Path:
    """A copy of a weights file where so many channels of zeros stand behind one of its tensors."""

    def change(tensors: dict[str, torch.Tensor]) -> None:
        tensors[key] = torch.cat([tensors[key], torch.zeros(channels, *tensors[key].shape[1:])])

    return rewrite(saved, target, header=lambda values: values.update(schema=schema), tensors=change)


@pytest.mark.parametrize("key", ["direction.smile", "gauge.smile"])
def test_what_an_earlier_version_stored_whole_is_read(tmp_path: Path, key: str) -> None:
    model, path = sliding_tracked_model(leaves_alone=True), tmp_path / "now.safetensors"
    save_checkpoint(path, model)
    tracked = TRACKED_CONFIG.tracked
    earlier = with_zeros(path, tmp_path / "earlier.safetensors", key, tracked.stop - tracked.start, schema=6)

    loaded, wanted = load_checkpoint(earlier).directions["smile"], model.directions["smile"]

    np.testing.assert_array_equal(loaded.vector, wanted.vector)
    assert loaded.gauge is not None
    assert wanted.gauge is not None
    np.testing.assert_array_equal(loaded.gauge.weights, wanted.gauge.weights)


@pytest.mark.parametrize("key", ["direction.smile", "gauge.smile"])
@pytest.mark.parametrize("beside", ["more than none", "less than all", "more than all"])
def test_a_slider_with_some_of_the_descriptors_is_refused(tmp_path: Path, key: str, beside: str) -> None:
    path, tracked = tmp_path / "now.safetensors", TRACKED_CONFIG.tracked
    save_checkpoint(path, sliding_tracked_model(leaves_alone=True))
    every = tracked.stop - tracked.start
    channels = {"more than none": 1, "less than all": every - 1, "more than all": every + 1}[beside]

    with pytest.raises(CheckpointError, match="directions make no sense"):
        load_checkpoint(with_zeros(path, tmp_path / "x.safetensors", key, channels))


def test_a_model_without_directions_can_be_saved(model: LoadedModel, tmp_path: Path) -> None:
    path = tmp_path / "bare.safetensors"
    save_checkpoint(path, without_directions(model))

    assert len(load_checkpoint(path).directions) == 0


def test_a_failed_write_leaves_the_old_file(
    model: LoadedModel, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(saved.read_bytes())

    def disk_full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", disk_full)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(path, make_tiny_model(seed=2))

    assert_same_model(load_checkpoint(path), model)
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]


def test_a_header_that_json_cannot_hold_is_refused(model: LoadedModel, tmp_path: Path) -> None:
    for metrics in ({"psnr_db": float("nan")}, {"model": object()}):
        with pytest.raises(ModelError, match="JSON cannot"):
            save_checkpoint(tmp_path / "x.safetensors", replace(model, header=replace(model.header, metrics=metrics)))

    assert list(tmp_path.iterdir()) == []


def test_tuples_and_numbered_keys_in_the_header_do_not_break_the_checksum(model: LoadedModel, tmp_path: Path) -> None:
    training = {"betas": (0.9, 0.999), "steps": {9: "a", 10: "b"}}
    path = tmp_path / "x.safetensors"
    save_checkpoint(path, replace(model, header=replace(model.header, training=training)))

    assert load_checkpoint(path).header.training == {"betas": [0.9, 0.999], "steps": {"9": "a", "10": "b"}}


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="no weights file at"):
        load_checkpoint(tmp_path / "none.safetensors")
    with pytest.raises(ModelNotFoundError):
        load_checkpoint(tmp_path)


class Bomb:
    """Leaves a trace if anybody unpickles it."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("suffix", [".pt", ".pkl", ".safetensors"])
@pytest.mark.parametrize("kind", ["pickle", "torch", "legacy torch"])
def test_a_pickle_is_named_and_never_opened(tmp_path: Path, kind: str, suffix: str) -> None:
    trace, path, buffer = tmp_path / "ran", tmp_path / f"model{suffix}", io.BytesIO()
    if kind == "pickle":
        pickle.dump(Bomb(trace), buffer)
    else:
        torch.save(Bomb(trace), buffer, _use_new_zipfile_serialization=kind == "torch")
    path.write_bytes(buffer.getvalue())

    with pytest.raises(CheckpointError, match="pickles can run code"):
        load_checkpoint(path)
    assert not trace.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "only 0 bytes"),
        (b"{}", "only 2 bytes"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "no safetensors file"),
        (b"GIF89a" + bytes(100), "no safetensors file"),
        (struct.pack("<Q", 5) + b"{\xff\xff}}", "not readable"),
        (struct.pack("<Q", 2) + b"{}", "another program"),
        (struct.pack("<Q", 80) + b"{}" + b" " * 20, "inside its header"),
        (struct.pack("<Q", 100_000) + b'{"a":' + b"[" * 99_995, "not readable"),
        (safetensors.torch.save({"x": torch.zeros(2)}), "another program"),
        (safetensors.torch.save({"x": torch.zeros(2)}, metadata={"format": "pt"}), "another program"),
        (safetensors.torch.save({"x": torch.zeros(2)}, metadata={"fvae_studio": "[1]"}), "not an object"),
        (safetensors.torch.save({"x": torch.zeros(2)}, metadata={"fvae_studio": "{}"}), "not 'fvae-studio-weights'"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)

    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(path)


@pytest.mark.parametrize("keep", [1, 7, 9, 500, 0.3, 0.9])
def test_a_truncated_file_is_refused(saved: Path, tmp_path: Path, keep: float) -> None:
    content, path = saved.read_bytes(), tmp_path / "short.safetensors"
    path.write_bytes(content[: keep if isinstance(keep, int) else int(len(content) * keep)])

    with pytest.raises(CheckpointError):
        load_checkpoint(path)


def test_a_truncated_file_tells_what_is_missing(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "short.safetensors"
    path.write_bytes(saved.read_bytes()[:-10])

    with pytest.raises(CheckpointError, match=r"short\.safetensors is damaged: its last 10 bytes are missing"):
        load_checkpoint(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_byte_never_goes_unnoticed(
    data: st.DataObject, model: LoadedModel, saved: Path, tmp_path: Path
) -> None:
    content = bytearray(saved.read_bytes())
    (length,) = struct.unpack("<Q", content[:8])
    position = data.draw(st.integers(0, 8 + length - 1) | st.integers(8 + length, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "flipped.safetensors"
    path.write_bytes(content)
    try:
        loaded = load_checkpoint(path)
    except ModelError:
        return

    # Some bytes mean nothing, such as a space at the header's end; then nothing may have changed.
    assert_same_model(loaded, model)
    assert replace(loaded.header, sha256="") == model.header


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200), start=st.sampled_from([b"", b"PK", b"\x80\x04", struct.pack("<Q", 20) + b"{"]))
def test_random_bytes_are_refused_as_a_checkpoint(content: bytes, start: bytes, tmp_path: Path) -> None:
    path = tmp_path / "random.safetensors"
    path.write_bytes(start + content)

    with pytest.raises(CheckpointError):
        load_checkpoint(path)


def test_a_changed_weight_breaks_the_checksum(saved: Path, tmp_path: Path) -> None:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        tensors["vae.decoder.head.bias"][0] += 1e-3

    path = rewrite(saved, tmp_path / "x.safetensors", tensors=change, sign=False)
    with pytest.raises(CheckpointError, match="checksum"):
        load_checkpoint(path)


def test_a_changed_licence_breaks_the_checksum(saved: Path, tmp_path: Path) -> None:
    path = rewrite(saved, tmp_path / "x.safetensors", header=lambda values: values["provenance"].clear(), sign=False)
    with pytest.raises(CheckpointError, match="checksum"):
        load_checkpoint(path)


def test_another_template_is_refused(saved: Path, tmp_path: Path) -> None:
    path = rewrite(saved, tmp_path / "x.safetensors", header=lambda values: values.update(template_id="other-1"))
    with pytest.raises(TemplateMismatchError, match=r"'other-1'.*this build aligns faces to 'fvae-eyes-1'"):
        load_checkpoint(path)


def test_another_crop_size_or_preparation_is_refused(saved: Path, tmp_path: Path) -> None:
    path = rewrite(saved, tmp_path / "x.safetensors", header=lambda values: values["config"].update(crop_size=256))
    with pytest.raises(TemplateMismatchError, match="256 px"):
        load_checkpoint(path)
    path = rewrite(saved, tmp_path / "x.safetensors", header=lambda values: values.update(preprocess_version=99))
    with pytest.raises(TemplateMismatchError, match="crop preparation 99"):
        load_checkpoint(path)


def test_a_newer_file_asks_for_an_update(saved: Path, tmp_path: Path) -> None:
    path = rewrite(saved, tmp_path / "x.safetensors", header=lambda values: values.update(schema=SCHEMA + 1))
    with pytest.raises(CheckpointError, match=r"newer FVAE Studio .* Update the program"):
        load_checkpoint(path)


def test_a_file_of_an_earlier_version_is_read(saved: Path, tmp_path: Path) -> None:
    def earlier(values: dict[str, Any]) -> None:
        values["schema"] = 1
        for option in (
            "detail_channels",
            "refinements",
            "encoder_refinements",
            "matching_radius",
            "tracking_channels",
            "fine_tracking_channels",
            "tracks_contrast",
            "contrast_light",
        ):
            del values["config"][option]

    path = rewrite(saved, tmp_path / "x.safetensors", header=earlier)

    assert load_checkpoint(path).header.config == load_checkpoint(saved).header.config


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values.pop("config"),
        lambda values: values.pop("sha256"),
        lambda values: values.update(schema="1"),
        lambda values: values.update(schema=0),
        lambda values: values.update(schema=True),
        lambda values: values.update(name=None),
        lambda values: values.update(provenance=[1]),
        lambda values: values.update(metrics=[]),
        lambda values: values.update(directions=None),
        lambda values: values["config"].update(head="other"),
        lambda values: values["config"].update(latent_channels=5),
        lambda values: values["config"].update(latent_channels=10**18),
        lambda values: values["config"].update(detail_channels=[10**18]),
        lambda values: values["config"].update(refinements=1),
        lambda values: values["config"].update(encoder_refinements=1),
        lambda values: values["config"].update(matching_radius=[1]),
        lambda values: values["config"].update(tracking_channels=1),
        lambda values: values["config"].update(tracking_channels=10**18),
        lambda values: values["config"].update(fine_tracking_channels=1),
        lambda values: values["config"].update(detail_channels=[3], tracking_channels=1, fine_tracking_channels=10**18),
        lambda values: values["config"].update(tracks_contrast=True),
        lambda values: values["config"].update(
            detail_channels=[3], tracking_channels=1, fine_tracking_channels=1, tracks_contrast=1
        ),
        lambda values: values["config"].update(contrast_light=0.2),
        lambda values: values["config"].update(encoder_channels=[4, 4]),
        lambda values: values["directions"][0].pop("label"),
        lambda values: values["directions"][0].update(name="smirk"),
        lambda values: values["directions"][0].update(trusted=[1]),
        lambda values: values["directions"][1].update(mirrored="nobody"),
    ],
)
def test_a_forged_header_is_refused(saved: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    def forge(values: dict[str, Any]) -> None:
        change(values)

    unsigned = "sha256" in change.__code__.co_consts
    path = rewrite(saved, tmp_path / "x.safetensors", header=forge, sign=not unsigned)
    with pytest.raises(CheckpointError):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tensors: tensors.pop("vae.to_mean.weight"), "vae.to_mean.weight is missing"),
        (lambda tensors: tensors.pop("confidence.decoder.head.bias"), "confidence.decoder.head.bias is missing"),
        (lambda tensors: tensors.pop("direction.smile"), "directions make no sense"),
        (lambda tensors: tensors.update({"vae.to_mean.bias": torch.zeros(99)}), r"\(99,\), not \(4,\)"),
        (lambda tensors: tensors.update({"vae.to_mean.bias": torch.zeros(4, dtype=torch.int32)}), "int32"),
        (lambda tensors: tensors.update({"direction.smile": torch.full((4, 4, 4), torch.nan)}), "finite"),
    ],
)
def test_wrong_tensors_are_refused(
    saved: Path, tmp_path: Path, change: Callable[[dict[str, torch.Tensor]], None], message: str
) -> None:
    path = rewrite(saved, tmp_path / "x.safetensors", tensors=change)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(path)
