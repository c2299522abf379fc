"""Layouts, types and memory of arrays."""

import numpy as np
import pytest

import ae_images
from ae_images import _arrays


@pytest.fixture(scope="module")
def median():
    """Quick, and each channel by itself."""
    return ae_images.open("median")


def test_layouts_are_permutations(median, picture):
    expected = median.denoise(picture)
    assert not np.array_equal(expected, picture)
    for layout in ["HWC", "CHW", "WHC", "CWH", "NHWC", "NCHW", "HNWC"]:
        order = [("NHWC" if "N" in layout else "HWC").index(letter) for letter in layout]
        source = picture[None] if "N" in layout else picture
        whole = expected[None] if "N" in layout else expected
        found = median.denoise(source.transpose(order), layout=layout)
        np.testing.assert_array_equal(found, whole.transpose(order), err_msg=layout)
        assert found.flags.c_contiguous and found.dtype == np.uint8
    each = [median.denoise(picture[..., channel]) for channel in range(3)]
    np.testing.assert_array_equal(np.stack(each, axis=-1), expected)
    np.testing.assert_array_equal(median.denoise(np.moveaxis(picture, -1, 0), layout="NHW"), each)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((28, 28), "HW"),
        ((1, 1), "HW"),
        ((60, 90, 3), "HWC"),
        ((60, 90, 1), "HWC"),
        ((10, 28, 28), "NHW"),
        ((10, 60, 90, 3), "NHWC"),
        ((10, 3, 60, 90), "NCHW"),
    ],
)
def test_what_can_be_one_layout_is_guessed(shape, expected):
    assert _arrays.guessed(shape, None, "images") == expected


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((3, 60, 90), "CHW or NHW"),
        ((1, 60, 90), "CHW or NHW"),
        ((10, 3, 60, 3), "cannot be told"),
        ((7, 60, 90, 5), "cannot be told"),
        ((4, 4, 3), "cannot be told"),
        ((9,), "1 axes"),
        ((1, 1, 1, 1, 1), "5 axes"),
    ],
)
def test_what_can_be_two_layouts_or_none_is_an_error(shape, words):
    with pytest.raises(ae_images.InvalidArgumentError, match=words):
        _arrays.guessed(shape, None, "images")


def test_a_models_own_shape_decides(conv, letters):
    code = conv.code_shape
    assert conv.encode(letters[0]).shape == code
    assert conv.encode(letters[:3]).shape == (3, *code)
    assert conv.encode(letters[:3, :, :, None]).shape == (3, *code)
    assert conv.encode(letters[:3, None]).shape == (3, *code)
    assert conv.encode(letters[0][..., None]).shape == code
    with pytest.raises(ValueError, match="CHW or NHW"):
        conv.encode(letters[:1])
    assert conv.encode(letters[:1], layout="NHW").shape == (1, *code)
    with pytest.raises(ae_images.DataError, match="takes 28x28"):
        conv.encode(letters[0][:20])


@pytest.mark.parametrize("layout", ["HWW", "HC", "hw", "HWX", "", 3, "HWCN"])
def test_a_layout_that_makes_no_sense_is_refused(median, picture, layout):
    with pytest.raises(ae_images.InvalidArgumentError, match="layout"):
        median.denoise(picture, layout=layout)


def test_types_come_back(photo, picture):
    bytes_ = photo.denoise(picture)
    singles = photo.denoise(picture.astype(np.float32) / np.float32(255))
    doubles = photo.denoise(picture / 255)
    assert (bytes_.dtype, singles.dtype, doubles.dtype) == (np.uint8, np.float32, np.float64)
    assert np.abs(singles * 255 - bytes_).max() <= 0.5 + 1e-3 or singles.min() < 0 or singles.max() > 1
    np.testing.assert_allclose(doubles, singles, atol=1e-6)
    swapped = photo.denoise((picture / 255).astype(">f4"))
    np.testing.assert_allclose(swapped, singles, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint16, np.int64, bool, np.float16, complex, object])
def test_other_types_are_refused(median, picture, dtype):
    with pytest.raises(ae_images.InvalidArgumentError, match="uint8 is taken"):
        median.denoise(picture.astype(dtype))


def test_read_only_and_odd_strides_are_taken(median, picture):
    expected = median.denoise(picture)
    frozen = picture.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(median.denoise(frozen), expected)
    np.testing.assert_array_equal(median.denoise(np.asfortranarray(picture)), expected)
    wide = np.zeros((60, 180, 3), np.uint8)
    wide[:, ::2] = picture
    np.testing.assert_array_equal(median.denoise(wide[:, ::2]), expected)
    turned = median.denoise(picture[::-1, ::-1])
    np.testing.assert_array_equal(turned, median.denoise(picture[::-1, ::-1].copy()))
    np.testing.assert_array_equal(median.denoise(picture.tolist() if False else list(picture)), expected)


def test_the_argument_stays_as_it_is(photo, picture):
    for given in [picture.copy(), picture.astype(np.float32) / 255]:
        before = given.copy()
        photo.denoise(given)
        np.testing.assert_array_equal(given, before)


def test_arrays_in_the_models_order_are_not_copied():
    for dtype in [np.uint8, np.float32]:
        for shape, layout in [((2, 3, 8, 9), "NCHW"), ((2, 8, 9), "NHW"), ((8, 9), "HW")]:
            array = np.zeros(shape, dtype)
            values = _arrays.batch(array, layout).values
            assert np.shares_memory(values, array)
    values = np.zeros((1, 1, 8, 9), np.float32)
    for layout in ["HW", "NHW", "NCHW", "HWC"]:
        assert np.shares_memory(_arrays.arranged(values, layout), values)


def test_what_is_no_number_is_refused(median, picture):
    floats = picture.astype(np.float32) / 255
    for value in [np.nan, np.inf, -np.inf]:
        broken = floats.copy()
        broken[3, 4, 1] = value
        with pytest.raises(ae_images.DataError, match=r"\(3, 4, 1\)"):
            median.denoise(broken)
    with pytest.raises(ValueError, match="divided by 255"):
        median.denoise(picture.astype(np.float32))
    noisy = floats + np.random.default_rng(0).normal(0, 0.5, floats.shape)
    assert np.isfinite(median.denoise(noisy)).all()


def test_odd_sizes(photo, median, conv, letters):
    assert photo.denoise(np.zeros((1, 1), np.uint8)).shape == (1, 1)
    assert photo.denoise(np.zeros((3, 50), np.uint8)).tolist() == np.zeros((3, 50)).tolist()
    assert median.denoise(np.zeros((0, 30, 30), np.uint8), layout="NHW").shape == (0, 30, 30)
    assert conv.encode(letters[:0]).shape == (0, *conv.code_shape)
    assert conv.reconstruct(letters[:0]).shape == (0, 28, 28)
    assert conv.score(letters[:0]).shape == (0,)
    for shape in [(0, 5), (5, 0), (2, 0, 5)]:
        with pytest.raises(ValueError, match="pixels|told"):
            median.denoise(np.zeros(shape, np.uint8))
    # More images than a batch of the model's.
    many = np.concatenate([letters, letters[:1]])
    codes = conv.encode(many)
    np.testing.assert_array_equal(codes[-1], codes[0])
