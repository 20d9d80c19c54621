"""The Keras layers of a network as `config.json` in `model.keras` describes them.

One list of layers is behind all of it: what is written, what a file must say to be read, and the
shapes and places of its arrays. Keras 3.12 to 3.15 read what is written here, and what they write
themselves is accepted. Nothing in a description is executed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypedDict

from charrnn.errors import CheckpointError
from charrnn.settings.architecture import CELL_NAMES, GATES, PEEPHOLES, Architecture
from charrnn.settings.configuration import Cell
from charrnn.settings.from_json import from_json, parse_json

LARGEST_METADATA: Final = 2**20
"""Most bytes of `model.keras` besides its arrays; a network of 16 layers has a sixth of them."""

WITHOUT_INFLUENCE: Final = frozenset(
    {
        "trainable",
        "seed",
        "embeddings_initializer",
        "kernel_initializer",
        "recurrent_initializer",
        "bias_initializer",
        "unit_forget_bias",
    }
)
"""Settings of layers that do not change what a trained network computes."""

EQUATIONS: Final[dict[Cell, dict[str, Any]]] = {
    "lstm": {"activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True},
    "gru": {
        "activation": "tanh",
        "recurrent_activation": "sigmoid",
        "use_bias": True,
        "reset_after": True,
    },
    "simple_rnn": {"use_bias": True},
    "peephole_lstm": {},
}
"""Settings of the recurrent layers, as `charrnn.decoding.engine` computes them."""

OWN_MODULES: Final = {"PeepholeLSTM": "charrnn.model.recurrent"}
"""Modules of the layers that are not Keras's."""

SNAKE_CASE: Final = {
    "Embedding": "embedding",
    "ReversibleEmbedding": "reversible_embedding",
    "LSTM": "lstm",
    "GRU": "gru",
    "SimpleRNN": "simple_rnn",
    "PeepholeLSTM": "peephole_lstm",
    "Dropout": "dropout",
    "Dense": "dense",
}
"""Names of layers in the HDF5 file."""


@dataclass(frozen=True, slots=True)
class Call:
    """One use of a layer: the output of which call of which layer it reads, and with what arguments."""

    source: str
    number: int = 0
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KerasLayer:
    """One layer.

    Attributes:
        kind: Its class.
        name: Its name.
        settings: Its arguments other than those without influence. All others are off.
        width: Length of its output vector; None for the ids.
        calls: Where it is used.
        arrays: The paths of its arrays in the HDF5 file, with their shapes, in the order of Keras's
            `get_weights`.
    """

    kind: str
    name: str
    settings: Mapping[str, Any]
    width: int | None
    calls: tuple[Call, ...]
    arrays: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def keras_layers(architecture: Architecture) -> list[KerasLayer]:
    """The layers of a network in the order of Keras, as `charrnn.model.network` makes them."""
    ids = KerasLayer("InputLayer", "ids", {"batch_shape": [None, None], "dtype": "int32"}, None, ())
    layers = [ids, _embedding(architecture)]
    for number in range(architecture.layers):
        layers.append(_recurrent(architecture, number, layers[-1]))
        layers.append(_dropout(architecture, number, layers[-1]))
    return [*layers, _output_layer(architecture, layers[-1])]


def _embedding(architecture: Architecture) -> KerasLayer:
    sizes = architecture.vocabulary_size, architecture.embedding
    settings: dict[str, Any] = dict(zip(("input_dim", "output_dim"), sizes, strict=True))
    calls: tuple[Call, ...] = (Call("ids"),)
    if architecture.output == "own":
        return _layer("Embedding", "embedding", settings, calls, architecture.embedding, [sizes])
    settings["tie_weights"] = True
    calls += (Call("projection", 0, {"reverse": True}),)
    return _layer(
        "ReversibleEmbedding", "embedding", settings, calls, architecture.embedding, [sizes]
    )


