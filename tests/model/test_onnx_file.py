"""What is written is what ONNX Runtime reads."""

from __future__ import annotations

import numpy as np
import pytest

from fvae_studio.model.onnx_file import OnnxGraph
from fvae_studio.model.onnx_networks import make_session


def test_operators_constants_attributes_and_named_sizes():
    graph = OnnxGraph("test")
    x = graph.input("x", ("N", 2, 5))
    doubled = graph.apply("Mul", x, graph.constant(np.array([2.0], np.float32)))
    shaped = graph.apply("Reshape", doubled, graph.constant(np.array([-1, 10], np.int64)))
    graph.output(graph.apply("LeakyRelu", shaped, alpha=0.25), "y", ("N", 10))
    values = np.random.default_rng(0).normal(size=(300, 2, 5)).astype(np.float32)

    (found,) = make_session(graph.to_bytes()).run(None, {"x": values})

    wanted = 2 * values.reshape(300, 10)
    np.testing.assert_allclose(found, np.where(wanted < 0, wanted / 4, wanted), rtol=1e-6)


def test_sizes_and_negative_numbers_are_told():
    graph = OnnxGraph("test")
    joined = graph.apply("Concat", graph.input("a", (1, 300)), graph.input("b", (1, 20)), axis=-1)
    graph.output(joined, "y", (1, 320))

    session = make_session(graph.to_bytes())

    assert [(one.name, one.shape, one.type) for one in session.get_inputs()] == [
        ("a", [1, 300], "tensor(float)"), ("b", [1, 20], "tensor(float)"),
    ]  # fmt: skip
    assert session.get_outputs()[0].shape == [1, 320]


def test_a_graph_that_makes_no_sense_is_refused_by_the_runtime():
    graph = OnnxGraph("test")
    graph.output(graph.apply("NoSuchOperator", graph.input("x", (1,))), "y", (1,))

    with pytest.raises(Exception, match="No Op registered for NoSuchOperator"):
        make_session(graph.to_bytes())
