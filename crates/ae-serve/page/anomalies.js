// How anomalous pictures are, and where.

import { attempt, call, fillChoice, modelPath, takeFiles } from "./api.js";
import { drawMap, readNpy } from "./drawing.js";

const element = (id) => document.getElementById(id);
/** The pictures that are shown: their file, its address, score and map. */
let judged = [];
let files = [];

function figures(picture) {
  const text = [`score ${picture.score.toPrecision(3)}`];
  if (picture.p_value !== null) text.push(`p ${picture.p_value.toPrecision(2)}`);
  return text.join(", ");
}

function card(picture, most) {
  const item = document.createElement("li");
  item.classList.toggle("anomalous", picture.is_anomalous === true);
  const image = document.createElement("img");
  image.src = picture.url;
  image.alt = picture.file.name;
  const canvas = document.createElement("canvas");
  canvas.className = "pixels";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Where ${picture.file.name} differs from what the model makes of it`);
  drawMap(canvas, picture.map, 0, most);
  const verdict = document.createElement("strong");
  verdict.textContent = { true: "anomalous", false: "normal" }[picture.is_anomalous] ?? "";
  const name = document.createElement("span");
  name.className = "name";
  name.textContent = picture.file.name;
  const numbers = document.createElement("span");
  numbers.textContent = figures(picture);
  const pair = document.createElement("div");
  pair.append(image, canvas);
  item.append(pair, name, verdict, numbers);
  return item;
}

function show() {
  // One scale for all, so that maps can be compared.
  let most = 1e-6;
  for (const picture of judged) for (const value of picture.map.values) most = Math.max(most, value);
  element("anomalies-images").replaceChildren(...judged.map((picture) => card(picture, most)));
}

function about({ calibration, threshold, false_alarm_rate: rate }) {
  if (calibration.state !== "calibrated") {
    return `No verdicts: ${calibration.reason ?? calibration.state}.`;
  }
  if (threshold === null) {
    return `No verdicts at ${100 * rate}% false alarms: ${calibration.images} held-out images allow ${(100 * calibration.smallest_rate).toFixed(1)}% at least.`;
  }
  return `Judged by ${calibration.images} images that the model was not fitted to: above a score of ${threshold.toPrecision(3)}, ${100 * rate}% of normal images would be called anomalous by mistake.`;
}

async function judge(file, name) {
  const body = { method: "POST", body: file, headers: { "content-type": file.type || "application/octet-stream" } };
  const query = { false_alarm_rate: element("anomalies-rate").value };
  const [scored, map] = await Promise.all([
    call(modelPath(name, "score", query), body).then((response) => response.json()),
    call(modelPath(name, "score"), { ...body, accept: "application/x-npy" }).then((response) => response.arrayBuffer()),
  ]);
  element("anomalies-about").textContent = about(scored);
  return { file, url: URL.createObjectURL(file), map: readNpy(map), ...scored.images[0] };
}

function again() {
  const name = element("anomalies-model").value;
  if (!name || files.length === 0) return undefined;
  return attempt(async () => {
    for (const picture of judged) URL.revokeObjectURL(picture.url);
    judged = [];
    for (const file of files) {
      judged.push(await judge(file, name));
      show();
    }
  });
}

export function start(models) {
  const able = models.filter((model) => model.operations.includes("score"));
  const isCalibrated = (model) => model.anomaly?.state !== "uncalibrated";
  able.sort((one, other) => Number(isCalibrated(other)) - Number(isCalibrated(one)));
  fillChoice(element("anomalies-model"), able.map((model) => model.name), again);
  element("anomalies-rate").addEventListener("change", again);
  const take = (given) => {
    files = given;
    again();
  };
  takeFiles(element("anomalies-drop"), element("anomalies-file"), take);
}
