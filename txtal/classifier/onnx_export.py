"""A classifier as an ONNX model: from a sentence model's vectors to probabilities.

ONNX has no operators that cut a text into words by spaCy's rules or look up parts of words, so only
classifiers whose features are all made by models that read texts whole can be exported. The graph
does what is done after those: each block's length, the weights, and the probabilities as they are
calibrated.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from txtal.errors import UsageError
from txtal.learning.model import LinearModel

if TYPE_CHECKING:
    from txtal.classifier.classifier import Classifier

OUTPUT = "probabilities"
"""The output's name, (texts, labels) of float32."""

_OPSET = 17
_IR = 8
"""Versions that every onnxruntime since 1.14 reads."""


def to_onnx(classifier: Classifier) -> bytes:
    """Return the classifier as an ONNX model.

    It has an input for each block, (texts, dims) of float32: ``features``, or ``features_1`` and so
    on where there are several. Its metadata have the ``task``, the ``labels`` in the order of the
    columns, and the ``blocks`` that the inputs are the vectors of.

    Raises UsageError where a block can't be exported, and without the package onnx.
    """
    blocks = classifier.vectoriser.blocks
    tables = [one.name for one in blocks if not one.reads_whole]
    if tables:
        raise UsageError(
            f"ONNX has no operators for the vectors {', '.join(tables)}, which cut texts into words"
            " by spaCy's rules and look these up in tables; a classifier on --vectors"
            " sentence=MODEL alone can be exported, and `txtal serve` predicts with any"
        )
    try:
        import onnx
    except ImportError:
        raise UsageError("writing ONNX needs an extra: pip install 'txtal[onnx]'") from None
    graph = _Graph(onnx.helper, onnx.numpy_helper)
    names = ["features"] if len(blocks) == 1 else [f"features_{n + 1}" for n in range(len(blocks))]
    scaled = [graph.scaled(name, one.length) for name, one in zip(names, blocks, strict=True)]
    features = scaled[0] if len(scaled) == 1 else graph.add("Concat", scaled, axis=1)
    _or_prior(graph, features, _probabilities(graph, features, classifier.model), classifier.model)
    made = graph.model(
        list(zip(names, (one.dims for one in blocks), strict=True)), len(classifier.labels)
    )
    told = {
        "task": classifier.task,
        "labels": json.dumps(classifier.labels, ensure_ascii=False),
        "blocks": json.dumps([one.name for one in blocks]),
    }
    onnx.helper.set_model_props(made, told)
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString())


class _Graph:
    """Nodes and constants, as they are added."""

    def __init__(self, helper: Any, arrays: Any) -> None:
        self._helper = helper
        self._arrays = arrays
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, value: Any, kind: Any = np.float32) -> str:
        """Add an array and return its name."""
        name = f"c{len(self._constants)}"
        self._constants.append(self._arrays.from_array(np.asarray(value, kind), name))
        return name

    def add(self, operator: str, inputs: Sequence[str], output: str = "", **options: Any) -> str:
        """Add a node and return its first output's name."""
        name = output or f"n{len(self._nodes)}"
        outputs = [name, f"{name}_places"] if operator == "TopK" else [name]
        self._nodes.append(self._helper.make_node(operator, list(inputs), outputs, **options))
        return name

    def scaled(self, features: str, length: float) -> str:
        """Scale rows to a length; zero rows stay zero."""
        axis = self.constant([1], np.int64)
        squares = self.add("ReduceSum", [self.add("Mul", [features, features]), axis], keepdims=1)
        norms = self.add("Div", [self.add("Sqrt", [squares]), self.constant(length)])
        some = self.add("Greater", [norms, self.constant(0)])
        return self.add("Div", [features, self.add("Where", [some, norms, self.constant(1)])])

    def model(self, inputs: Sequence[tuple[str, int]], labels: int) -> Any:
        """Return the whole of it."""
        helper = self._helper
        float32 = self._arrays.from_array(np.zeros(0, np.float32)).data_type
        graph = helper.make_graph(
            self._nodes,
            "txtal classifier",
            [
                helper.make_tensor_value_info(name, float32, ["texts", dims])
                for name, dims in inputs
            ],
            [helper.make_tensor_value_info(OUTPUT, float32, ["texts", labels])],
            self._constants,
        )
        opsets = [helper.make_opsetid("", _OPSET)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR, producer_name="txtal")


