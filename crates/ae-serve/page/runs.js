// Runs and their curves, which grow while they train.

import { attempt, call, fillChoice } from "./api.js";
import { drawCurves } from "./drawing.js";

const element = (id) => document.getElementById(id);
/** How often the log is looked at while the curves are shown. */
const EVERY_MS = 2000;
let shown;

function empty(name) {
  return { name, next: 0, steps: [], train: [], validation: [], last: undefined };
}

function add(curves, line) {
  if (line.kind === "step") curves.steps.push([line.step, line.loss]);
  if (line.kind === "epoch") {
    curves.train.push([line.step, line.train_loss]);
    const loss = line.validation_loss ?? line.validation?.mse;
    if (loss !== undefined) curves.validation.push([line.step, loss]);
    curves.last = line;
  }
}

function draw() {
  drawCurves(
    element("runs-curve"),
    [
      { points: shown.steps, name: "--step", thickness: 1 },
      { points: shown.train, name: "--train", thickness: 2 },
      { points: shown.validation, name: "--validation", thickness: 2 },
    ],
    element("runs-log").checked,
  );
  const parts = [`${shown.steps.length.toLocaleString("en")} steps`];
  if (shown.last) {
    parts.push(`epoch ${shown.last.epoch}`, `training loss ${shown.last.train_loss.toPrecision(4)}`);
    parts.push(`${Math.round(shown.last.images_per_second).toLocaleString("en")} images a second`);
  }
  element("runs-about").textContent = parts.join(", ");
  element("runs-curve").setAttribute("aria-label", `Loss by step of ${shown.name}: ${parts.join(", ")}`);
}

async function look() {
  const curves = shown;
  for (;;) {
    const path = `runs/${encodeURIComponent(curves.name)}/log?from=${curves.next}`;
    const part = await (await call(path)).json();
    if (curves !== shown) return;
    if (part.is_restarted) Object.assign(curves, empty(curves.name));
    for (const line of part.lines) add(curves, line);
    const hasGrown = part.lines.length > 0;
    curves.next = part.next;
    if (hasGrown) draw();
    if (!part.has_more) return;
  }
}

function choose() {
  const name = element("runs-run").value;
  shown = name ? empty(name) : undefined;
  if (shown) attempt(look);
}

export async function start() {
  const { runs } = await (await call("runs")).json();
  fillChoice(element("runs-run"), runs, choose);
  const redraw = () => shown && element("runs-curve").offsetParent !== null && draw();
  element("runs-log").addEventListener("change", redraw);
  window.addEventListener("resize", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  setInterval(() => {
    if (shown && !document.hidden && element("runs-curve").offsetParent !== null) attempt(look);
  }, EVERY_MS);
  return {
    names: runs,
    shown: () => (shown ? redraw() : choose()),
  };
}
