"""Keras on TensorFlow as a peer of `cargo xtask bench`; serving.py has the protocol."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers, ops  # noqa: E402
from serving import batches, serve, threads, training_images  # noqa: E402


def convolutional(shape: list[int]) -> keras.Model:
    channels, height, width = shape
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


def encoder(shape: list[int], units: list[tuple[int, str | None]]) -> keras.Model:
    channels, height, width = shape
    x = images = keras.Input((height, width, channels))
    x = layers.Flatten()(x)
    for count, activation in units:
        x = layers.Dense(count, activation=activation)(x)
    return keras.Model(images, x)


def decoder(shape: list[int], code: int, units: list[int]) -> keras.Model:
    channels, height, width = shape
    x = codes = keras.Input((code,))
    for count in units:
        x = layers.Dense(count, activation="relu")(x)
    x = layers.Dense(channels * height * width, activation="sigmoid")(x)
    return keras.Model(codes, layers.Reshape((height, width, channels))(x))


class Model:
    """A model of `ae` in Keras: torch_models.py says what each name means."""

    def __init__(self, name: str, shape: list[int]) -> None:
        self.name = name
        if name == "conv":
            self.whole = convolutional(shape)
            self.variables = self.whole.trainable_variables
            return
        codes = {
            "dense": ([(128, "relu"), (64, "relu"), (32, None)], 32, [64, 128]),
            "sparse": ([(128, "relu"), (256, "relu")], 256, [128]),
            "vae": ([(400, "relu"), (40, None)], 20, [400]),
        }
        units, code, back = codes[name]
        self.encoder, self.decoder = encoder(shape, units), decoder(shape, code, back)
        self.variables = self.encoder.trainable_variables + self.decoder.trainable_variables

    def draw(self, images: tf.Tensor) -> tf.Tensor:
        if self.name == "conv":
            return self.whole(images, training=False)
        codes = self.encoder(images, training=False)
        return self.decoder(codes[:, :20] if self.name == "vae" else codes, training=False)

    def loss(self, images: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
        if self.name == "conv":
            return tf.reduce_mean(tf.square(self.whole(images, training=True) - target))
        codes = self.encoder(images, training=True)
        if self.name != "vae":
            loss = tf.reduce_mean(tf.square(self.decoder(codes, training=True) - target))
            penalty = 1e-5 * tf.reduce_mean(tf.reduce_sum(codes, 1)) if self.name == "sparse" else 0.0
            return loss + penalty
        mean, log_variance = tf.split(codes, 2, axis=1)
        codes = mean + tf.exp(0.5 * log_variance) * tf.random.normal(tf.shape(mean))
        cross_entropy = ops.binary_crossentropy(target, self.decoder(codes, training=True))
        divergence = 0.5 * tf.reduce_sum(tf.exp(log_variance) + mean**2 - 1 - log_variance)
        return (tf.reduce_sum(cross_entropy) + divergence) / target.shape[0]


class Bench:
    """One request's model and data, ready to run."""

    def __init__(self, request: dict) -> None:
        batch, channels, height, width = request["shape"]
        keras.utils.set_random_seed(1)
        self.training, self.noise = request["task"] == "train", request["noise"]
        self.model = Model(request["model"], request["shape"][1:])
        if request["data"] is None:
            images = np.random.default_rng(1).random((batch, height, width, channels), np.float32)
            self.batches = None
        else:
            images = np.moveaxis(training_images(request["data"]), 1, 3)
            self.batches = batches(len(images), batch)
        self.images = tf.constant(np.ascontiguousarray(images))
        self.optimizer = keras.optimizers.Adam(1e-3)
        self.optimizer.build(self.model.variables)
        self.parameters = sum(int(np.prod(variable.shape)) for variable in self.model.variables)
        self.changed = self.model.variables + self.optimizer.variables
        self.first_values = [variable.numpy() for variable in self.changed]
        self.run = tf.function(self.train if self.training else self.model.draw)

    def begin(self) -> None:
        for variable, value in zip(self.changed, self.first_values):
            variable.assign(value)

    def train(self, target: tf.Tensor) -> tf.Tensor:
        images = target
        if self.noise > 0:
            images = tf.clip_by_value(target + self.noise * tf.random.normal(tf.shape(target)), 0.0, 1.0)
        with tf.GradientTape() as tape:
            loss = self.model.loss(images, target)
        gradients = tape.gradient(loss, self.model.variables)
        self.optimizer.apply_gradients(zip(gradients, self.model.variables))
        return loss

    def step(self) -> float:
        if not self.training:
            return float(self.run(self.images).numpy()[0, 0, 0, 0])
        images = self.images
        if self.batches is not None:
            images = tf.gather(images, next(self.batches))
        return float(self.run(images))


tf.config.threading.set_intra_op_parallelism_threads(threads())
tf.config.threading.set_inter_op_parallelism_threads(threads())
serve(f"Keras {keras.__version__} on TensorFlow {tf.__version__}", Bench)
