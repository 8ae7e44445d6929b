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
    if (apart) drawDifference();
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
  sides.forEach((select) => select?.addEventListener("change", update));
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
