"""ONNX Runtime as a peer of `cargo xtask bench`, for inference.

serving.py has the protocol. The graph is written with the `onnx` package itself, so that no
exporter stands between the model and the runtime.
"""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from serving import Step, serve


def convolutional(channels: int) -> onnx.ModelProto:
    """28x28x1 -> 7x7x128 -> 28x28x1 for any batch, height and width."""
    random = np.random.default_rng(1)
    nodes, weights = [], []
    name = "images"

    def add(operation: str, inputs: list[str], **attributes) -> str:
        output = f"{operation}_{len(nodes)}"
        nodes.append(helper.make_node(operation, inputs, [output], **attributes))
        return output

    def constant(label: str, values: np.ndarray) -> str:
        weights.append(numpy_helper.from_array(values, label))
        return label

    scales = constant("scales", np.array([1, 1, 2, 2], np.float32))
    sizes = [channels, 32, 64, 128, 128, 64, channels]
    for index, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        weight = constant(f"w{index}", random.normal(0, 0.05, (outputs, inputs, 3, 3)).astype(np.float32))
        bias = constant(f"b{index}", np.zeros(outputs, np.float32))
        name = add("Conv", [name, weight, bias], pads=[1, 1, 1, 1])
        name = add("Sigmoid" if index == 5 else "Relu", [name])
        if index < 2:
            name = add("MaxPool", [name], kernel_shape=[2, 2], strides=[2, 2])
        elif index in (3, 4):
            name = add("Resize", [name, "", scales], mode="nearest",
                       coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    shape = ["batch", channels, "height", "width"]
    graph = helper.make_graph(
        nodes, "autoencoder",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def build(request: dict) -> Step:
    if request["model"] != "conv":
        raise ValueError("no such model here")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = request["threads"]
    model = convolutional(request["shape"][1]).SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    images = np.random.default_rng(1).random(request["shape"], np.float32)
    return lambda: session.run(None, {"images": images})


serve(f"ONNX Runtime {onnxruntime.__version__}", build)
