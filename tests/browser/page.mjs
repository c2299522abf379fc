// The page of `ae serve` in Chromium: what it shows against what the command line writes, by keyboard and pointer, with nothing
// from elsewhere.
//
//     node tests/browser/page.mjs --ae target/debug/ae [--chromium /usr/bin/chromium] [--runs DIR] [--screenshots docs/pictures]
//
// The runs letters-vae, letters-denoiser and letters are trained on a few of the built-in glyphs, or taken from --runs, for
// screenshots of models that have learned more.
//
// Wants playwright-core (`npm install` in this folder) and Chromium. Ends with exit code 0 when all holds, 1 when something
// does not, and 77 when a browser or playwright-core is missing.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    ae: { type: "string" },
    chromium: { type: "string" },
    runs: { type: "string" },
    screenshots: { type: "string" },
  },
});
const here = dirname(fileURLToPath(import.meta.url));
const ae = resolve(options.ae ?? "target/debug/ae");
const chromium = options.chromium ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(77);
}
if (!chromium) skip("Chromium is not installed");
const playwright = await import("playwright-core").catch(() => skip("playwright-core is not installed"));

const folder = mkdtempSync(join(tmpdir(), "ae-page-"));
const run = (...words) => execFileSync(ae, words, { cwd: folder, env: { ...process.env, CI: "true" }, stdio: ["ignore", "pipe", "pipe"] });

/** Models that are trained in seconds, or those of --runs. */
function train() {
  if (options.runs) {
    for (const name of ["letters-vae", "letters-denoiser", "letters"]) {
      cpSync(join(options.runs, name), join(folder, name), { recursive: true });
    }
    run("reconstruct", "letters", "--limit", "3", "-o", "pictures/", "--backend", "flex", "--quiet");
    return;
  }
  const common = ["--data", "glyphs", "--backend", "flex", "--quiet"];
  run("train", "--model", "vae", "--latent", "8", "--epochs", "3", "--limit", "600", "--out", "letters-vae", ...common);
  run("train", "--model", "conv", "--epochs", "2", "--limit", "600", "--noise", "gaussian:0.3", "--out", "letters-denoiser", ...common);
  run("train", "--model", "conv", "--epochs", "2", "--limit", "600", "--out", "letters", ...common);
  run("reconstruct", "letters", "--limit", "3", "-o", "pictures/", "--backend", "flex", "--quiet");
}

/** Starts the service and says where it is. */
function serve() {
  const words = ["serve", "letters-vae", "letters-denoiser", "letters", "photo", "--port", "0", "--json", "--backend", "flex"];
  const child = spawn(ae, words, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((done, failed) => {
    let text = "";
    child.stdout.on("data", (data) => {
      text += data;
      if (text.includes("}")) done({ child, address: JSON.parse(text).address });
    });
    child.on("exit", (code) => failed(new Error(`ae serve ended with ${code}`)));
  });
}

/** The size and the SHA-256 of the pixels of an image of the page, or of a PNG file as the same browser decodes it. */
async function pixelsOf(page, { selector, path }) {
  const encoded = path && readFileSync(path).toString("base64");
  return page.evaluate(async ({ selector, encoded }) => {
    let image = document.querySelector(selector ?? "body");
    if (encoded) {
      const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
      image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    }
    const [width, height] = [image.naturalWidth ?? image.width, image.naturalHeight ?? image.height];
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.drawImage(image, 0, 0);
    const digest = await crypto.subtle.digest("SHA-256", context.getImageData(0, 0, width, height).data);
    const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
    return `${width}x${height} ${hex}`;
  }, { selector, encoded });
}

/** A part of a picture of the checkout with noise, as a PNG file: the clean photograph of the README. */
async function makePhotograph(page, path) {
  const source = readFileSync(join(here, "../../docs/pictures/photograph.png")).toString("base64");
  const encoded = await page.evaluate(async (encoded) => {
    const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
    const [side, sigma] = [484, 25];
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }), 1074, 124, side, side);
    const canvas = new OffscreenCanvas(side, side);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const pixels = context.getImageData(0, 0, side, side);
    // The same noise every time: G. Marsaglia's xorshift32 (2003), twelve of them to a normal number.
    let state = 1;
    const uniform = () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) / 2 ** 32;
    };
    for (let place = 0; place < pixels.data.length; place += 1) {
      if (place % 4 === 3) continue;
      let sum = -6;
      for (let part = 0; part < 12; part += 1) sum += uniform();
      pixels.data[place] += sigma * sum;
    }
    context.putImageData(pixels, 0, 0);
    const cut = new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer());
    return btoa(Array.from(cut, (byte) => String.fromCharCode(byte)).join(""));
  }, source);
  writeFileSync(path, Buffer.from(encoded, "base64"));
}

