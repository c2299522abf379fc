// Arrays as they come from the service, and drawing them.

/** Reads an .npy file of uint8 or float32: its shape, and its numbers. */
export function readNpy(buffer) {
  const bytes = new Uint8Array(buffer);
  const length = bytes[8] | (bytes[9] << 8);
  const header = new TextDecoder().decode(bytes.subarray(10, 10 + length));
  const shape = header.match(/'shape': \(([^)]*)\)/)[1].split(",").filter((size) => size.trim()).map(Number);
  const data = buffer.slice(10 + length);
  const isBytes = header.includes("'|u1'");
  return { shape, isBytes, values: isBytes ? new Uint8Array(data) : new Float32Array(data) };
}

/** Draws image `index` of an array (batch, channels, height, width) pixel by pixel. */
export function drawImage(canvas, array, index) {
  const [, channels, height, width] = array.shape;
  const pixels = height * width;
  const begin = index * channels * pixels;
  const image = new ImageData(width, height);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    for (let color = 0; color < 3; color += 1) {
      const channel = channels === 3 ? color : 0;
      const value = array.values[begin + channel * pixels + pixel];
      // The clamped array rounds and clips.
      image.data[4 * pixel + color] = array.isBytes ? value : 255 * value;
    }
    image.data[4 * pixel + 3] = 255;
  }
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// Matplotlib's viridis at ninths (S. van der Walt and N. Smith, 2015).
const VIRIDIS = [
  [68, 1, 84], [72, 40, 120], [62, 73, 137], [49, 104, 142], [38, 130, 142],
  [31, 158, 137], [53, 183, 121], [110, 206, 88], [181, 222, 43], [253, 231, 37],
];

/** Draws map `index` of an array (batch, height, width) in colors, `most` being the brightest. */
export function drawMap(canvas, array, index, most) {
  const [, height, width] = array.shape;
  const begin = index * height * width;
  const image = new ImageData(width, height);
  for (let pixel = 0; pixel < height * width; pixel += 1) {
    const place = Math.min(Math.max(array.values[begin + pixel] / most, 0), 1) * (VIRIDIS.length - 1);
    const low = Math.min(Math.floor(place), VIRIDIS.length - 2);
    for (let color = 0; color < 3; color += 1) {
      const [from, to] = [VIRIDIS[low][color], VIRIDIS[low + 1][color]];
      image.data[4 * pixel + color] = from + (place - low) * (to - from);
    }
    image.data[4 * pixel + 3] = 255;
  }
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** A color of the style sheet, which follows the theme. */
function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Round numbers between two ends: powers of ten and their halves and fifths. */
function ticks(low, high, isLog) {
  const found = [];
  // Within a factor of ten, logarithmic ticks are too few.
  if (isLog && high / low > 10) {
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
      for (const first of [1, 2, 5]) found.push(first * 10 ** power);
    }
  } else {
    const step = 10 ** Math.floor(Math.log10((high - low) / 4 || 1));
    const wide = step * [1, 2, 5, 10].find((times) => (high - low) / (step * times) <= 6);
    for (let tick = Math.ceil(low / wide); tick * wide <= high; tick += 1) found.push(tick * wide);
  }
  return found.filter((tick) => tick >= low && tick <= high);
}

/** Draws curves, lists of [step, loss], each with the name of its color and its width. */
export function drawCurves(canvas, curves, isLog) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.clearRect(0, 0, width, height);
  const isDrawn = ([, loss]) => Number.isFinite(loss) && (!isLog || loss > 0);
  const shown = curves.map((curve) => ({ ...curve, points: curve.points.filter(isDrawn) }));
  const points = shown.flatMap((curve) => curve.points);
  if (points.length === 0) return;
  let [low, high, last] = [Infinity, -Infinity, 1];
  for (const [step, loss] of points) {
    low = Math.min(low, loss);
    high = Math.max(high, loss);
    last = Math.max(last, step);
  }
  if (low === high) [low, high] = isLog ? [low / 2, high * 2] : [low - 1, high + 1];
  const edges = { left: 64, right: 12, top: 12, bottom: 32 };
  const scale = isLog ? Math.log10 : (value) => value;
  const across = (step) => edges.left + (step / last) * (width - edges.left - edges.right);
  const down = (loss) => {
    const share = (scale(loss) - scale(low)) / (scale(high) - scale(low));
    return height - edges.bottom - share * (height - edges.top - edges.bottom);
  };
  context.font = "12px system-ui, sans-serif";
  context.lineWidth = 1;
  context.strokeStyle = color("--line");
  context.fillStyle = color("--soft");
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const tick of ticks(low, high, isLog)) {
    context.beginPath();
    context.moveTo(edges.left, down(tick));
    context.lineTo(width - edges.right, down(tick));
    context.stroke();
    context.fillText(String(Number(tick.toPrecision(3))), edges.left - 8, down(tick));
  }
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const tick of ticks(0, last, false)) {
    context.fillText(tick.toLocaleString("en"), Math.min(across(tick), width - 24), height - edges.bottom + 8);
  }
  for (const { points, name, thickness } of shown) {
    context.strokeStyle = color(name);
    context.lineWidth = thickness;
    context.beginPath();
    for (const [step, loss] of points) context.lineTo(across(step), down(loss));
    context.stroke();
  }
}
