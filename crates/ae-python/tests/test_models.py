"""What models are, what they can do, and what they refuse."""

import threading
import time

import numpy as np
import pytest

import ae_images


def test_models_say_what_they_are(conv, vae, photo, letters):
    assert conv.kind == "conv" and conv.image_shape == (1, 28, 28)
    assert conv.noise == "gaussian:0.2" and not conv.has_prior
    assert vae.kind == "vae" and vae.code_shape == (4,) and vae.has_prior
    assert photo.image_shape is None and photo.code_shape is None
    assert repr(vae).startswith("<ae_images.Model") and "vae" in repr(vae)
    assert ae_images.open("glyphs").kind == "pixel"
    assert conv.history == []


def test_every_error_is_of_the_hierarchy():
    for name in ae_images.__all__:
        found = getattr(ae_images, name)
        if isinstance(found, type) and issubclass(found, Exception):
            assert issubclass(found, ae_images.AeError)
    assert issubclass(ae_images.DataError, ValueError)
    assert issubclass(ae_images.NotFoundError, FileNotFoundError)
    assert issubclass(ae_images.UnsupportedError, TypeError)


def test_what_cannot_be_opened(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        ae_images.open("nowhere")
    assert isinstance(caught.value, ae_images.FileError)
    assert caught.value.errno == 2 and "nowhere" in str(caught.value)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ae_images.ModelError, match="no model.safetensors"):
        ae_images.open(tmp_path / "empty")
    for content in [b"", b"not a model", b"\x89AEPIXEL and no more"]:
        (tmp_path / "broken.safetensors").write_bytes(content)
        with pytest.raises(ae_images.ModelError):
            ae_images.open(tmp_path / "broken.safetensors")
    with pytest.raises(ae_images.InvalidArgumentError, match="flex"):
        ae_images.open("photo", backend="abacus")


def test_kinds_refuse_what_they_cannot_do(conv, photo, letters):
    codec = ae_images.open("glyphs")
    for call in [
        lambda: conv.compress(letters),
        lambda: conv.decompress(b""),
        lambda: conv.generate(2),
        lambda: photo.encode(letters[0]),
        lambda: photo.decode(np.zeros(4, np.float32)),
        lambda: photo.score(letters[0]),
        lambda: photo.reconstruct(letters[0]),
        lambda: photo.save("photo.safetensors"),
        lambda: codec.denoise(letters[0]),
        lambda: codec.encode(letters[0]),
        lambda: codec.generate(1),
    ]:
        with pytest.raises(ae_images.UnsupportedError):
            call()


def test_settings_out_of_range_are_named(photo, conv, vae, picture, letters):
    for call, name in [
        (lambda: photo.denoise(picture, strength=2), "strength"),
        (lambda: photo.denoise(picture, strength=float("nan")), "strength"),
        (lambda: photo.denoise(picture, noise_level=25), "noise_level"),
        (lambda: photo.denoise(picture, tile=0), "tile"),
        (lambda: photo.denoise(picture, tile=3), "tiles of 3 pixels"),
        (lambda: conv.score(letters[:2], "mse"), "score"),
        (lambda: vae.generate(2, mixture=0), "mixture"),
        (lambda: vae.generate(2, dtype="int16"), "dtype"),
        (lambda: ae_images.open("glyphs").compress(letters[:2], near=200), "near"),
    ]:
        with pytest.raises(ae_images.InvalidArgumentError, match=name):
            call()


def test_tiles_hardly_show(photo, picture):
    large = np.tile(picture[..., 0], (4, 4))
    whole, tiled = photo.denoise(large), photo.denoise(large, tile=128)
    assert np.abs(whole.astype(int) - tiled).max() <= 1


def test_codes_may_be_flat(conv, letters):
    codes = conv.encode(letters[:3])
    expected = conv.decode(codes)
    np.testing.assert_array_equal(conv.decode(codes.reshape(3, -1)), expected)
    np.testing.assert_array_equal(conv.decode(codes[0]), expected[0])
    np.testing.assert_array_equal(conv.decode(codes[0].ravel()), expected[0])
    np.testing.assert_array_equal(conv.decode(codes.astype(np.float64), layout="NCHW")[:, 0], expected)
    floats = conv.decode(codes, dtype=np.float32)
    assert floats.dtype == np.float32
    np.testing.assert_allclose(floats, conv.reconstruct(letters[:3].astype(np.float32) / 255), atol=1e-6)
    with pytest.raises(ae_images.DataError, match="codes"):
        conv.decode(codes[:, :1, :1])
    with pytest.raises(ae_images.DataError, match="finite"):
        conv.decode(np.full(conv.code_shape, np.nan, np.float32))
    with pytest.raises(ae_images.DataError, match="dtype"):
        conv.decode(np.zeros(conv.code_shape, np.int32))