/** A picture unlike any letter, as a PNG file: white squares on black. */
async function drawSquares(page, path) {
  const encoded = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(28, 28);
    const context = canvas.getContext("2d");
    context.fillRect(0, 0, 28, 28);
    context.fillStyle = "white";
    for (let place = 0; place < 49; place += 1) {
      if (place % 2 === 0) context.fillRect(4 * (place % 7), 4 * Math.floor(place / 7), 4, 4);
    }
    const drawn = new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer());
    return btoa(String.fromCharCode(...drawn));
  });
  writeFileSync(path, Buffer.from(encoded, "base64"));
}

const checks = [];
const check = (name, body) => checks.push({ name, body });

check("a picture that is chosen is denoised to the command line's pixels", async (page) => {
  const photograph = join(folder, "photograph.png");
  await makePhotograph(page, photograph);
  await page.selectOption("#denoise-model", "photo");
  await page.setInputFiles("#denoise-file", photograph);
  for (const strength of ["1", "0.5"]) {
    await page.locator("#strength").fill(strength);
    await page.waitForSelector(`#comparison[data-state="photo ${strength}"]`, { timeout: 120_000 });
    run("denoise", "photograph.png", "-o", "out.png", "--model", "photo", "--strength", strength, "--force", "--backend", "flex", "--quiet");
    const shown = await pixelsOf(page, { selector: "#after" });
    assert.equal(shown, await pixelsOf(page, { path: join(folder, "out.png") }), `strength ${strength}`);
    assert.equal(await pixelsOf(page, { selector: "#before" }), await pixelsOf(page, { path: photograph }));
    assert.notEqual(shown, await pixelsOf(page, { selector: "#before" }), "nothing was removed");
  }
  await page.locator("#strength").fill("1");
  await page.waitForSelector('#comparison[data-state="photo 1"]', { timeout: 120_000 });
});

check("the division moves by pointer and by keyboard", async (page) => {
  const division = () => page.evaluate(() => document.querySelector(".frames").style.getPropertyValue("--division"));
  assert.equal(await division(), "50%");
  const box = await page.locator(".frames").boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 4, box.y + 20);
  await page.mouse.up();
  assert.ok(Math.abs(parseFloat(await division()) - 25) < 1, await division());
  await page.locator("#division").focus();
  await page.keyboard.press("ArrowRight");
  assert.ok(parseFloat(await division()) > 25, await division());
  await page.locator("#division").fill("50");
});

check("a drop is taken as a choice is", async (page) => {
  const bytes = readFileSync(join(folder, "pictures", "000000.png")).toString("base64");
  const transfer = await page.evaluateHandle((encoded) => {
    const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], "dropped.png", { type: "image/png" }));
    return transfer;
  }, bytes);
  await page.selectOption("#denoise-model", "letters-denoiser");
  await page.dispatchEvent("#denoise-drop", "drop", { dataTransfer: transfer });
  await page.waitForFunction(() => document.querySelector("#denoise-caption").textContent.startsWith("dropped.png: 28 × 28"));
  await page.waitForSelector('#comparison[data-state="letters-denoiser 1"]');
});