def _recurrent(architecture: Architecture, number: int, before: KerasLayer) -> KerasLayer:
    cell, units = architecture.cell, architecture.units
    sums = GATES[cell] * units
    assert before.width is not None, "vectors come before"
    shapes: list[tuple[int, ...]] = [(before.width, sums), (units, sums)]
    shapes.append((2, sums) if cell == "gru" else (sums,))
    if PEEPHOLES[cell]:
        shapes.append((PEEPHOLES[cell], units))
    settings = {"units": units, "return_sequences": True, "return_state": True} | EQUATIONS[cell]
    if cell == "simple_rnn":
        settings["activation"] = architecture.activation
    name, calls = f"recurrent_{number + 1}", (Call(before.name),)
    return _layer(CELL_NAMES[cell], name, settings, calls, units, shapes, number=number)


def _dropout(architecture: Architecture, number: int, before: KerasLayer) -> KerasLayer:
    settings = {"rate": architecture.dropout, "noise_shape": [None, 1, None]}
    name, calls = f"dropout_{number + 1}", (Call(before.name),)
    return _layer("Dropout", name, settings, calls, architecture.units, [])


def _output_layer(architecture: Architecture, before: KerasLayer) -> KerasLayer:
    name, width = "logits", architecture.vocabulary_size
    if architecture.output == "tied":
        name, width = "projection", architecture.embedding
    settings = {"units": width, "activation": "linear", "use_bias": True}
    shapes = [(architecture.units, width), (width,)]
    return _layer("Dense", name, settings, (Call(before.name),), width, shapes)


def _layer(  # noqa: PLR0917 (they are the fields of a layer)
    kind: str,
    name: str,
    settings: Mapping[str, Any],
    calls: tuple[Call, ...],
    width: int,
    shapes: Sequence[tuple[int, ...]],
    *,
    number: int = 0,
) -> KerasLayer:
    """A layer, of which `number` others of its class came before."""
    group = f"layers/{SNAKE_CASE[kind]}{f'_{number}' if number else ''}"
    cell = "/cell" if kind in CELL_NAMES.values() else ""
    arrays = {f"{group}{cell}/vars/{place}": shape for place, shape in enumerate(shapes)}
    return KerasLayer(kind, name, {**settings, "dtype": "float32"}, width, calls, arrays)


def largest_network_file(architecture: Architecture) -> int:
    """Most bytes that `model.keras` may have."""
    return 4 * architecture.parameters + LARGEST_METADATA


def array_shapes(architecture: Architecture) -> list[tuple[int, ...]]:
    """The shapes of all arrays, in the order of Keras's `get_weights`."""
    return [shape for layer in keras_layers(architecture) for shape in layer.arrays.values()]


# Writing.


def described(layers: list[KerasLayer]) -> str:
    """The content of `config.json`."""
    values = {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": {
            "name": "charrnn",
            "trainable": True,
            "layers": [_description(layer, layers) for layer in layers],
            "input_layers": [layers[0].name, 0, 0],
            "output_layers": _output(layers),
        },
        "registered_name": "Functional",
    }
    return json.dumps(values)


def _description(layer: KerasLayer, layers: list[KerasLayer]) -> dict[str, Any]:
    return {
        "module": _module(layer),
        "class_name": layer.kind,
        "config": {"name": layer.name, **layer.settings},
        "registered_name": _own_name(layer),
        "name": layer.name,
        "inbound_nodes": [
            {"args": [_tensor(call, layers)], "kwargs": dict(call.arguments)}
            for call in layer.calls
        ],
    }


def _module(layer: KerasLayer) -> str:
    return OWN_MODULES.get(layer.kind, "keras.layers")


def _own_name(layer: KerasLayer) -> str | None:
    """The name under which charrnn makes a layer known to Keras."""
    return f"charrnn>{layer.kind}" if layer.kind in OWN_MODULES else None


def _tensor(call: Call, layers: list[KerasLayer]) -> dict[str, Any]:
    width = next(layer.width for layer in layers if layer.name == call.source)
    shape, dtype = ([None, None], "int32") if width is None else ([None, None, width], "float32")
    history = [call.source, call.number, 0]
    return {
        "class_name": "__keras_tensor__",
        "config": {"shape": shape, "dtype": dtype, "keras_history": history},
    }


