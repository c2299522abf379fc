"""ONNX Runtime as a peer of `cargo xtask bench`, for inference.

serving.py has the protocol. The graph is written with the `onnx` package itself, so that no
exporter stands between the model and the runtime.
"""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from serving import serve, threads


class Graph:
    """A graph with random weights, written node by node."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(1)
        self.nodes, self.weights = [], []
        self.parameters = 0

    def add(self, operation: str, inputs: list[str], **attributes) -> str:
        output = f"{operation}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, inputs, [output], **attributes))
        return output

    def constant(self, values: np.ndarray) -> str:
        label = f"constant_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, label))
        return label

    def layer(self, operation: str, x: str, shape: tuple[int, ...], outputs: int, **attributes) -> str:
        """A layer with a weight of `shape` and a bias."""
        weight = self.constant(self.random.normal(0, 0.05, shape).astype(np.float32))
        bias = self.constant(np.zeros(outputs, np.float32))
        self.parameters += int(np.prod(shape)) + outputs
        return self.add(operation, [x, weight, bias], **attributes)


def convolutional(graph: Graph, channels: int) -> str:
    """28x28x1 -> 7x7x128 -> 28x28x1."""
    x = "images"
    scales = graph.constant(np.array([1, 1, 2, 2], np.float32))
    sizes = [channels, 32, 64, 128, 128, 64, channels]
    for index, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        x = graph.layer("Conv", x, (outputs, inputs, 3, 3), outputs, pads=[1, 1, 1, 1])
        x = graph.add("Sigmoid" if index == 5 else "Relu", [x])
        if index < 2:
            x = graph.add("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2])
        elif index in (3, 4):
            x = graph.add("Resize", [x, "", scales], mode="nearest",
                          coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    return x


def dense(graph: Graph, model: str, shape: list[int]) -> str:
    """The fully connected models; torch_models.py says what each name means."""
    values = int(np.prod(shape[1:]))
    # Outputs of each layer, and whether a ReLU follows.
    layers = {
        "dense": [(128, True), (64, True), (32, False), (64, True), (128, True)],
        "sparse": [(128, True), (256, True), (128, True)],
        "vae": [(400, True), (40, False), (400, True)],
    }[model]
    x, inputs = graph.add("Flatten", ["images"]), values
    for outputs, is_active in [*layers, (values, False)]:
        x = graph.layer("Gemm", x, (inputs, outputs), outputs)
        if is_active:
            x = graph.add("Relu", [x])
        inputs = outputs
        if model == "vae" and outputs == 40:
            ends = [graph.constant(np.array([end], np.int64)) for end in (0, 20, 1)]
            x, inputs = graph.add("Slice", [x, *ends]), 20
    shape_of_images = graph.constant(np.array(shape, np.int64))
    return graph.add("Reshape", [graph.add("Sigmoid", [x]), shape_of_images])


class Bench:
    """One request's session and images, ready to run."""

    def __init__(self, request: dict) -> None:
        graph, shape = Graph(), request["shape"]
        if request["model"] == "conv":
            output = convolutional(graph, shape[1])
        else:
            output = dense(graph, request["model"], shape)
        drawn = helper.make_graph(
            graph.nodes, "autoencoder",
            [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
            graph.weights,
        )
        model = helper.make_model(drawn, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads()
        self.session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self.images = np.random.default_rng(1).random(shape, np.float32)
        self.parameters = graph.parameters

    def begin(self) -> None:
        pass

    def step(self) -> list[np.ndarray]:
        return self.session.run(None, {"images": self.images})


serve(f"ONNX Runtime {onnxruntime.__version__}", Bench)