check("what is no picture is said, and the page lives on", async (page) => {
  writeFileSync(join(folder, "no.png"), "no picture");
  await page.setInputFiles("#denoise-file", join(folder, "no.png"));
  await page.waitForFunction(() => document.querySelector("#message").textContent.length > 0);
  await page.selectOption("#denoise-model", "photo");
  await page.setInputFiles("#denoise-file", join(folder, "photograph.png"));
  await page.waitForFunction(() => document.querySelector("#denoise-caption").textContent.startsWith("photograph.png"), { timeout: 120_000 });
});

check("tabs go by arrow keys", async (page) => {
  await page.locator("#tab-denoise").focus();
  await page.keyboard.press("ArrowRight");
  assert.ok(await page.locator("#latent").isVisible());
  assert.ok(!(await page.locator("#denoise").isVisible()));
  await page.keyboard.press("End");
  assert.ok(await page.locator("#runs").isVisible());
  await page.keyboard.press("Home");
  assert.ok(await page.locator("#denoise").isVisible());
});

const canvasText = (page, selector) => page.evaluate((selector) => document.querySelector(selector).toDataURL(), selector);

check("a latent dimension that moves changes the image", async (page) => {
  await page.click("#tab-latent");
  await page.waitForSelector("#latent-image[data-code]");
  assert.equal(await page.locator("#latent-sliders input").count(), 8);
  const zero = await canvasText(page, "#latent-image");
  const first = page.getByRole("slider", { name: "Dimension 1" });
  await first.focus();
  for (let press = 0; press < 40; press += 1) await page.keyboard.press("ArrowRight");
  await page.waitForFunction(() => document.querySelector("#latent-image").dataset.code.startsWith("1.20 "));
  assert.notEqual(await canvasText(page, "#latent-image"), zero);
  await page.click("#latent-zero");
  await page.waitForFunction(() => document.querySelector("#latent-image").dataset.code.startsWith("0.00 "));
  assert.equal(await canvasText(page, "#latent-image"), zero);
  await page.setInputFiles("#latent-file", join(folder, "pictures", "000001.png"));
  await page.waitForFunction(() => !document.querySelector("#latent-image").dataset.code.startsWith("0.00 0.00"));
});

check("images are generated, the same from the same seed", async (page) => {
  await page.click("#tab-generate");
  await page.waitForFunction(() => document.querySelectorAll("#generate-images canvas").length === 48);
  const first = await canvasText(page, "#generate-images canvas");
  await page.click("#generate-next");
  await page.waitForFunction(() => document.querySelector("#generate-images").ariaLabel.endsWith("seed 1"));
  assert.notEqual(await canvasText(page, "#generate-images canvas"), first);
  await page.fill("#generate-seed", "0");
  await page.locator("#generate-seed").press("Enter");
  await page.waitForFunction(() => document.querySelector("#generate-images").ariaLabel.endsWith("seed 0"));
  assert.equal(await canvasText(page, "#generate-images canvas"), first);
});

check("pictures are judged, with their maps", async (page) => {
  await page.click("#tab-anomalies");
  await page.selectOption("#anomalies-model", "letters");
  const files = ["000000.png", "000001.png", "000002.png"].map((name) => join(folder, "pictures", name));
  await drawSquares(page, join(folder, "squares.png"));
  await page.setInputFiles("#anomalies-file", [...files, join(folder, "squares.png")]);
  await page.waitForFunction(() => document.querySelectorAll("#anomalies-images li").length === 4);
  const verdicts = await page.locator("#anomalies-images strong").allTextContents();
  assert.equal(verdicts[3], "anomalous", verdicts.join());
  assert.ok(verdicts.slice(0, 3).includes("normal"), verdicts.join());
  assert.match(await page.locator("#anomalies-about").textContent(), /^Judged by \d+ images/);
});

