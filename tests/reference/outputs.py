"""Runs some forty commands of `ae` and prints a SHA-256 for everything they write: model files, pictures, arrays, metrics and JSON
without times. Two builds compute the same if the lists are the same (on one machine: docs/determinism.md says what else decides).

    python3 outputs.py target/release/ae > outputs.txt
"""
import hashlib, json, os, subprocess, sys, tempfile

ae = os.path.abspath(sys.argv[1])
root = tempfile.mkdtemp()
TIMES = ("seconds", "images_per_second", "device", "threads", "model_file")


def without_times(value):
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if not any(word in k for word in TIMES)}
    if isinstance(value, list):
        return [without_times(v) for v in value]
    return value


def digest(data):
    return hashlib.sha256(data).hexdigest()


def say(name, data):
    print(f"{digest(data)}  {name}", flush=True)


def run(name, line, json_lines=True):
    before = {p for p in files()}
    done = subprocess.run([ae] + line.split(), cwd=root, capture_output=True)
    if done.returncode:
        print(f"FAILED {done.returncode} {name}: {done.stderr.decode().strip().splitlines()[-1:]}", flush=True)
        return
    text = done.stdout
    if json_lines and "--json" in line:
        text = json.dumps(without_times(json.loads(text)), sort_keys=True).encode()
    say(f"{name}: stdout", text)
    for path in sorted(set(files()) - before):
        full = os.path.join(root, path)
        data = open(full, "rb").read()
        if path.endswith("metrics.jsonl"):
            lines = [json.dumps(without_times(json.loads(l))) for l in data.decode().splitlines()]
            data = "\n".join(lines).encode()
        elif path.endswith(("/lock", "/state.toml")):
            continue
        say(f"{name}: {path}", data)


def files():
    for folder, _, names in os.walk(root):
        for n in names:
            yield os.path.relpath(os.path.join(folder, n), root)


SMALL = "--data glyphs --limit 300 --epochs 2 --batch-size 32 --warmup-steps 4 --quiet --json --backend flex"
TRAIN = {
    "conv": "",
    "conv-latent": "--latent 12 --widths 8,16,16",
    "conv-transposed": "--widths 8,8 --upsampling transposed",
    "dense": "--model dense --widths 64,16",
    "dense-tied": "--model dense --widths 64,16 --tied --loss bce",
    "vae": "--model vae --latent 6 --widths 8,16,16",
    "vae-dense": "--model vae --network dense --widths 64 --latent 6 --likelihood logistic --beta 2 --beta-schedule linear:10 --free-bits 0.1",
    "vae-iwae": "--model vae --network dense --widths 64,6 --importance-samples 3 --binarize dynamic",
    "sparse-l1": "--model sparse --latent 24 --widths 8,16,16 --sparsity l1:0.001",
    "sparse-kl": "--model sparse --network dense --widths 64,48 --sparsity kl:0.1:0.01",
    "sparse-topk": "--model sparse --widths 8,16,16 --latent 48 --sparsity top-k:8",
    "contractive": "--model contractive --network dense --widths 24 --contraction 0.001",
    "contractive-conv": "--model contractive --widths 8,8,8 --latent 8",
    "denoise": "--widths 8,16,16 --noise gaussian:0.05..0.4,masking:0.1",
    "rmsprop": "--widths 8,16 --optimizer rmsprop --schedule step --noise salt-and-pepper:0.2 --noise-draw once --clip-norm off",
    "sgd-l1": "--model dense --widths 32,8 --optimizer sgd --schedule constant --loss l1 --patience 1",
    "ndarray": "--widths 8,16 --backend ndarray",
    "burn": "--widths 4,4 --burn-operations --limit 64 --epochs 1",
    "lines": "--model dense --widths 5,3 --data lines --learning-rate 0.03",
    "size": "--size 20x24 --channels rgb --widths 8,8 --dedup --seed 9",
}
for name, options in TRAIN.items():
    given = {o for o in options.split() if o.startswith("--")}
    parts = SMALL.split()
    line = []
    i = 0
    while i < len(parts):
        takes = i + 1 < len(parts) and not parts[i + 1].startswith("--")
        if parts[i] not in given:
            line += parts[i : i + 2] if takes else parts[i : i + 1]
        i += 2 if takes else 1
    run(f"train {name}", f"train {' '.join(line)} {options} --out {name}")
    run(f"info {name}", f"info {name} --json")
for name in ["conv", "vae", "vae-dense", "sparse-topk", "contractive", "denoise", "vae-iwae"]:
    run(f"eval {name}", f"eval {name} --json --quiet --limit 100")
run("eval noise", "eval conv --noise salt-and-pepper:0.2 --seed 3 --json --quiet --limit 60")
run("eval nll", "eval vae --nll 5 --json --quiet --limit 30")
run("eval text", "eval dense --quiet --limit 60")
run("reconstruct folder", "reconstruct conv --limit 12 -o rec --json --quiet")
run("reconstruct npy", "reconstruct conv-latent --limit 12 -o rec.npy --quiet --noise speckle:0.2")
run("data show", "data show glyphs -o grid.png --count 50 --quiet")
run("data noise", "data noise -o noises.png --quiet")
run("data info", "data info glyphs --json --quiet")
run("data info text", "data info lines --quiet")
run("denoise", "denoise grid.png -o clean.png --model denoise --noise gaussian:0.1 --compare compare.png --json --quiet")
run("denoise fixed", "denoise noises.png -o clean2.png --model conv-latent --quiet")
run("encode", "encode conv --limit 20 -o codes.npy --quiet --json")
run("encode vae", "encode vae --part all --limit 20 -o vcodes.npy --quiet")
run("decode", "decode vcodes.npy --model vae -o decoded --quiet")
run("show", "show conv -o show.png --quiet")
run("show noise", "show denoise -o shown.png --quiet --count 6")
run("show losses", "show vae --losses -o losses.png --quiet")
run("show latent", "show sparse-topk -o latent.png --quiet")
run("generate", "generate vae --count 12 -o gen.png --quiet --json")
run("generate mixture", "generate conv-latent --mixture 3 --count 9 --limit 100 -o mix.png --quiet")
run("interpolate", "interpolate rec/%s rec/%s --model vae -o between.png --quiet" % tuple(sorted(os.listdir(os.path.join(root, "rec")))[:2] if os.path.isdir(os.path.join(root, "rec")) else ("a", "b")))
run("traverse", "traverse vae -o numbers.png --quiet --json --limit 60")
run("anomaly", "anomaly conv --foreign lines -o strange.png --json --quiet --limit 60" if False else "anomaly vae --limit 80 -o strange.png --json --quiet")
run("anomaly foreign", "anomaly dense --foreign rec --limit 80 --json --quiet")
run("probe", "probe vae --json --quiet --limit 120")
run("map tsne", "map vae --count 80 -o map.png --quiet --json")
run("map html", "map conv-latent --method pca --count 60 -o map.html --quiet")
run("resume", "train --resume conv-latent --epochs 3 --json --quiet")
