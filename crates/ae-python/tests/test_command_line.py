"""Pixels and codes are the command's, and the command of the package is a command."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import ae_images
import pnm


@pytest.mark.parametrize("strength", [1.0, 0.6])
def test_denoised_pictures_are_the_commands(ae, photo, picture, tmp_path, strength):
    for name, image in [("color.ppm", picture), ("gray.pgm", picture[..., 1].copy())]:
        pnm.write(tmp_path / name, image)
        ae("denoise", name, "-o", f"out-{name}", "--model", "photo", "--strength", str(strength), cwd=tmp_path)
        expected = pnm.read(tmp_path / f"out-{name}")
        assert not np.array_equal(expected, image)
        np.testing.assert_array_equal(photo.denoise(image, strength=strength), expected)


@pytest.mark.parametrize("name", ["bm3d", "nlm", "median"])
def test_filters_are_the_commands(ae, picture, tmp_path, name):
    gray = picture[..., 0].copy()
    pnm.write(tmp_path / "a.pgm", gray)
    for options, level in [((), None), (("--noise-level", "0.1"), 0.1)]:
        ae("denoise", "a.pgm", "-o", "b.pgm", "--force", "--model", name, *options, cwd=tmp_path)
        found = ae_images.open(name).denoise(gray, noise_level=level)
        np.testing.assert_array_equal(found, pnm.read(tmp_path / "b.pgm"))


def test_a_runs_pictures_are_the_commands(ae, runs, conv, picture, tmp_path):
    pnm.write(tmp_path / "a.ppm", picture)
    ae("denoise", "a.ppm", "-o", "b.ppm", "--model", str(runs / "conv"), cwd=tmp_path)
    np.testing.assert_array_equal(conv.denoise(picture), pnm.read(tmp_path / "b.ppm"))


def test_codes_and_reconstructions_are_the_commands(ae, runs, letters, tmp_path):
    folder = tmp_path / "letters"
    folder.mkdir()
    for index, image in enumerate(letters[:5]):
        pnm.write(folder / f"{index}.pgm", image)
    for name in ["conv", "vae"]:
        model, run = ae_images.open(runs / name), str(runs / name)
        ae("encode", run, "--data", "letters", "-o", f"{name}.npy", cwd=tmp_path)
        codes = np.load(tmp_path / f"{name}.npy")
        np.testing.assert_array_equal(model.encode(letters[:5]), codes)
        ae("reconstruct", run, "--data", "letters", "-o", f"{name}-out.npy", cwd=tmp_path)
        outputs = np.load(tmp_path / f"{name}-out.npy")
        floats = letters[:5].astype(np.float32) / 255
        np.testing.assert_array_equal(model.reconstruct(floats), outputs[:, 0])
        rounded = np.floor(np.clip(outputs[:, 0], 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
        np.testing.assert_array_equal(model.reconstruct(letters[:5]), rounded)
        np.save(tmp_path / "code.npy", codes[2:3])
        ae("decode", "code.npy", "--model", run, "-o", f"{name}.pgm", cwd=tmp_path)
        np.testing.assert_array_equal(model.decode(codes)[2], pnm.read(tmp_path / f"{name}.pgm"))


def test_scores_are_the_commands(ae, runs, conv, letters, tmp_path):
    folder = tmp_path / "letters"
    folder.mkdir()
    for index, image in enumerate(letters[:4]):
        pnm.write(folder / f"{index}.pgm", image)
    normal = tmp_path / "normal"
    normal.mkdir()
    for index, image in enumerate(letters[20:60]):
        pnm.write(normal / f"{index:03}.pgm", image)
    done = ae("anomaly", str(runs / "conv"), "--data", "letters", "--normal", "normal", "--json", cwd=tmp_path)
    judged = json.loads(done.stdout)
    expected = [file["score"] for file in sorted(judged["judged"]["files"], key=lambda file: file["file"])]
    np.testing.assert_allclose(conv.score(letters[:4]), expected, rtol=1e-12)


def test_containers_go_both_ways(ae, tmp_path, letters):
    codec = ae_images.open("glyphs")
    container = codec.compress(letters[:20])
    (tmp_path / "a.aez").write_bytes(container)
    ae("decompress", "a.aez", "-o", "out/", cwd=tmp_path)
    files = sorted((tmp_path / "out").iterdir())
    assert len(files) == 20
    folder = tmp_path / "letters"
    folder.mkdir()
    for index, image in enumerate(letters[:20]):
        pnm.write(folder / f"{index:02}.pgm", image)
    ae("compress", "letters", "-o", "b.aez", "--model", "glyphs", cwd=tmp_path)
    np.testing.assert_array_equal(codec.decompress((tmp_path / "b.aez").read_bytes()), letters[:20])


def run(*arguments, **options):
    return subprocess.run([sys.executable, "-m", "ae_images._command", *arguments], capture_output=True, text=True, **options)


def test_the_package_has_the_command():
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"ae {ae_images.__version__}\n")
    done = run("denoise")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    done = run("info", "nowhere")
    assert done.returncode == 5


def test_the_package_runs_as_the_command():
    done = subprocess.run([sys.executable, "-m", "ae_images", "info", "nowhere"], capture_output=True, text=True)
    assert done.returncode == 5 and "nowhere" in done.stderr


def test_the_command_needs_no_numpy():
    program = "import sys; import ae_images._command, ae_images._native; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="address spaces are limited on Linux")
def test_memory_that_runs_out_ends_the_command_as_it_ends_the_binary(tmp_path):
    import resource

    def limited(mebibytes, *arguments):
        limit = (mebibytes << 20, mebibytes << 20)
        return run(*arguments, cwd=tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit))

    begin = next(mebibytes for mebibytes in range(64, 8192, 32) if limited(mebibytes, "devices").returncode == 0)
    arguments = ["train", "--epochs", "1", "--limit", "1000", "--batch-size", "1000", "--backend", "flex", "--threads", "2"]
    refused = 0
    for more in [0, 32, 64]:
        done = limited(begin + more, *arguments, "--out", f"run-{more}")
        assert done.returncode in [0, 8], done.stderr
        refused += done.returncode == 8
        assert done.stderr.count("error: ") == (done.returncode == 8), done.stderr
    assert refused > 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_ctrl_c_ends_the_command_as_it_ends_the_binary(tmp_path):
    arguments = ["train", "--epochs", "500", "--out", "run", "--backend", "flex"]
    process = subprocess.Popen(
        [sys.executable, "-m", "ae_images._command", *arguments],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        # The tests may run where it is ignored, as what a shell starts in the background does.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    lines = []
    for line in process.stderr:
        lines.append(line)
        if "parameters" in line:
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    assert process.wait() == 130, lines + [rest]
    assert "stopped by ctrl-c, everything is saved" in rest
    assert "Traceback" not in rest
    assert list((tmp_path / "run" / "checkpoints").iterdir())
