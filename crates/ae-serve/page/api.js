// Requests to the service that this page came from.

const form = document.getElementById("token-form");
const field = document.getElementById("token");
let token = sessionStorage.getItem("ae-token");
let waiting = null;

/** Asks for the token, once for all requests that wait for it. */
function askForToken() {
  waiting ??= new Promise((resolve) => {
    form.hidden = false;
    field.focus();
    form.onsubmit = (event) => {
      event.preventDefault();
      token = field.value.trim();
      sessionStorage.setItem("ae-token", token);
      form.hidden = true;
      waiting = null;
      resolve();
    };
  });
  return waiting;
}

/** A request under /api/v1; what the service refuses it with becomes the error's message. */
export async function call(path, { accept = "application/json", ...options } = {}) {
  for (;;) {
    const headers = { accept, ...options.headers };
    if (token) headers.authorization = `Bearer ${token}`;
    let response;
    try {
      response = await fetch(`/api/v1/${path}`, { ...options, headers });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Error("The service does not answer.");
    }
    if (response.ok) return response;
    if (response.status === 401) {
      await askForToken();
      continue;
    }
    const refusal = await response.json().catch(() => ({ error: response.statusText }));
    throw new Error(refusal.error);
  }
}

/** The address of what a model is asked for. */
export function modelPath(name, operation, query = {}) {
  const asked = new URLSearchParams(query).toString();
  return `models/${encodeURIComponent(name)}/${operation}${asked ? `?${asked}` : ""}`;
}

/** The models that are served. */
export async function listModels() {
  return (await (await call("models")).json()).models;
}

/** Fills a choice with names, and says when another is chosen. */
export function fillChoice(select, names, chosen) {
  select.replaceChildren(...names.map((name) => new Option(name, name)));
  select.disabled = names.length === 0;
  select.addEventListener("change", chosen);
}

const message = document.getElementById("message");

/** Says something to the user; nothing clears it. */
export function say(text) {
  message.textContent = text;
  message.hidden = text === "";
}

/** Does what may fail, and says so where it does. */
export async function attempt(work) {
  try {
    say("");
    return await work();
  } catch (error) {
    if (error.name !== "AbortError") say(error.message);
    return undefined;
  }
}

/** Runs `work` for the newest of several values that come faster than it is done: one at a time, those between left out. */
export function newestOnly(work) {
  let next;
  let isBusy = false;
  return async (value) => {
    next = { value };
    if (isBusy) return;
    isBusy = true;
    while (next) {
      const { value } = next;
      next = undefined;
      await attempt(() => work(value));
    }
    isBusy = false;
  };
}

/** Takes files that are dropped on an element, chosen in its field or, with `paste`, pasted while it is shown. */
export function takeFiles(element, input, take, { paste = false } = {}) {
  const given = (files) => {
    const chosen = [...files];
    if (chosen.length > 0) take(chosen);
  };
  input.addEventListener("change", () => {
    given(input.files);
    input.value = "";
  });
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    element.classList.add("over");
  });
  element.addEventListener("dragleave", () => element.classList.remove("over"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("over");
    given(event.dataTransfer.files);
  });
  if (paste) {
    document.addEventListener("paste", (event) => {
      if (element.offsetParent !== null) given(event.clipboardData.files);
    });
  }
}
