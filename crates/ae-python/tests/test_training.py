"""Training: settings, progress, interrupts, and that it is the command's."""

import _thread
import json
import os
import signal
import threading

import numpy as np
import pytest

import ae_images


def small(letters, **settings):
    given = {"model": "dense", "widths": [16], "latent": 4, "epochs": 2, "batch_size": 64, "seed": 5}
    return ae_images.train(letters, **{**given, **settings})


def test_progress_is_told(letters):
    told = []
    model = small(letters, progress=told.append)
    steps = [progress for progress in told if progress.report is None]
    epochs = [progress for progress in told if progress.report is not None]
    assert [progress.step for progress in steps] == list(range(1, steps[0].steps + 1))
    assert [progress.epoch for progress in epochs] == [1, 2]
    assert all(np.isfinite(progress.loss) for progress in told)
    assert epochs[-1].report == model.history[-1]
    assert model.history[1]["train_loss"] < model.history[0]["train_loss"]
    assert model.history[-1]["validation"]["psnr"] > 5


def test_the_same_seed_gives_the_same_model(letters, tmp_path):
    first, second = small(letters), small(letters, out=tmp_path / "run")
    np.testing.assert_array_equal(first.encode(letters[:9]), second.encode(letters[:9]))
    other = small(letters, seed=6)
    assert not np.array_equal(first.encode(letters[:9]), other.encode(letters[:9]))
    opened = ae_images.open(tmp_path / "run")
    np.testing.assert_array_equal(opened.encode(letters[:9]), second.encode(letters[:9]))
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["kind"] == "test"


def test_a_run_is_the_commands(ae, tmp_path):
    ae("train", "--model", "vae", "--network", "dense", "--widths", "16", "--latent", "4", "--epochs", "1", "--limit", "200",
       "--backend", "flex", "--out", "command", cwd=tmp_path)
    ae_images.train("glyphs", model="vae", network="dense", widths=[16], latent=4, epochs=1, limit=200, backend="flex",
                    out=tmp_path / "python")
    for name in ["config.toml", "model.safetensors"]:
        assert (tmp_path / "command" / name).read_bytes() == (tmp_path / "python" / name).read_bytes(), name


def test_an_optimizer_brings_its_defaults(letters, tmp_path):
    small(letters, optimizer="sgd", epochs=1, out=tmp_path / "run")
    config = (tmp_path / "run" / "config.toml").read_text()
    assert "learning_rate = 0.1" in config and 'gradient_clip_norm = "off"' in config


def test_parts_may_be_given_apart(letters):
    told = []
    small(letters[:100], validation=letters[100:150], test=letters[150:], epochs=1, progress=told.append)
    # Every image is trained on: none is kept for the other parts.
    assert told[0].steps == 2


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"epoch": 3}, "epoch: unknown field"),
        ({"beta": 3}, "beta: unknown field"),
        ({"epochs": 0}, "epochs = 0: must be at least 1"),
        ({"epochs": "many"}, "epochs"),
        ({"latent": 0}, "latent"),
        ({"noise": "hail:3"}, "noise"),
        ({"optimizer": "best"}, "optimizer"),
        ({"size": "32x32"}, "size: not for arrays"),
        ({"learning_rate": float("nan")}, "settings"),
        ({"seed": object()}, "type object"),
        ({"model": "gan"}, "gan"),
        ({"model": "pixel"}, "ae train --model pixel"),
        ({"model": "transform"}, "ae train --model transform"),
        ({"patch": 0}, "patch"),
    ],
)
def test_settings_that_are_none_are_named(letters, settings, words):
    with pytest.raises(ae_images.InvalidArgumentError, match=words):
        small(letters, **settings)


def test_data_that_cannot_be_used(letters, tmp_path):
    with pytest.raises(ae_images.InvalidArgumentError, match="axis of images"):
        small(letters[0])
    with pytest.raises(ae_images.DataError, match="beside"):
        small(letters, test=letters[:, :20])
    with pytest.raises(ae_images.AeError):
        small(letters[:0], layout="NHW")
    with pytest.raises(FileNotFoundError):
        ae_images.train(tmp_path / "nowhere")
    with pytest.raises(ae_images.FileError, match="run"):
        small(letters, out=tmp_path / "run", epochs=1)
        small(letters, out=tmp_path / "run", epochs=1)


def test_a_callback_ends_the_training(letters, tmp_path):
    model = small(letters, epochs=50, progress=lambda progress: progress.step < 7, out=tmp_path / "run")
    assert len(model.history) < 5
    assert model.encode(letters[:1], layout="NHW").shape == (1, 4)

    def fail(progress):
        if progress.step == 3:
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        small(letters, progress=fail)


def test_ctrl_c_saves_and_resuming_ends_the_same(letters, tmp_path):
    whole = small(letters, epochs=6, out=tmp_path / "whole")
    sent = []

    def interrupt(progress):
        if progress.step == 9 and not sent:
            sent.append(progress)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        # Python's handler of a signal runs in the main thread, at the latest when the next step is done.
        small(letters, epochs=6, progress=interrupt, out=tmp_path / "run")
        raise AssertionError("not interrupted")
    assert sent
    assert list((tmp_path / "run" / "checkpoints").iterdir())
    with pytest.raises(ae_images.InvalidArgumentError, match="arrays"):
        ae_images.resume(tmp_path / "run")
    resumed = ae_images.resume(tmp_path / "run", data=letters)
    np.testing.assert_array_equal(resumed.encode(letters[:9]), whole.encode(letters[:9]))
    assert [epoch["epoch"] for epoch in resumed.history] == [1, 2, 3, 4, 5, 6]
    longer = ae_images.resume(tmp_path / "run", data=letters, epochs=8)
    assert len(longer.history) == 8


def test_ctrl_c_without_a_callback(letters):
    timer = threading.Timer(0.5, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        small(letters, epochs=100_000)
    timer.join()


def test_ctrl_c_ends_denoising(photo):
    timer = threading.Timer(0.3, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        photo.denoise(np.zeros((6000, 6000), np.uint8))
    timer.join()
    # The model is as good as before.
    assert photo.denoise(np.zeros((8, 8), np.uint8)).shape == (8, 8)
