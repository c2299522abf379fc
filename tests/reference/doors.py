"""Exported models opened by others: onnx.checker, ONNX Runtime and PyTorch beside rten and the models themselves.

    cargo run -p ae-interchange --example doors -- DOORS
    python doors.py DOORS --ae target/debug/ae > doors.txt

The first command writes every kind of model with what goes into it and what comes out; this script runs the files on the same 16
images and prints the largest difference to the model itself, of reconstructions and of codes. Then the ways back: weights that
PyTorch saved, as safetensors and by torch.save, become runs by `ae import`, and those have to give PyTorch's numbers by `ae
reconstruct` and `ae encode`. `photo`, the denoiser that is built in, is compared at two sizes. Ends with 1 where a difference is
above 1e-5. Needs torch, onnx, onnxruntime, safetensors and numpy.
"""

import argparse
import importlib.util
import json
import pathlib
import platform
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
import safetensors.torch
import torch

MOST = 1e-5


def module_of(folder):
    """The module that model.py in a folder defines, with its weights, loaded strictly."""
    spec = importlib.util.spec_from_file_location(f"model_{folder.name.replace('-', '_')}", folder / "model.py")
    code = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(code)
    return code.load()


def by_onnx_runtime(path, array):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: array})


def checked(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    return {entry.key: entry.value for entry in model.metadata_props}


def furthest(a, b):
    assert a.shape == b.shape, (a.shape, b.shape)
    return float(np.abs(a.astype(np.float64) - b).max())


class Table:
    def __init__(self, heads):
        self.rows, self.worst = [heads], 0.0

    def add(self, name, differences):
        self.worst = max([self.worst, *(value for value in differences if value is not None)])
        self.rows.append([name, *("" if value is None else f"{value:.1e}" for value in differences)])

    def print(self):
        widths = [max(len(row[column]) for row in self.rows) for column in range(len(self.rows[0]))]
        for number, row in enumerate(self.rows):
            print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
            if number == 0:
                print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
        print()


def exports(doors):
    table = Table(["model", "ONNX Runtime", "rten", "PyTorch", "code: ONNX Runtime", "rten", "PyTorch", "halves"])
    for path in sorted(doors.glob("*.images.npy")):
        name = path.name.removesuffix(".images.npy")
        images = np.load(path)
        native = np.load(doors / f"{name}.native.npy")
        metadata = checked(doors / f"{name}.onnx")
        assert json.loads(metadata["input_shape"]) == list(images.shape[1:]), metadata
        outputs = by_onnx_runtime(doors / f"{name}.onnx", images)
        module = module_of(doors / name)
        with torch.no_grad():
            from_torch = module(torch.from_numpy(images)).numpy()
        differences = [
            furthest(outputs[0], native),
            furthest(np.load(doors / f"{name}.rten.npy"), native),
            furthest(from_torch, native),
        ]
        if not hasattr(module, "encode"):
            assert len(outputs) == 1
            table.add(name, differences + [None] * 4)
            continue
        code = np.load(doors / f"{name}.native-code.npy")
        with torch.no_grad():
            torch_code = module.encode(torch.from_numpy(images)).numpy()
            assert torch.equal(module.decode(torch.from_numpy(torch_code)), torch.from_numpy(from_torch)), name
        for half in ["encoder", "decoder"]:
            checked(doors / f"{name}-{half}.onnx")
        encoded = by_onnx_runtime(doors / f"{name}-encoder.onnx", images)[0]
        decoded = by_onnx_runtime(doors / f"{name}-decoder.onnx", encoded)[0]
        # Codes are of any size: the difference is of the largest of them where that is above 1.
        scale = max(1.0, float(np.abs(code).max()))
        table.add(
            name,
            differences
            + [
                furthest(outputs[1], code) / scale,
                furthest(np.load(doors / f"{name}.rten-code.npy"), code) / scale,
                furthest(torch_code, code) / scale,
                furthest(decoded, native),
            ],
        )
    table.print()
    return table.worst


def other_sizes(doors):
    """ONNX Runtime and PyTorch beside each other on sizes and numbers of images that the files were not made for."""
    table = Table(["model", "1 of 64x48", "3 of 17x29", "2 of 1x1", "1 of 5x40"])
    random = np.random.default_rng(0)
    for path in sorted(doors.glob("*.images.npy")):
        name = path.name.removesuffix(".images.npy")
        if checked(doors / f"{name}.onnx")["sizes"] != "any":
            continue
        channels, module, differences = np.load(path).shape[1], module_of(doors / name), []
        for batch, height, width in [(1, 64, 48), (3, 17, 29), (2, 1, 1), (1, 5, 40)]:
            images = random.integers(0, 256, (batch, channels, height, width)).astype(np.float32) / 255
            with torch.no_grad():
                expected = module(torch.from_numpy(images)).numpy()
            differences.append(furthest(by_onnx_runtime(doors / f"{name}.onnx", images)[0], expected))
        table.add(name, differences)
    table.print()
    return table.worst


def ae(program, *arguments):
    subprocess.run([program, *map(str, arguments), "--quiet"], check=True, stdout=subprocess.DEVNULL)


def imports(doors, program):
    table = Table(["model", "safetensors", "torch.save", "code: safetensors", "torch.save"])
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        for path in sorted(doors.glob("*.images.npy")):
            name = path.name.removesuffix(".images.npy")
            images, module = np.load(path), module_of(doors / name)
            # As after a step of training: every weight a little different.
            torch.manual_seed(1)
            with torch.no_grad():
                for parameter in module.parameters():
                    parameter.add_(0.01 * torch.randn_like(parameter) * parameter.abs().mean())
                expected = module(torch.from_numpy(images)).numpy()
                code = module.encode(torch.from_numpy(images)).numpy() if hasattr(module, "encode") else None
            channels = images.shape[1]
            bytes_ = np.rint(images * 255).astype(np.uint8)
            assert np.array_equal(bytes_.astype(np.float32) / np.float32(255), images)
            np.save(place / "images.npy", bytes_[:, 0] if channels == 1 else bytes_.transpose(0, 2, 3, 1))
            safetensors.torch.save_file(module.state_dict(), place / "weights.safetensors")
            torch.save(module.state_dict(), place / "weights.pt")
            differences, codes = [], []
            for weights in ["weights.safetensors", "weights.pt"]:
                run = place / f"{name}-{weights}"
                ae(program, "import", place / weights, "--config", doors / name / "model.toml", "-o", run)
                again = safetensors.torch.load_file(run / "model.safetensors")
                assert all(torch.equal(again[key], value) for key, value in module.state_dict().items())
                data = ["--data", place / "images.npy", "--part", "all", "--force"]
                ae(program, "reconstruct", run, *data, "-o", place / "out.npy")
                differences.append(furthest(np.load(place / "out.npy"), expected))
                if code is not None:
                    ae(program, "encode", run, *data, "-o", place / "code.npy")
                    scale = max(1.0, float(np.abs(code).max()))
                    codes.append(furthest(np.load(place / "code.npy"), code) / scale)
            table.add(name, differences + (codes or [None, None]))
    table.print()
    return table.worst


def photo(program):
    """The built-in denoiser by ONNX Runtime and by PyTorch; by ae itself as a floating-point picture."""
    import tifffile

    table = Table(["photo", "ONNX Runtime", "PyTorch"])
    random = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        ae(program, "export", "photo", "-o", place / "photo.onnx")
        ae(program, "export", "photo", "--to", "pytorch", "-o", place / "photo")
        checked(place / "photo.onnx")
        module = module_of(place / "photo")
        for height, width in [(128, 160), (101, 75)]:
            rows, columns = np.mgrid[:height, :width]
            clean = 0.5 + 0.3 * np.sin(rows / 7) * np.cos(columns / 5)
            picture = np.clip(clean + random.normal(0, 0.1, clean.shape), 0, 1).astype(np.float32)
            tifffile.imwrite(place / "noisy.tif", picture)
            ae(program, "denoise", place / "noisy.tif", "-o", place / "clean.tif", "--model", "photo", "--range", "0..1", "--force")
            native = tifffile.imread(place / "clean.tif")
            # As ae denoise does; an exported model by itself repeats the last row and column.
            images = np.pad(picture, [(0, -height % 4), (0, -width % 4)], mode="reflect")[None, None]
            with torch.no_grad():
                by_torch = module(torch.from_numpy(images)).numpy()[0, 0, :height, :width]
            by_runtime = by_onnx_runtime(place / "photo.onnx", images)[0][0, 0, :height, :width]
            table.add(
                f"{width}x{height}",
                [furthest(by_runtime.clip(0, 1), native.clip(0, 1)), furthest(by_torch.clip(0, 1), native.clip(0, 1))],
            )
    table.print()
    return table.worst


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("doors", type=pathlib.Path)
    parser.add_argument("--ae", required=True)
    arguments = parser.parse_args()
    program = str(pathlib.Path(arguments.ae).resolve())
    torch.set_num_threads(1)
    print(
        f"Python {platform.python_version()}, onnx {onnx.__version__}, ONNX Runtime {onnxruntime.__version__}, "
        f"PyTorch {torch.__version__}, safetensors {safetensors.__version__}, NumPy {np.__version__}\n"
    )
    print("Largest differences to the model itself, 16 images:\n")
    worst = [exports(arguments.doors)]
    print("Sizes that the files were not made for, ONNX Runtime to PyTorch:\n")
    worst.append(other_sizes(arguments.doors))
    print("Weights changed in PyTorch and imported, ae to PyTorch:\n")
    worst.append(imports(arguments.doors, program))
    print("The denoiser that is built in, to ae denoise:\n")
    worst.append(photo(program))
    print(f"The largest: {max(worst):.1e}, of {MOST:.0e} allowed.")
    sys.exit(max(worst) > MOST)


if __name__ == "__main__":
    main()
