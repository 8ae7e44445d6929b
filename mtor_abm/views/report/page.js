// The moving parts of the report: numbers in charts by pointer and keys, the network by cell type, and
// the map of the marrow. Plain JavaScript; all data stand in the page itself.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const all = (css, root = document) => [...root.querySelectorAll(css)];
  const raised = (n) => String(n).replace(/./g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);
  const short = (v, digits = 3) => {
    if (v === null || Number.isNaN(v)) return "–";
    if (v === 0 || Math.abs(v) >= 1e-4) return String(+v.toPrecision(digits)).replace("-", "−");
    const [mantissa, power] = v.toExponential(digits - 1).split("e");
    return `${+mantissa}·10${raised(Number(power))}`.replace(/^-/, "−");
  };
  const make = (tag, words, css) => {
    const element = document.createElement(tag);
    if (words !== undefined) element.textContent = words;
    if (css) element.className = css;
    return element;
  };

  // ------------------------------------------------------------------------------ time courses
  for (const svg of all("svg[data-chart]")) {
    const lines = data.courses.charts[svg.dataset.chart];
    if (!lines) continue;
    const days = data.courses.days;
    const [left, right, top, bottom, end] = svg.dataset.frame.split(" ").map(Number);
    const cross = document.createElementNS("http://www.w3.org/2000/svg", "line");
    cross.setAttribute("class", "cross");
    cross.setAttribute("y1", top);
    cross.setAttribute("y2", bottom);
    const readout = svg.parentElement.querySelector(".readout");
    let row = days.length - 1; // where the keys stand
    const tell = (i) => {
      const place = left + ((right - left) * days[i]) / end;
      cross.setAttribute("x1", place);
      cross.setAttribute("x2", place);
      svg.append(cross);
      readout.replaceChildren(make("span", `day ${short(days[i])}`));
      for (const [label, style, mean, low, high] of lines) {
        const line = make("div");
        line.append(make("b", label, `arm${style % 8}`), ` ${short(mean[i])}`);
        if (low[i] !== null) line.append(` [${short(low[i])}, ${short(high[i])}]`);
        readout.append(line);
      }
      readout.hidden = false;
    };
    const leave = () => {
      cross.remove();
      readout.hidden = true;
    };
    // A slider along the days: screen readers hand it the arrow keys and say its value.
    const stand = (i) => {
      row = Math.min(days.length - 1, Math.max(0, i));
      tell(row);
      svg.setAttribute("aria-valuenow", days[row]);
      svg.setAttribute("aria-valuetext", [...readout.children].map((line) => line.textContent).join("; "));
    };
    svg.setAttribute("role", "slider");
    svg.setAttribute("tabindex", "0");
    svg.setAttribute("aria-label", `${svg.getAttribute("aria-label")}; arrow keys move the day`);
    svg.setAttribute("aria-valuemin", days[0]);
    svg.setAttribute("aria-valuemax", days.at(-1));
    stand(row);
    leave();
    svg.addEventListener("focus", () => stand(row));
    svg.addEventListener("blur", leave);
    svg.addEventListener("keydown", (event) => {
      const far = event.shiftKey ? 10 : 1;
      const to = { ArrowLeft: row - far, ArrowRight: row + far, Home: 0, End: days.length - 1 }[event.key];
      if (event.key === "Escape") leave();
      if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      stand(to);
    });
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
      const day = Math.min(end, Math.max(0, ((x - left) / (right - left)) * end));
      let i = 0;
      while (i < days.length - 1 && Math.abs(days[i + 1] - day) <= Math.abs(days[i] - day)) i++;
      tell(i);
    });
    svg.addEventListener("pointerleave", () => (document.activeElement === svg ? tell(row) : leave()));
  }

  // ------------------------------------------------------------------------------ network
  const type = byId("network-type");
  if (type) {
    const { means, control, unbounded } = data.network;
    const show = () => {
      for (const svg of all("svg.network")) {
        const here = means[svg.dataset.arm][type.value] || {};
        const before = means[control][type.value] || {};
        for (const node of all(".node", svg)) {
          const signal = node.dataset.signal;
          if (!signal) continue;
          const value = here[signal] ?? NaN;
          const odd = unbounded.includes(signal);
          const share = odd ? value / (1 + value) : value;
          let words = Number.isNaN(value) ? "–" : odd ? short(value) : value.toFixed(2);
          const change = value - (before[signal] ?? NaN);
          if (!odd && Math.abs(change) >= 0.005) {
            words += ` ${change > 0 ? "▲" : "▼"}${Math.abs(change).toFixed(2).replace("0.", ".")}`;
          }
          node.querySelector(".activity").textContent = words;
          node.querySelector(".fill").setAttribute("width", 26 * Math.min(1, Math.max(0, share || 0)));
        }
        for (const edge of all(".edge", svg)) {
          const value = here[edge.dataset.from];
          const odd = unbounded.includes(edge.dataset.from);
          const strength = value === undefined || value === null ? 0.45 : odd ? value / (1 + value) : value;
          edge.style.setProperty("--strength", Math.min(1, strength).toFixed(2));
        }
      }
    };
    type.addEventListener("change", show);
  }

  // ------------------------------------------------------------------------------ map: reading
  const map = data.map;
  if (!map) return;
  const { nx, ny, dx_um: dx, days, layers, fields, signals } = map;
  const unpacked = new Map();

  async function bytes(name) {
    const element = byId(`blob-${name}`);
    if (!element) return null;
    const packed = Uint8Array.from(atob(element.textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  function frame(arm, seed, day) {
    const name = `${arm}-${seed}-${day}`;
    if (!unpacked.has(name)) unpacked.set(name, read(name));
    return unpacked.get(name);
  }

  async function read(name) {
    const [ground, cells, planes] = await Promise.all(
      ["ground", "cells", "fields"].map((kind) => bytes(`${kind}-${name}`)),
    );
    if (planes) {
      for (let i = 0; i < planes.length; i++) if (i % nx) planes[i] = (planes[i] + planes[i - 1]) & 255;
    }
    const { n, blood } = map.frames[name];
    const column = (k) => cells.subarray(k * n, (k + 1) * n);
    const two = (k) => Uint16Array.from(column(k), (low, i) => low + 256 * cells[(k + 1) * n + i]);
    const out = {
      name, n, blood, ground, planes, x: two(0), y: two(2), layer: column(4), sites: column(5), age: two(6),
      signals: signals.map((_, k) => column(8 + k)),
    };
    out.at = new Map(); // site -> cells there, the topmost last
    for (let i = 0; i < n; i++) {
      for (const site of covered(out, i)) {
        if (!out.at.has(site)) out.at.set(site, []);
        out.at.get(site).push(i);
      }
    }
    return out;
  }

  const radius = (f, i) => (layers[f.layer[i]].big ? Math.sqrt(f.sites[i] / Math.PI) : 0.5);

  function* covered(f, i) {
    const r = radius(f, i), reach = Math.floor(r);
    for (let y = f.y[i] - reach; y <= f.y[i] + reach; y++) {
      for (let x = f.x[i] - reach; x <= f.x[i] + reach; x++) {
        if (x < 0 || y < 0 || x >= nx || y >= ny) continue;
        if ((x === f.x[i] && y === f.y[i]) || Math.hypot(x - f.x[i], y - f.y[i]) <= r) yield y * nx + x;
      }
    }
  }

  // ------------------------------------------------------------------------------ map: drawing
  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  const ground = Object.fromEntries(Object.entries(map.ground).map(([k, v]) => [k, rgb(v)]));
  const steps = map.scale.map(rgb);
  const scale = (share) => {
    const t = Math.min(1, Math.max(0, share)) * (steps.length - 1);
    const i = Math.min(steps.length - 2, Math.floor(t));
    return steps[i].map((c, k) => Math.round(c + (steps[i + 1][k] - c) * (t - i)));
  };
  const paleBone = [236, 233, 226]; // a field has the greys for itself
  const shades = Array.from({ length: 256 }, (_, v) => scale(v / 254));

  const control = { arm: 0 };
  const state = { seed: 0, day: days.length - 1, colour: "", cross: undefined, hidden: new Set() };
  layers.forEach((layer, i) => layer.shown || state.hidden.add(i));
  const panels = all("canvas[data-panel]").map((canvas) => ({
    canvas,
    sheet: Object.assign(document.createElement("canvas"), { width: nx, height: ny }),
    caption: canvas.parentElement.querySelector("figcaption"),
    readout: canvas.parentElement.querySelector(".site"),
    frame: null,
  }));
  const armOf = (k) => (k === 0 ? control.arm : Number(byId("map-arm")?.value ?? 1));

  function paintGround(panel) {
    const f = panel.frame, sheet = panel.sheet.getContext("2d");
    const picture = sheet.createImageData(nx, ny);
    const chosen = state.colour[0] === "f" ? Number(state.colour.slice(1)) : -1;
    const plane = chosen >= 0 && f.planes ? f.planes.subarray(chosen * nx * ny, (chosen + 1) * nx * ny) : null;
    for (let site = 0; site < nx * ny; site++) {
      const bits = f.ground ? f.ground[site] : 0;
      const vessel = (bits >> 2) & 3;
      let c = ground.marrow;
      if (bits & 1) c = plane ? paleBone : ground.bone;
      else if (vessel > 1) c = ground.sprout;
      else if (vessel) c = ground.vessel;
      else if (plane) c = shades[plane[site]];
      else if (bits & 2) c = ground.cavity;
      const row = ny - 1 - Math.floor(site / nx), at = 4 * (row * nx + (site % nx));
      picture.data.set(c, at);
      picture.data[at + 3] = 255;
    }
    sheet.putImageData(picture, 0, 0);
  }

  function draw(panel) {
    const f = panel.frame;
    if (!f) return;
    const { canvas } = panel, wide = canvas.clientWidth, dpr = Math.min(3, window.devicePixelRatio || 1);
    const size = Math.max(1, Math.ceil((wide * dpr) / nx)); // whole pixels, so that sites meet
    canvas.width = size * nx;
    canvas.height = size * ny;
    canvas.style.aspectRatio = `${nx} / ${ny}`;
    const g = canvas.getContext("2d");
    g.imageSmoothingEnabled = false;
    g.drawImage(panel.sheet, 0, 0, canvas.width, canvas.height);
    const signal = state.colour[0] === "s" ? f.signals[Number(state.colour.slice(1))] : null;
    const small = state.colour[0] === "f" ? 0.62 : 1.04;
    const groups = new Map();
    for (let i = 0; i < f.n; i++) {
      if (state.hidden.has(f.layer[i])) continue;
      const colour = signal ? `rgb(${shades[Math.round((signal[i] * 254) / 255) & ~7]})` : layers[f.layer[i]].colour;
      const id = signal ? colour : f.layer[i];
      if (!groups.has(id)) groups.set(id, { colour, cells: [] });
      groups.get(id).cells.push(i);
    }
    const round = (i) => {
      const r = radius(f, i) * size * (layers[f.layer[i]].big ? 1 : small);
      const x = (f.x[i] + 0.5) * size, y = canvas.height - (f.y[i] + 0.5) * size;
      g.moveTo(x + r, y);
      g.arc(x, y, r, 0, 7);
    };
    const asSquares = size < 7 && small > 1; // discs this small leave gaps
    for (const { colour, cells } of groups.values()) {
      g.beginPath();
      for (const i of cells) {
        if (asSquares && !layers[f.layer[i]].big) g.rect(f.x[i] * size, canvas.height - (f.y[i] + 1) * size, size, size);
        else round(i);
      }
      g.fillStyle = colour;
      g.fill();
    }
    g.beginPath(); // a dark edge tells osteoclasts from other cells where colours do not
    [...groups.values()].flatMap(({ cells }) => cells).filter((i) => layers[f.layer[i]].big).forEach(round);
    g.strokeStyle = "#0d2f52";
    g.lineWidth = Math.max(1, size / 7);
    g.stroke();
    drawBar(g, canvas, size);
    if (state.cross != null) drawCross(g, canvas, size);
  }

  function drawBar(g, canvas, size) {
    const um = [1000, 500, 200, 100, 50].find((u) => u <= (nx * dx) / 3.5) || 50;
    const length = (um / dx) * size, edge = canvas.width * 0.025, font = canvas.width * 0.028;
    const x = canvas.width - edge - length, y = canvas.height - edge;
    g.font = `${font}px system-ui, sans-serif`;
    g.fillStyle = "rgba(255,255,255,.82)";
    g.fillRect(x - edge / 2, y - font * 1.7, length + edge, font * 1.7 + edge / 2);
    g.fillStyle = "#000";
    g.fillRect(x, y - font * 0.22, length, font * 0.22);
    g.textAlign = "center";
    g.fillText(`${um} µm`, x + length / 2, y - font * 0.5);
  }

  function drawCross(g, canvas, size) {
    const x = ((state.cross % nx) + 0.5) * size, y = canvas.height - (Math.floor(state.cross / nx) + 0.5) * size;
    for (const [style, width] of [["#fff", 4], ["#000", 1.6]]) {
      g.strokeStyle = style;
      g.lineWidth = (width * canvas.width) / canvas.clientWidth;
      g.beginPath();
      g.arc(x, y, Math.max(size * 0.9, canvas.width / 90), 0, 7);
      g.stroke();
    }
  }

  // ------------------------------------------------------------------------------ map: telling
  const capital = (s) => s[0].toUpperCase() + s.slice(1);

  function groundWords(f, site) {
    if (!f.ground) return "ground not written";
    const bits = f.ground[site], vessel = (bits >> 2) & 3;
    if (bits & 1) return "bone";
    if (vessel) return `${["", "vessel", "sprouting vessel", "tip of a sprout"][vessel]}, ${bits & 16 ? "" : "not "}perfused`;
    return bits & 2 ? "cavity under repair" : "marrow";
  }

  function fieldWords(f, k, site) {
    const { label, unit, low, high } = fields[k], level = f.planes[k * nx * ny + site];
    const value = level === 255 ? `> ${short(high)}` : short(low + ((high - low) * level) / 254, 2);
    return [label, `${value} ${unit}`];
  }

  function tell(panel) {
    const f = panel.frame, site = state.cross;
    if (!f) return;
    if (site == null) {
      panel.readout.replaceChildren(make("span", "Point at a site to see what is there.", "dim"));
      return;
    }
    const x = (((site % nx) + 0.5) * dx).toFixed(0), y = ((Math.floor(site / nx) + 0.5) * dx).toFixed(0);
    const here = (f.at.get(site) || []).filter((i) => !state.hidden.has(f.layer[i]));
    const top = here.at(-1);
    const title = make("b", top === undefined ? capital(groundWords(f, site)) : capital(layers[f.layer[top]].label));
    const place = make("span", ` at ${x}, ${y} µm`, "dim");
    const parts = [title, place];
    if (top !== undefined) {
      const others = here.length > 1 ? `, with ${here.length - 1} more` : "";
      parts.push(make("div", `${ageWords(f.age[top])} old, ${f.sites[top]} site${f.sites[top] === 1 ? "" : "s"}, on ${groundWords(f, site)}${others}`, "dim"));
      parts.push(list(signals.map((s, k) => [s, (f.signals[k][top] / 255).toFixed(2)])));
    }
    if (f.planes) parts.push(list(fields.map((_, k) => fieldWords(f, k, site))));
    panel.readout.replaceChildren(...parts);
  }

  const ageWords = (h) => (h < 48 ? `${h} h` : `${short(h / 24)} d`);

  function list(pairs) {
    const dl = make("dl");
    for (const [name, value] of pairs) {
      const row = make("div");
      row.append(make("dt", name), make("dd", value));
      dl.append(row);
    }
    return dl;
  }

  function caption(panel, k) {
    const arm = map.arms[armOf(k)], f = panel.frame;
    const tumour = layers.map((l, i) => (l.label.startsWith("tumour") ? i : -1));
    let n = 0, bone = 0;
    for (let i = 0; i < f.n; i++) if (tumour.includes(f.layer[i])) n++;
    const name = make("span", arm.label, `key arm${arm.style % 8}`);
    name.style.color = "var(--arm)";
    let words = `${n} tumour cells`;
    if (f.ground) {
      for (const bits of f.ground) bone += bits & 1;
      words += `, BV/TV ${(bone / (nx * ny)).toFixed(3)}`;
    }
    panel.caption.replaceChildren(name, make("span", words, "dim"));
    panel.canvas.dataset.shown = f.name;
  }

  // ------------------------------------------------------------------------------ map: moving
  let turn = 0;

  async function update() {
    const mine = ++turn;
    const shown = byId("map-day-shown"), slider = byId("map-day");
    shown.textContent = `day ${short(days[state.day])}`;
    slider.value = state.day;
    slider.setAttribute("aria-valuetext", shown.textContent);
    const frames = await Promise.all(panels.map((_, k) => frame(armOf(k), state.seed, state.day)));
    if (mine !== turn) return; // a later move is under way
    state.cross = state.cross === undefined ? someTumourCell(frames[0]) : state.cross;
    panels.forEach((panel, k) => {
      panel.frame = frames[k];
      caption(panel, k);
      paintGround(panel);
      draw(panel);
      tell(panel);
    });
    showScale();
  }

  // Where the cross stands at first: the tumour cell nearest to the middle of the tumour.
  function someTumourCell(f) {
    const cells = [...f.x.keys()].filter((i) => layers[f.layer[i]].label.startsWith("tumour"));
    if (!cells.length) return null;
    const mean = (a) => cells.reduce((sum, i) => sum + a[i], 0) / cells.length;
    const [mx, my] = [mean(f.x), mean(f.y)];
    const away = (i) => Math.hypot(f.x[i] - mx, f.y[i] - my);
    const nearest = cells.reduce((best, i) => (away(i) < away(best) ? i : best));
    return f.y[nearest] * nx + f.x[nearest];
  }

  function showScale() {
    const bar = byId("map-scale"), kind = state.colour[0];
    bar.hidden = !kind;
    if (!kind) return;
    const field = kind === "f" ? fields[Number(state.colour.slice(1))] : { low: 0, high: 1, unit: "", open: false };
    const ramp = make("i");
    ramp.style.background = `linear-gradient(to right, ${map.scale.join(",")})`;
    bar.replaceChildren(make("span", short(field.low)), ramp, make("span", `${field.open ? "≥ " : ""}${short(field.high)} ${field.unit}`));
  }

  function point(site) {
    state.cross = site;
    for (const panel of panels) {
      draw(panel);
      tell(panel);
    }
  }

  function siteUnder(event, canvas) {
    const box = canvas.getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * nx);
    const y = ny - 1 - Math.floor(((event.clientY - box.top) / box.height) * ny);
    return Math.min(ny - 1, Math.max(0, y)) * nx + Math.min(nx - 1, Math.max(0, x));
  }

  for (const { canvas } of panels) {
    for (const kind of ["pointermove", "pointerdown"]) {
      canvas.addEventListener(kind, (event) => point(siteUnder(event, canvas)));
    }
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (event.key === "Escape") point(null);
      if (!step) return;
      event.preventDefault();
      const from = state.cross ?? Math.floor(ny / 2) * nx + Math.floor(nx / 2);
      const far = event.shiftKey ? 10 : 1;
      const x = Math.min(nx - 1, Math.max(0, (from % nx) + step[0] * far));
      const y = Math.min(ny - 1, Math.max(0, Math.floor(from / nx) + step[1] * far));
      point(y * nx + x);
    });
    canvas.parentElement.querySelector(".site").setAttribute("aria-live", "polite");
  }

  let timer = null;
  const play = byId("map-play");
  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "▶";
    play.setAttribute("aria-label", "play");
  }
  play.addEventListener("click", () => {
    if (timer) return stop();
    play.textContent = "❚❚";
    play.setAttribute("aria-label", "pause");
    timer = setInterval(() => {
      state.day = (state.day + 1) % days.length;
      update();
    }, 900);
  });
  byId("map-day").addEventListener("input", (event) => {
    if (timer) stop();
    state.day = Number(event.target.value);
    update();
  });
  byId("map-seed").addEventListener("change", (event) => {
    state.seed = event.target.selectedIndex;
    update();
  });
  byId("map-arm")?.addEventListener("change", update);
  byId("map-colour").addEventListener("change", (event) => {
    state.colour = event.target.value;
    update();
  });
  for (const box of all("input[data-layer]")) {
    box.addEventListener("change", () => {
      state.hidden[box.checked ? "delete" : "add"](Number(box.dataset.layer));
      point(state.cross);
    });
  }
  new ResizeObserver(() => panels.forEach(draw)).observe(document.querySelector(".panels"));
  window.addEventListener("beforeprint", () => panels.forEach(draw));
  if (typeof DecompressionStream === "undefined") {
    document.querySelector(".panels").replaceChildren(make("p", "The map needs a browser of 2023 or later.", "warning"));
  } else {
    update();
  }
})();
