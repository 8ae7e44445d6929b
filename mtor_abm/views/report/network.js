  // ------------------------------------------------------------------------------ network
  const type = byId("network-type");
  if (type) {
    const { means, control, unbounded } = data.network;
    const time = byId("network-time");
    const show = () => {
      for (const svg of all("svg.network")) {
        const chosen = svg.closest("figure").querySelector("select");
        svg.dataset.arm = chosen.value;
        svg.setAttribute("aria-label", `mTOR network, ${chosen.selectedOptions[0].textContent}`);
        const here = means[svg.dataset.arm][time.selectedIndex][type.value] || {};
        const before = means[control[svg.dataset.arm]][time.selectedIndex][type.value] || {};
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
    for (const select of [type, time, ...all(".networks select")]) select.addEventListener("change", show);
  }