def _output(layers: list[KerasLayer]) -> list[Any]:
    """The layer and its call that give the logits: the last one, or the embedding in its second."""
    tied = next((layer for layer in layers if len(layer.calls) > 1), None)
    return [layers[-1].name, 0, 0] if tied is None else [tied.name, 1, 0]


# Reading.


class _TensorConfig(TypedDict):
    keras_history: tuple[str, int, int]


class _Tensor(TypedDict):
    config: _TensorConfig


class _Node(TypedDict):
    args: list[_Tensor]
    kwargs: dict[str, Any]


class _Layer(TypedDict):
    module: str
    class_name: str
    name: str
    registered_name: str | None
    config: dict[str, Any]
    inbound_nodes: list[_Node]


class _Network(TypedDict):
    layers: list[_Layer]
    input_layers: list[Any]
    output_layers: list[Any]


class _Model(TypedDict):
    class_name: str
    config: _Network


def check_description(content: bytes, layers: list[KerasLayer]) -> None:
    """Make sure that a `config.json` describes a network that computes what these layers do.

    Raises:
        CheckpointError: It does not, or is no such file; the message ends a sentence.
    """
    values = parse_json(content, CheckpointError)
    model = from_json(values, _Model, CheckpointError, unknown_names=True)
    network = model["config"]
    _expect("its class", model["class_name"], "Functional")
    _expect("the number of its layers", len(network["layers"]), len(layers))
    for number, (found, layer) in enumerate(zip(network["layers"], layers, strict=True), 1):
        _expect(f"the class of its layer {number}", found["class_name"], layer.kind)
        _expect(f"the module of its layer {number}", found["module"], _module(layer))
        if found["registered_name"] != layer.kind:
            _expect(f"the class of its layer {number}", found["registered_name"], _own_name(layer))
        _check_layer(found, layer)
    _expect("its input", _flat(network["input_layers"]), [layers[0].name, 0, 0])
    _expect("its output", _flat(network["output_layers"]), _output(layers))


def _check_layer(found: _Layer, layer: KerasLayer) -> None:
    config, settings = found["config"], {"name": layer.name, **layer.settings}
    _expect("the name of a layer", found["name"], layer.name)
    for name, value in config.items():
        if name in settings:
            own = _dtype_name(value) if name == "dtype" else value
            _expect(f"the setting {name} of {layer.name}", own, settings[name])
        elif name not in WITHOUT_INFLUENCE and value:
            _expect(f"the setting {name:.40} of {layer.name}", value, None)
    if missing := settings.keys() - config.keys():
        raise CheckpointError(f"{layer.name} has no setting {min(missing)}.")
    nodes = found["inbound_nodes"]
    _expect(f"how often {layer.name} is used", len(nodes), len(layer.calls))
    for node, call in zip(nodes, layer.calls, strict=True):
        sources = [list(tensor["config"]["keras_history"]) for tensor in node["args"]]
        _expect(f"the input of {layer.name}", sources, [[call.source, call.number, 0]])
        # Keras notes that it was not training.
        arguments = {name: value for name, value in node["kwargs"].items() if value}
        _expect(f"how {layer.name} is called", arguments, call.arguments)


def _dtype_name(value: Any) -> Any:
    """The name of a type, which Keras writes as a policy."""
    if not isinstance(value, dict) or value.get("class_name") != "DTypePolicy":
        return value
    config = value.get("config")
    return config.get("name") if isinstance(config, dict) else config


def _flat(outputs: list[Any]) -> list[Any]:
    """One output, alone or in a list."""
    return outputs[0] if len(outputs) == 1 and isinstance(outputs[0], list) else outputs


def _expect(what: str, found: Any, wanted: Any) -> None:
    if found != wanted or isinstance(found, bool) != isinstance(wanted, bool):
        raise CheckpointError(f"{what} is {_shown(found)}, where {_shown(wanted)} was expected.")


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:60]} ..."
