"""Rewrites the int8 convolutions of an ONNX model, which onnxruntime computes slowly, into faster forms.

`products`: convolutions become one product of matrices each, of the same bytes: the same result, and about
0.65 of the time where the processor has byte products (VNNI). On others such products may overflow.
`float`: weights and arithmetic in float: three times the file, and faster than int8 where there is no VNNI.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import onnx
from onnx import helper, numpy_helper

_ALL = 2**31 - 1


def convert(source: Path, target: Path, form: str) -> None:
    """Write the model at `source` to `target` in the form `products` or `float`."""
    model = onnx.load(str(source))
    rewriter = _Rewriter(model.graph)
    rewriter.rewrite({"products": rewriter.as_product, "float": rewriter.as_float}[form])
    onnx.save(model, str(target))


@dataclass(frozen=True)
class _Quantised:
    """`Mul(Cast(Integer-operator(quantised x, weight) [+ bias]), scales)`, as dynamic quantisation writes it."""

    operator: Any
    quantiser: Any  # the DynamicQuantizeLinear of x
    bias: str | None
    output: str


class _Rewriter:
    def __init__(self, graph: Any) -> None:
        self._graph = graph
        self._constants = {tensor.name: tensor for tensor in graph.initializer}
        self._makers = {output: node for node in graph.node for output in node.output}

    def rewrite(self, replace: Callable[[_Quantised], list[Any]]) -> None:
        """Put what `replace` gives in the place of each quantised operator; an empty list leaves it."""
        nodes: list[Any] = []
        for node in self._graph.node:
            found = self._quantised(node)
            nodes += (replace(found) if found else []) or [node]
        del self._graph.node[:]
        self._graph.node.extend(self._needed(nodes))

    def _quantised(self, mul: Any) -> _Quantised | None:
        cast = self._maker(mul.input[0] if mul.op_type == "Mul" else None, "Cast")
        before, bias = self._maker(cast.input[0] if cast else None), None
        if before is not None and before.op_type == "Add":
            bias = self._origin(before.input[1])
            before = self._maker(before.input[0])
        if before is None or before.op_type not in ("ConvInteger", "MatMulInteger"):
            return None
        return _Quantised(before, self._makers[before.input[0]], bias, mul.output[0])

    def _maker(self, name: str | None, kind: str | None = None) -> Any:
        node = self._makers.get(name) if name else None
        return node if node is not None and kind in (None, node.op_type) else None

    def _origin(self, name: str) -> str:
        """Walk Reshape ← Cast ← Floor ← Div(bias, scale) back to the float bias."""
        while name in self._makers:
            name = self._makers[name].input[0]
        return name

    def _array(self, name: str) -> Any:
        return numpy_helper.to_array(self._constants[name])

    def _constant(self, name: str, value: Any) -> str:
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(numpy.ascontiguousarray(value), name)
            self._graph.initializer.append(self._constants[name])
        return name

    def as_float(self, found: _Quantised) -> list[Any]:
        """The float operator on x with the weight scaled back."""
        operator = found.operator
        stem = operator.input[1].removesuffix("_quantized")
        if stem not in self._constants:
            whole = self._array(operator.input[1]).astype("float32")
            zero = self._array(operator.input[3]).astype("float32")
            self._constant(stem, (whole - zero) * self._array(stem + "_scale"))
        inputs = [found.quantiser.input[0], stem] + ([found.bias] if found.bias else [])
        node = helper.make_node(operator.op_type.removesuffix("Integer"), inputs, [found.output])
        node.attribute.extend(operator.attribute)
        return [node]

    def as_product(self, found: _Quantised) -> list[Any]:
        """A convolution over time as one MatMulInteger: the K shifted copies of x side by side, times the weight."""
        operator = found.operator
        shape = {a.name: helper.get_attribute_value(a) for a in operator.attribute}
        plain = shape.get("group", 1) == 1 and shape.get("strides", [1]) == [1]
        if operator.op_type != "ConvInteger" or not plain:
            return []
        stem = operator.input[1].removesuffix("_quantized")
        weight = self._array(operator.input[1])  # (out, in, K), 0..255
        if weight.dtype != numpy.uint8:
            return []
        out, into, taps = weight.shape
        flat = (weight.astype("int16") - 128).astype("int8").transpose(2, 1, 0).reshape(taps * into, out)
        zero = int(self._array(operator.input[3])) - 128
        scale = found.quantiser.output[1]

        chain = _Chain(found.output)
        x = chain.add("Transpose", [operator.input[0]], perm=[0, 2, 1])
        x = self._padded(chain, x, shape["pads"], operator.input[2])
        x = self._side_by_side(chain, x, taps, shape.get("dilations", [1])[0])
        weights = [self._constant(stem + "_product", flat), operator.input[2]]
        weights.append(self._constant(stem + "_product_zero", numpy.int8(zero)))
        y = chain.add("Cast", [chain.add("MatMulInteger", [x, *weights])], to=onnx.TensorProto.FLOAT)
        y = chain.add("Mul", [y, chain.add("Mul", [scale, stem + "_scale"])])
        y = chain.add("Add", [y, found.bias]) if found.bias else y
        chain.nodes.append(helper.make_node("Transpose", [y], [found.output], perm=[0, 2, 1]))
        return chain.nodes

    def _padded(self, chain: _Chain, x: str, pads: list[int], zero: str) -> str:
        if not any(pads):
            return x
        before, after = pads
        name = self._constant(f"pads_{before}_{after}", numpy.array([0, before, 0, 0, after, 0], dtype="int64"))
        return chain.add("Pad", [x, name, zero])

    def _side_by_side(self, chain: _Chain, x: str, taps: int, step: int) -> str:
        if taps == 1:
            return x
        axis = self._constant("axis_1", numpy.array([1], dtype="int64"))
        copies = []
        for tap in range(taps):
            begin, end = tap * step, -(taps - 1 - tap) * step or _ALL
            bounds = [self._constant(f"at_{at}", numpy.array([at], dtype="int64")) for at in (begin, end)]
            copies.append(chain.add("Slice", [x, *bounds, axis]))
        return chain.add("Concat", copies, axis=2)

    def _needed(self, nodes: list[Any]) -> list[Any]:
        """The nodes that lead to an output (none of ours has subgraphs); drops the other constants as well."""
        needed = {output.name for output in self._graph.output}
        for node in reversed(nodes):
            if needed.intersection(node.output):
                needed.update(node.input)
        constants = [tensor for tensor in self._graph.initializer if tensor.name in needed]
        del self._graph.initializer[:]
        self._graph.initializer.extend(constants)
        return [node for node in nodes if needed.intersection(node.output)]


class _Chain:
    """Nodes in a row, their outputs named after the one they replace."""

    def __init__(self, stem: str) -> None:
        self.nodes: list[Any] = []
        self._stem = stem

    def add(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        """Append a node and return the name of its output."""
        output = f"{self._stem}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output