check("curves grow while the log does", async (page) => {
  await page.click("#tab-runs");
  await page.selectOption("#runs-run", "letters");
  await page.waitForFunction(() => document.querySelector("#runs-about").textContent.includes("steps"));
  const steps = () => page.evaluate(() => parseInt(document.querySelector("#runs-about").textContent.replaceAll(",", ""), 10));
  const before = await steps();
  const log = join(folder, "letters", "metrics.jsonl");
  const last = readFileSync(log, "utf8").split("\n").filter((line) => line.includes('"kind":"step"')).at(-1);
  appendFileSync(log, `${last}\n${last}\n`);
  await page.waitForFunction((before) => parseInt(document.querySelector("#runs-about").textContent.replaceAll(",", ""), 10) === before + 2, before, { timeout: 10_000 });
  const drawn = await page.evaluate(() => {
    const canvas = document.querySelector("#runs-curve");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value) => value !== 0);
  });
  assert.ok(drawn, "nothing is drawn");
});

check("everything that can be used has a name", async (page) => {
  const nameless = await page.evaluate(() => {
    const named = (element) => element.labels?.length > 0 || element.textContent.trim() || element.ariaLabel || element.title;
    return [...document.querySelectorAll("button, input, select, canvas, img, a")]
      .filter((element) => !(named(element) || element.alt || element.closest("[aria-label]")))
      .map((element) => element.outerHTML.slice(0, 80));
  });
  assert.deepEqual(nameless, []);
});

check("a narrow window has no bar to scroll sideways", async (page) => {
  await page.setViewportSize({ width: 360, height: 740 });
  for (const tab of ["denoise", "latent", "generate", "anomalies", "runs"]) {
    await page.click(`#tab-${tab}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wide <= 0, `${tab} is ${wide} pixels too wide`);
  }
  await page.setViewportSize({ width: 1200, height: 900 });
});

/** Pictures for people, of what the checks have left on the page. */
async function screenshots(page, into) {
  const shot = async (name, tab, prepare = () => {}) => {
    await page.click(`#tab-${tab}`);
    await prepare();
    await page.waitForTimeout(400);
    const { width, height } = page.viewportSize();
    const filled = await page.evaluate(() => document.body.getBoundingClientRect().height);
    await page.screenshot({ path: join(into, `serve-${name}.png`), clip: { x: 0, y: 0, width, height: Math.min(height, filled) } });
  };
  const letter = join(folder, "pictures", "000001.png");
  await page.setViewportSize({ width: 1100, height: 920 });
  await page.emulateMedia({ colorScheme: "light" });
  await shot("denoise", "denoise");
  await shot("latent", "latent", () => page.setInputFiles("#latent-file", letter));
  await shot("generate", "generate");
  await shot("anomalies", "anomalies");
  await page.emulateMedia({ colorScheme: "dark" });
  await shot("runs", "runs");
  await page.setViewportSize({ width: 390, height: 844 });
  await shot("phone", "denoise");
}

let failed = 0;
let service;
let browser;
try {
  train();
  service = await serve();
  browser = await playwright.chromium.launch({
    executablePath: chromium,
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  const troubles = [];
  // That the service refuses what is no picture is part of a check.
  const isRefusal = (message) => message.text().includes("status of 415");
  page.on("console", (message) => message.type() === "error" && !isRefusal(message) && troubles.push(message.text()));
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("request", (request) => {
    const isOwn = request.url().startsWith(service.address) || request.url().startsWith(`blob:${service.address}`);
    if (!isOwn) troubles.push(`a request to ${request.url()}`);
  });
  await page.goto(service.address);
  await page.waitForSelector('body[data-state="ready"]');
  for (const { name, body } of checks) {
    try {
      await body(page);
      console.log(`ok      ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}\n${error.stack}`);
    }
  }
  if (troubles.length > 0) {
    failed += 1;
    console.log(`FAILED  the page's console and requests are clean\n${troubles.join("\n")}`);
  }
  if (options.screenshots) await screenshots(page, resolve(options.screenshots));
  const ended = new Promise((done) => service.child.removeAllListeners("exit").on("exit", done));
  await browser.close();
  service.child.kill("SIGTERM");
  assert.equal(await ended, 0, "ae serve ends in good order");
} catch (error) {
  failed += 1;
  console.log(`FAILED  ${error.stack}`);
} finally {
  await browser?.close();
  service?.child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
console.log(failed === 0 ? `${checks.length} checks passed` : `${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
