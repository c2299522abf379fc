// The tabs, and what stands behind each.

import { attempt, listModels, say } from "./api.js";
import * as anomalies from "./anomalies.js";
import * as denoise from "./denoise.js";
import * as generate from "./generate.js";
import * as latent from "./latent.js";
import * as runs from "./runs.js";

const tabs = [...document.querySelectorAll("[role=tab]")];
/** What a tab does when it is shown. */
const whenShown = {};

function choose(tab) {
  for (const other of tabs) {
    const isChosen = other === tab;
    other.setAttribute("aria-selected", String(isChosen));
    other.tabIndex = isChosen ? 0 : -1;
    document.getElementById(other.getAttribute("aria-controls")).hidden = !isChosen;
  }
  const name = tab.getAttribute("aria-controls");
  history.replaceState(null, "", `#${name}`);
  say("");
  whenShown[name]?.();
}

for (const tab of tabs) {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", (event) => {
    const able = tabs.filter((tab) => !tab.disabled);
    const place = able.indexOf(tab);
    const to = {
      ArrowRight: able[(place + 1) % able.length],
      ArrowLeft: able[(place + able.length - 1) % able.length],
      Home: able[0],
      End: able[able.length - 1],
    }[event.key];
    if (!to) return;
    event.preventDefault();
    to.focus();
    choose(to);
  });
}

function able(name, isAble, why) {
  const tab = document.getElementById(`tab-${name}`);
  tab.disabled = !isAble;
  tab.title = isAble ? "" : why;
}

attempt(async () => {
  const models = await listModels();
  const can = (operation) => models.some((model) => model.operations.includes(operation));
  denoise.start(models);
  whenShown.latent = latent.start(models);
  whenShown.generate = generate.start(models);
  anomalies.start(models);
  const logs = await runs.start();
  whenShown.runs = logs.shown;
  able("denoise", can("denoise"), "No model that denoises is served");
  able("latent", can("decode"), "No model with codes is served");
  able("generate", can("generate"), "No variational model is served");
  able("anomalies", can("score"), "No model that scores images is served");
  able("runs", logs.names.length > 0, "No folder of a run is served");
  const changed = models.filter((model) => model.is_changed_on_disk).map((model) => model.name);
  const about = models.map((model) => `${model.name} (${model.kind})`).join(", ");
  document.getElementById("models-about").textContent =
    `Served: ${about || "no model yet"}${changed.length > 0 ? `. Changed on the disk since, and served as before: ${changed.join(", ")}` : ""}`;
  const named = tabs.find((tab) => `#${tab.getAttribute("aria-controls")}` === location.hash && !tab.disabled);
  choose(named ?? tabs.find((tab) => !tab.disabled) ?? tabs[0]);
  document.body.dataset.state = "ready";
});