def _or_prior(graph: _Graph, features: str, proba: str, model: LinearModel) -> None:
    """Add the prior in the place of the probabilities of rows that are zero, and the output."""
    if model.prior is None or not model.ready:
        graph.add("Identity", [proba], OUTPUT)
        return
    nothing = model.predict_proba(np.zeros((1, model.coef.shape[1]), np.float32))
    axis = graph.constant([1], np.int64)
    squares = graph.add("ReduceSum", [graph.add("Mul", [features, features]), axis], keepdims=1)
    some = graph.add("Greater", [squares, graph.constant(0)])
    graph.add("Where", [some, proba, graph.constant(nothing)], OUTPUT)


def _probabilities(graph: _Graph, features: str, model: LinearModel) -> str:
    """Add what :meth:`LinearModel.predict_proba` does with rows that aren't zero."""
    product = graph.add("MatMul", [features, graph.constant(model.coef.T)])
    logits = graph.add("Add", [product, graph.constant(model.intercept)])
    if model.task == "rating":
        return _grades(graph, graph.add("Sigmoid", [logits]), len(model.coef))
    if model.task != "exclusive":
        spread = np.where(model.trained, model.spread, 1.0)
        return _averaged(graph, "Sigmoid", logits, spread)
    if not model.trained.any():
        nothing = graph.add("Mul", [logits, graph.constant(0)])
        return graph.add("Add", [nothing, graph.constant(1 / len(model.coef))])
    return _shares(graph, logits, model)


def _averaged(graph: _Graph, squash: str, logits: str, spread: Any, **options: Any) -> str:
    """Add the mean of what ``squash`` makes of logits that are spread; see ``squash.averaged``."""
    if np.all(spread == 1):
        return graph.add(squash, [logits], **options)
    by = graph.constant(spread)
    each = [graph.add("Mul", [logits, by]), logits, graph.add("Div", [logits, by])]
    squashed = [graph.add(squash, [one], **options) for one in each]
    return graph.add("Mean", squashed)


def _shares(graph: _Graph, logits: str, model: LinearModel) -> str:
    """Add the softmax over the labels that were learned, and the share of the others."""
    from txtal.learning.squash import with_unseen

    known, count = model.trained, len(model.trained)
    # A mask of finite numbers: minus infinity times a spread is none in every runtime.
    mask = graph.constant(np.where(known, 0, -1e9))
    proba = _averaged(graph, "Softmax", graph.add("Add", [logits, mask]), model.spread, axis=1)
    nothing, ones = np.zeros((1, count), np.float32), np.ones((1, count), np.float32)
    of_unseen = with_unseen(nothing, known, model.unseen)
    of_known = with_unseen(ones, known, model.unseen) - of_unseen
    return graph.add(
        "Add", [graph.add("Mul", [proba, graph.constant(of_known)]), graph.constant(of_unseen)]
    )


def _grades(graph: _Graph, at_or_above: str, count: int) -> str:
    """Add the differences between grades of "this one or above", in falling order."""
    axis = graph.constant([1], np.int64)

    def columns(of: str, start: int, end: int) -> str:
        ends = (graph.constant([start], np.int64), graph.constant([end], np.int64))
        return graph.add("Slice", [of, *ends, axis])

    above = columns(at_or_above, 1, count)
    falling = graph.add("TopK", [above, graph.constant([count - 1], np.int64)], axis=1)
    nothing = graph.add("Mul", [columns(at_or_above, 0, 1), graph.constant(0)])
    whole = graph.add("Add", [nothing, graph.constant(1)])
    every = graph.add("Concat", [whole, falling, nothing], axis=1)
    return graph.add("Sub", [columns(every, 0, count), columns(every, 1, count + 1)])
