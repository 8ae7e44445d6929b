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

  const state = { seed: 0, day: days.length - 1, colour: "", cross: undefined, hidden: new Set() };
  layers.forEach((layer, i) => layer.shown || state.hidden.add(i));
  const panels = all("canvas[data-panel]").map((canvas) => ({
    canvas,
    sheet: Object.assign(document.createElement("canvas"), { width: nx, height: ny }),
    caption: canvas.parentElement.querySelector("figcaption"),
    readout: canvas.parentElement.querySelector(".site"),
    frame: null,
  }));
  const sides = ["left", "right"].map((side) => byId(`map-${side}`));
  const armOf = (k) => (sides[k] ? sides[k].selectedIndex : k);

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
    g.beginPath(); // a pale cell has a dark edge, so that it stands out from the marrow
    if (!signal) {
      for (const { cells } of groups.values()) cells.filter((i) => layers[f.layer[i]].edge).forEach(round);
      g.strokeStyle = "#5b4a9c";
      g.lineWidth = Math.max(0.6, size / 9);
      g.stroke();
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
    const f = panel.frame;
    const tumour = layers.map((l, i) => (l.label.startsWith("tumour") ? i : -1));
    let n = 0, bone = 0;
    for (let i = 0; i < f.n; i++) if (tumour.includes(f.layer[i])) n++;
    let words = `${n} tumour cells`;
    if (f.ground) {
      for (const bits of f.ground) bone += bits & 1;
      words += `, BV/TV ${(bone / (nx * ny)).toFixed(3)}`;
    }
    panel.caption.querySelector(".told").textContent = words;
    panel.canvas.dataset.shown = f.name;
  }

