"""What the peers of `cargo xtask bench` have in common: requests in, images a second out.

A request is one JSON object a line on standard input, a reply one on standard output:

    {"task": "train", "variant": "eager", "model": "conv", "shape": [128, 1, 28, 28], "threads": 2,
     "noise": 0.0, "seconds": 1.0}
    {"images_per_second": 431.2, "steps": 4}

`task` is train or infer, `model` conv or dense. What a request needs is built, compiled and warmed up
before the clock starts, and kept for the next round. A request that fails is answered with
{"error": "..."}.
"""

import json
import sys
import time
from typing import Callable

Step = Callable[[], object]


def serve(peer: str, build: Callable[[dict], Step], prepare: Callable[[dict], None] = lambda _: None) -> None:
    """Answers requests until they end. `build` makes the step of a request, `prepare` is called before each."""
    ready: dict[str, Step] = {}

    def answer(request: dict) -> dict:
        prepare(request)
        key = json.dumps({k: v for k, v in request.items() if k != "seconds"}, sort_keys=True)
        if key not in ready:
            ready[key] = build(request)
            for _ in range(3):
                ready[key]()
        step = ready[key]
        step()
        steps, start = 0, time.perf_counter()
        while steps < 2 or time.perf_counter() - start < request["seconds"]:
            step()
            steps += 1
        seconds = time.perf_counter() - start
        return {"images_per_second": steps * request["shape"][0] / seconds, "steps": steps}

    print(json.dumps({"peer": peer}), flush=True)
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except Exception as error:  # the caller decides what a failed peer means
            first = str(error).splitlines()[:1]
            reply = {"error": f"{type(error).__name__}: {''.join(first)}"}
        print(json.dumps(reply), flush=True)
