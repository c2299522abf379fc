"""Keras on TensorFlow as a peer of `cargo xtask bench`.

serving.py has the protocol. Keras takes its threads when TensorFlow starts, so requests for
another number than the machine's cores are refused.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers  # noqa: E402
from serving import Step, serve  # noqa: E402


def convolutional(shape: list[int]) -> keras.Model:
    _, channels, height, width = shape
    x = images = keras.Input((height, width, channels))
    for filters in (32, 64):
        x = layers.Conv2D(filters, 3, activation="relu", padding="same")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(128, 3, activation="relu", padding="same")(x)
    for filters in (128, 64):
        x = layers.Conv2D(filters, 3, activation="relu", padding="same")(x)
        x = layers.UpSampling2D(2)(x)
    x = layers.Conv2D(channels, 3, activation="sigmoid", padding="same")(x)
    return keras.Model(images, x)


def dense(shape: list[int]) -> keras.Model:
    _, channels, height, width = shape
    x = images = keras.Input((height, width, channels))
    x = layers.Flatten()(x)
    for units, activation in ((128, "relu"), (64, "relu"), (32, None), (64, "relu"), (128, "relu")):
        x = layers.Dense(units, activation=activation)(x)
    x = layers.Dense(channels * height * width, activation="sigmoid")(x)
    return keras.Model(images, layers.Reshape((height, width, channels))(x))


class Bench:
    def __init__(self, request: dict) -> None:
        batch, channels, height, width = request["shape"]
        keras.utils.set_random_seed(1)
        model = (convolutional if request["model"] == "conv" else dense)(request["shape"])
        images = tf.constant(np.random.default_rng(1).random((batch, height, width, channels), np.float32))
        noise = request.get("noise", 0.0)
        if request["task"] == "infer":
            forward = tf.function(lambda x: model(x, training=False))
            self.step = lambda: forward(images).numpy()[0, 0, 0, 0]
            return
        optimizer = keras.optimizers.Adam(1e-3)
        optimizer.build(model.trainable_variables)

        @tf.function
        def train() -> tf.Tensor:
            shown = images
            if noise > 0:
                shown = tf.clip_by_value(images + noise * tf.random.normal(images.shape), 0.0, 1.0)
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(model(shown, training=True) - images))
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            return loss

        self.step = lambda: float(train())


def build(request: dict) -> Step:
    if request["threads"] != os.cpu_count():
        raise ValueError("only with as many threads as cores")
    return Bench(request).step


serve(f"Keras {keras.__version__} on TensorFlow {tf.__version__}", build)
