  // ------------------------------------------------------------------------------ map: difference
  // Right minus left: of a field site by site, of an activity or of tumour cells in squares of 50 um.
  const apart = document.querySelector("canvas.difference");
  const SQUARE = Math.max(1, Math.round(50 / dx));
  const diverging = ["#2166ac", "#67a9cf", "#d1e5f0", "#f7f7f7", "#fddbc7", "#ef8a62", "#b2182b"].map(rgb);
  const between = (t) => {
    const at = Math.min(1, Math.max(0, (t + 1) / 2)) * (diverging.length - 1), i = Math.min(diverging.length - 2, Math.floor(at));
    return diverging[i].map((c, k) => Math.round(c + (diverging[i + 1][k] - c) * (at - i)));
  };
  const isTumour = layers.map((l) => l.label.startsWith("tumour"));

  function ofField(f, k) {
    const { low, high } = fields[k], plane = f.planes.subarray(k * nx * ny, (k + 1) * nx * ny);
    return Float32Array.from(plane, (v, site) => (f.ground && f.ground[site] & 1 ? NaN : low + ((high - low) * Math.min(v, 254)) / 254));
  }

  // Tumour cells in a square, or the mean of a signal over them; NaN where there is none to average.
  function inSquares(f, signal) {
    const wide = Math.ceil(nx / SQUARE), sum = new Float32Array(wide * Math.ceil(ny / SQUARE)), n = sum.slice();
    for (let i = 0; i < f.n; i++) {
      if (!isTumour[f.layer[i]]) continue;
      const at = Math.floor(f.y[i] / SQUARE) * wide + Math.floor(f.x[i] / SQUARE);
      n[at] += 1;
      sum[at] += signal === null ? 1 : f.signals[signal][i] / 255;
    }
    return signal === null ? n : sum.map((v, at) => (n[at] ? v / n[at] : NaN));
  }

  function drawDifference() {
    const [left, right] = panels.map((p) => p.frame);
    const kind = state.colour[0], k = Number(state.colour.slice(1));
    const told = apart.parentElement.querySelector(".told");
    if (kind === "f" && !(left.planes && right.planes)) {
      told.textContent = "this field was not written on this day";
      apart.getContext("2d").clearRect(0, 0, apart.width, apart.height);
      return;
    }
    const [a, b] = [left, right].map((f) => (kind === "f" ? ofField(f, k) : inSquares(f, kind === "s" ? k : null)));
    const change = a.map((v, i) => b[i] - v);
    const sizes = [...change].filter(Number.isFinite).map(Math.abs).sort((x, y) => x - y);
    const top = sizes[Math.floor(0.99 * (sizes.length - 1))] || sizes.at(-1) || 1;
    const scaleOf = kind === "f" ? 1 : SQUARE, wide = Math.ceil(nx / scaleOf);
    const size = Math.max(1, Math.ceil(apart.clientWidth / nx));
    apart.width = size * nx;
    apart.height = size * ny;
    apart.style.aspectRatio = `${nx} / ${ny}`;
    const sheet = document.createElement("canvas").getContext("2d");
    sheet.canvas.width = nx;
    sheet.canvas.height = ny;
    const picture = sheet.createImageData(nx, ny);
    for (let site = 0; site < nx * ny; site++) {
      const x = site % nx, y = Math.floor(site / nx), at = 4 * ((ny - 1 - y) * nx + x);
      const v = change[Math.floor(y / scaleOf) * wide + Math.floor(x / scaleOf)];
      const bone = left.ground && left.ground[site] & 1;
      picture.data.set(bone ? [214, 210, 202] : Number.isFinite(v) ? between(v / top) : [240, 240, 240], at);
      picture.data[at + 3] = 255;
    }
    sheet.putImageData(picture, 0, 0);
    const g = apart.getContext("2d");
    g.imageSmoothingEnabled = false;
    g.drawImage(sheet.canvas, 0, 0, apart.width, apart.height);
    const what = kind === "f" ? fields[k].label : kind === "s" ? `${signals[k]}, mean of the tumour cells in a square of ${SQUARE * dx} µm` : `tumour cells in a square of ${SQUARE * dx} µm`;
    told.textContent = what;
    const ramp = make("i");
    ramp.style.background = `linear-gradient(to right, ${diverging.map((c) => `rgb(${c})`).join(",")})`;
    const unit = kind === "f" ? fields[k].unit : "";
    byId("difference-scale").replaceChildren(make("span", `−${short(top)}`), ramp, make("span", `+${short(top)} ${unit}`));
    apart.dataset.of = `${left.name} ${right.name} ${state.colour}`;
  }

