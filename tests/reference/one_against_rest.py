"""One class against the rest: how well `ae anomaly` finds images of the other classes, by each of its scores.

    python one_against_rest.py --ae target/release/ae --data FOLDER --epochs 40 > one_against_rest_NAME.jsonl

FOLDER holds MNIST-named IDX files, gzipped or not. Where it has the test files alone, every other of their images is
trained on and the rest is tested on. For each class and kind of model one model is trained on the class's training images
(a tenth of them validation images, by which the epoch is chosen and the threshold calibrated) and judges all test images:
those of the class are normal, all others anomalous. `--classes` takes some of the classes. One JSON object
a model, then the means. With `--other FOLDER` a model of all of the training images' classes together judges the other
folder's test images beside its own: letters against digits, for one.
"""

import argparse
import gzip
import json
import pathlib
import subprocess
import tempfile
import time

import numpy as np

MODELS = {
    # By the squared error some of these get stuck at black pictures in their first steps.
    "conv": ["--model", "conv", "--latent", "32", "--loss", "bce"],
    "dense": ["--model", "dense", "--widths", "256,32", "--loss", "bce"],
    "vae": ["--model", "vae", "--latent", "32"],
}


def read_idx(folder, name):
    path = folder / name
    raw = path.read_bytes() if path.exists() else gzip.decompress((folder / (name + ".gz")).read_bytes())
    sides = [int.from_bytes(raw[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(raw[3])]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * len(sides)).reshape(sides)


def write_idx(path, images):
    sides = b"".join(int(side).to_bytes(4, "big") for side in images.shape)
    path.write_bytes(bytes([0, 0, 8, images.ndim]) + sides + images.tobytes())


def read_split(folder):
    images, labels = read_idx(folder, "t10k-images-idx3-ubyte"), read_idx(folder, "t10k-labels-idx1-ubyte")
    if any((folder / ("train-images-idx3-ubyte" + end)).exists() for end in ("", ".gz")):
        train = read_idx(folder, "train-images-idx3-ubyte"), read_idx(folder, "train-labels-idx1-ubyte")
        return train, (images, labels)
    return (images[::2], labels[::2]), (images[1::2], labels[1::2])


def ae(options, *arguments):
    done = subprocess.run([options.ae, *map(str, arguments), "--threads", str(options.threads), "--json", "--quiet"],
                          check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def judge(options, work, model, train, normal, anomalous):
    """Trains a model and has it judge both; the result's AUROCs by score, the best reading of what needs no model."""
    for name, images in [("train", train), ("normal", normal), ("anomalous", anomalous)]:
        write_idx(work / name, images)
    run, begin = work / "run", time.time()
    trained = ae(options, "train", *MODELS[model], "--data", work / "train", "-o", run, "--force", "--epochs", options.epochs,
                 "--patience", options.patience, "--batch-size", options.batch_size, "--learning-rate", options.learning_rate, "--test-share", 0.01,
                 "--validation-share", 0.1, "--seed", 1)
    trained_seconds = time.time() - begin
    found = ae(options, "anomaly", run, "--data", work / "normal", "--foreign", work / "anomalous")
    scores = {}
    for row in found["detections"][0]["scores"]:
        name = row["name"] if "reading" not in row else f"{row['name']}, {row['reading']}"
        scores[name] = row["auroc"]
    return {"model": model, "scores": scores, "false_alarms": found["false_alarms"]["rate"],
            "best_epoch": trained.get("best_epoch"), "train_seconds": round(trained_seconds, 1),
            "seconds": round(time.time() - begin, 1)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ae", default="target/release/ae")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--other", type=pathlib.Path)
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--classes", nargs="+", type=int, default=list(range(10)))
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--patience", type=int, default=6)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=0.002)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    (train, train_labels), (test, test_labels) = read_split(options.data)
    print(json.dumps({"data": options.data.name, "train": len(train), "test": len(test), "epochs": options.epochs,
                      "patience": options.patience, "batch_size": options.batch_size, "learning_rate": options.learning_rate}), flush=True)
    results = []
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        for model in options.models:
            if options.other:
                (_, _), (other, _) = read_split(options.other)
                results.append(judge(options, work, model, train, test, other))
                print(json.dumps(results[-1]), flush=True)
                continue
            for label in options.classes:
                found = judge(options, work, model, train[train_labels == label], test[test_labels == label],
                              test[test_labels != label])
                results.append({"class": label, **found})
                print(json.dumps(results[-1]), flush=True)
    for model in options.models:
        of_model = [result["scores"] for result in results if result["model"] == model]
        means = {name: round(float(np.mean([scores[name] for scores in of_model])), 4) for name in of_model[0]}
        print(json.dumps({"mean_auroc_of": model, **means}), flush=True)


if __name__ == "__main__":
    main()
