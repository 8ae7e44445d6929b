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