def test_generated_images_follow_from_their_number(vae, conv, letters):
    ten = vae.generate(10, seed=4)
    assert ten.shape == (10, 28, 28) and ten.dtype == np.uint8
    np.testing.assert_array_equal(vae.generate(3, seed=4), ten[:3])
    assert not np.array_equal(vae.generate(3, seed=5), ten[:3])
    assert vae.generate(2, layout="NHWC").shape == (2, 28, 28, 1)
    assert vae.generate(0).shape == (0, 28, 28)
    mixed = vae.generate(3, mixture=2, images=letters[:50])
    assert mixed.shape == (3, 28, 28) and not np.array_equal(mixed, vae.generate(3))
    # The set that it was trained on was an array, which is gone.
    with pytest.raises(ae_images.AeError, match="NumPy array"):
        conv.generate(3, mixture=2)


def test_scores_are_larger_for_what_is_anomalous(conv, vae, letters):
    noise = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    for model in [conv, vae]:
        assert model.score(noise).min() > model.score(letters[:50]).max()
    errors = conv.score(letters[:5])
    outputs = conv.reconstruct(letters[:5].astype(np.float32) / 255)
    expected = ((outputs.astype(np.float64) - letters[:5] / 255) ** 2).mean(axis=(1, 2))
    np.testing.assert_allclose(errors, expected, rtol=1e-4)
    assert conv.score(letters[0]) == errors[0] and isinstance(conv.score(letters[0]), float)
    maps = conv.error_maps(letters[:5])
    np.testing.assert_allclose(maps, np.abs(outputs - letters[:5] / np.float32(255)), atol=1e-6)
    distances = conv.score(letters[:5], "distance", train=letters[:50], neighbors=1)
    np.testing.assert_allclose(distances, 0, atol=1e-2)
    assert conv.score(noise, "complexity", normal=letters[:50]).shape == (5,)


def test_codec_is_lossless_or_nearly(letters, tmp_path):
    codec = ae_images.open("glyphs")
    container = codec.compress(letters[:30], group=7)
    assert len(container) < letters[:30].nbytes
    np.testing.assert_array_equal(codec.decompress(container), letters[:30])
    near = codec.decompress(codec.compress(letters[:30], near=3)).astype(int)
    assert 0 < np.abs(near - letters[:30]).max() <= 3
    assert codec.decompress(codec.compress(letters[:0])).shape == (0, 28, 28)
    for broken in [b"", b"\x89AEZ", container[:-3], container[:40] + b"\0" + container[41:]]:
        with pytest.raises(ae_images.DataError):
            codec.decompress(broken)
    with pytest.raises(ae_images.DataError, match="28x28"):
        codec.compress(letters[:3, :20], layout="NHW")
    with pytest.raises(ae_images.DataError, match="uint8"):
        codec.compress(letters[:3] / 255)


def test_a_saved_model_is_the_model(conv, letters, tmp_path):
    path = tmp_path / "conv.safetensors"
    conv.save(path)
    again = ae_images.open(path)
    np.testing.assert_array_equal(again.encode(letters[:3]), conv.encode(letters[:3]))
    assert again.noise == conv.noise
    with pytest.raises(ae_images.FileError, match="exists"):
        conv.save(path)
    conv.save(path, force=True)


def test_other_threads_run_meanwhile():
    """While one thread denoises, another one counts; without the lock released it would stand still."""
    nlm = ae_images.open("nlm")
    picture = np.random.default_rng(0).random((300, 300), np.float32)
    counted, is_over = [], threading.Event()

    def count():
        while not is_over.is_set():
            counted.append(time.perf_counter())
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    started = time.perf_counter()
    nlm.denoise(picture, noise_level=0.2)
    ended = time.perf_counter()
    is_over.set()
    thread.join()
    during = [moment for moment in counted if started < moment < ended]
    # At the interpreter's mercy there would be one at each end, at most.
    assert len(during) > 10, (len(during), ended - started)


def test_threads_may_share_a_model(conv, letters):
    expected = conv.encode(letters)
    found = [None] * 4
    threads = [
        threading.Thread(target=lambda place=place: found.__setitem__(place, conv.encode(letters))) for place in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for codes in found:
        np.testing.assert_array_equal(codes, expected)
