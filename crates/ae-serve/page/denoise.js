// A picture and what the model makes of it, one over the other.

import { attempt, call, fillChoice, modelPath, newestOnly, takeFiles } from "./api.js";

const element = (id) => document.getElementById(id);
const frames = document.querySelector("#comparison .frames");
let file;
const urls = {};

/** Shows a blob in an image, and gives the last one's memory back. */
async function show(image, blob) {
  const url = URL.createObjectURL(blob);
  image.src = url;
  if (urls[image.id]) URL.revokeObjectURL(urls[image.id]);
  urls[image.id] = url;
  await image.decode();
}

function divide() {
  frames.style.setProperty("--division", `${element("division").value}%`);
}

const denoise = newestOnly(async ({ file, model, strength }) => {
  frames.setAttribute("aria-busy", "true");
  try {
    const begun = performance.now();
    const response = await call(modelPath(model, "denoise", { strength }), {
      method: "POST",
      accept: "image/png",
      headers: { "content-type": file.type || "application/octet-stream" },
      body: file,
    });
    const blob = await response.blob();
    const seconds = ((performance.now() - begun) / 1000).toFixed(2);
    await show(element("after"), blob);
    const { naturalWidth, naturalHeight } = element("after");
    element("denoise-caption").textContent =
      `${file.name}: ${naturalWidth} × ${naturalHeight} pixels, by ${model} at strength ${strength}, in ${seconds} s`;
    const save = element("denoise-save");
    save.href = element("after").src;
    save.download = `${file.name.replace(/\.[^.]*$/, "")}-denoised.png`;
    save.hidden = false;
    element("comparison").dataset.state = `${model} ${strength}`;
  } finally {
    frames.removeAttribute("aria-busy");
  }
});

function again() {
  const strength = Number(element("strength").value);
  element("strength-value").value = strength.toFixed(2);
  const model = element("denoise-model").value;
  if (file && model) denoise({ file, model, strength });
}

export function start(models) {
  const able = models.filter((model) => model.operations.includes("denoise"));
  // First those that were trained to.
  able.sort((one, other) => Number(other.noise !== null || other.input === null) - Number(one.noise !== null || one.input === null));
  fillChoice(element("denoise-model"), able.map((model) => model.name), again);
  element("strength").addEventListener("input", again);
  element("division").addEventListener("input", divide);
  divide();
  const drag = (event) => {
    if (event.buttons === 0) return;
    const { left, width } = frames.getBoundingClientRect();
    element("division").value = (100 * (event.clientX - left)) / width;
    divide();
  };
  frames.addEventListener("pointerdown", (event) => {
    frames.setPointerCapture(event.pointerId);
    drag(event);
  });
  frames.addEventListener("pointermove", drag);
  const take = async ([first]) => {
    file = first;
    element("comparison").hidden = false;
    element("after").removeAttribute("src");
    await attempt(() => show(element("before"), file).catch(() => {
      throw new Error(`${file.name} is no picture that can be shown.`);
    }));
    again();
  };
  takeFiles(element("denoise-drop"), element("denoise-file"), take, { paste: true });
}
