// A model's latent dimensions as sliders, and the image of the code, drawn again as they move.

import { attempt, call, fillChoice, modelPath, newestOnly, takeFiles } from "./api.js";
import { drawImage, readNpy } from "./drawing.js";

const element = (id) => document.getElementById(id);
/** More sliders than anybody moves. */
const MOST = 64;
let models = [];
let code = [];

const draw = newestOnly(async ({ name, code }) => {
  const response = await call(modelPath(name, "decode"), {
    method: "POST",
    accept: "application/x-npy",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ codes: [code] }),
  });
  drawImage(element("latent-image"), readNpy(await response.arrayBuffer()), 0);
  element("latent-image").dataset.code = code.map((value) => value.toFixed(2)).join(" ");
});

function redraw() {
  const name = element("latent-model").value;
  if (name) draw({ name, code: [...code] });
}

/** How far a slider goes: three deviations of the prior, or as far as the code's values are from zero. */
function reach() {
  const farthest = Math.max(...code.map(Math.abs), 0);
  return Math.max(3, Math.ceil(farthest));
}

function sliders() {
  const far = reach();
  const rows = code.slice(0, MOST).map((value, dimension) => {
    const row = document.createElement("label");
    const input = document.createElement("input");
    const output = document.createElement("output");
    Object.assign(input, { type: "range", min: -far, max: far, step: far / 100, value });
    output.value = value.toFixed(2);
    input.addEventListener("input", () => {
      code[dimension] = Number(input.value);
      output.value = code[dimension].toFixed(2);
      redraw();
    });
    const name = document.createElement("span");
    name.textContent = `Dimension ${dimension + 1}`;
    row.append(name, input, output);
    return row;
  });
  if (code.length > MOST) {
    const rest = document.createElement("p");
    rest.textContent = `${code.length - MOST} more dimensions keep their values.`;
    rows.push(rest);
  }
  element("latent-sliders").replaceChildren(...rows);
  redraw();
}

function reset(value) {
  const model = models.find((model) => model.name === element("latent-model").value);
  code = Array.from({ length: model?.code_values ?? 0 }, value);
  sliders();
}

/** A draw from the standard normal (G. E. P. Box and M. E. Muller, 1958). */
function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

export function start(all) {
  models = all.filter((model) => model.operations.includes("decode"));
  // A prior says where codes are; without one most codes are of nothing.
  models.sort((one, other) => Number(other.has_prior) - Number(one.has_prior));
  fillChoice(element("latent-model"), models.map((model) => model.name), () => reset(() => 0));
  element("latent-zero").addEventListener("click", () => reset(() => 0));
  element("latent-random").addEventListener("click", () => reset(normal));
  const encode = ([file]) => attempt(async () => {
    const response = await call(modelPath(element("latent-model").value, "encode"), {
      method: "POST",
      headers: { "content-type": file.type || "application/octet-stream" },
      body: file,
    });
    [code] = (await response.json()).codes;
    sliders();
  });
  const button = element("latent-file");
  takeFiles(button.parentElement, button, encode);
  return () => {
    if (code.length === 0) reset(() => 0);
  };
}
