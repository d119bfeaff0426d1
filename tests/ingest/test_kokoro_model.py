"""The faster forms of the int8 model compute what the model computes, tried on a small network of its kind."""

from pathlib import Path

import pytest

numpy = pytest.importorskip("numpy", reason="the engines' packages are not installed")
onnx = pytest.importorskip("onnx", reason="the engines' packages are not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the engines' packages are not installed")

from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: E402

from systems.kokoro.kokoro_tts import graph, weights  # noqa: E402

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def quantised(tmp_path_factory) -> Path:
    """Two convolutions over time, one dilated and padded with a bias, one strided, as dynamic quantisation has them."""
    rng, folder = numpy.random.default_rng(1), tmp_path_factory.mktemp("model")
    constants = {"w1": (8, 4, 3), "b1": (8,), "w2": (6, 8, 2)}
    tensors = [
        onnx.numpy_helper.from_array(rng.normal(size=shape).astype("float32"), name)
        for name, shape in constants.items()
    ]
    nodes = [
        onnx.helper.make_node("Conv", ["x", "w1", "b1"], ["h"], kernel_shape=[3], dilations=[3], pads=[2, 4]),
        onnx.helper.make_node("Conv", ["h", "w2"], ["y"], kernel_shape=[2], strides=[2]),
    ]
    x = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 4, "time"])
    y = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)
    model = onnx.helper.make_model(
        onnx.helper.make_graph(nodes, "small", [x], [y], tensors), opset_imports=[onnx.helper.make_opsetid("", 17)]
    )
    model.ir_version = 8
    onnx.save(model, str(folder / "float.onnx"))
    quantize_dynamic(str(folder / "float.onnx"), str(folder / "int8.onnx"), weight_type=QuantType.QUInt8)
    return folder / "int8.onnx"


def answer(model: Path):
    x = numpy.random.default_rng(2).normal(size=(1, 4, 50)).astype("float32")
    return onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]


def kinds(model: Path) -> list[str]:
    return [node.op_type for node in onnx.load(str(model)).graph.node]


@pytest.mark.parametrize(("form", "left"), [("products", 1), ("float", 0)])
def test_a_faster_form_computes_the_same(quantised, tmp_path, form, left):
    graph.convert(quantised, tmp_path / "faster.onnx", form)
    assert (kinds(quantised).count("ConvInteger"), kinds(tmp_path / "faster.onnx").count("ConvInteger")) == (2, left)
    expected, got = answer(quantised), answer(tmp_path / "faster.onnx")
    assert expected.shape == got.shape
    assert numpy.abs(expected - got).max() < 0.03 * numpy.abs(expected).max()


@pytest.mark.parametrize(
    ("flags", "form"), [("fpu avx2 avx512_vnni", "products"), ("fpu avx2", "float"), ("asimddp", "products")]
)
def test_the_form_is_the_one_that_the_processor_computes_fast_and_exactly(tmp_path, flags, form):
    (tmp_path / "cpuinfo").write_text(f"model name : x\nflags : {flags}\n")
    assert weights.form(tmp_path / "cpuinfo") == form
    assert weights.form(tmp_path / "missing") == "float"
