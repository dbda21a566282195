// The live figures of the console: plots of the last hour, and cells of lists.
// Everything else works without a script.
"use strict";
(() => {
  const section = document.querySelector("[data-live]");
  const rows = document.querySelector("table[data-rows]");
  const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  let paused = false, since = 0, range = 300;
  const columns = [[], [], [], [], [], [], [], []];
  const plots = [];

  function axis() {
    return { stroke: css("--soft"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line") }, font: "12px system-ui" };
  }

  function clock(seconds) {
    return new Date(seconds * 1000).toTimeString().slice(0, 8);
  }

  function draw(el) {
    const names = el.dataset.names.split("|"), shown = el.dataset.columns.split(" ").map(Number);
    const width = () => Math.max(el.clientWidth - 18, 200);
    const plot = new uPlot({
      width: width(), height: 150, pxAlign: false, cursor: { drag: { x: false, y: false } },
      axes: [{ ...axis(), space: 76, values: (u, times) => times.map(clock) }, { ...axis(), size: 52 }],
      scales: {
        x: { range: (u, min, max) => [Math.min(min, max - 60), max] },
        y: { range: (u, min, max) => [0, Math.max(max * 1.1, shown[0] === 3 ? 0.1 : 1)] },
      },
      series: [{ label: el.dataset.time, value: (u, time) => time ? clock(time) : "" }].concat(names.map((label, i) => ({ label, stroke: css("--plot-" + (i + 1)), width: 1.5, points: { show: false } }))),
    }, [[]].concat(names.map(() => [])), el);
    new ResizeObserver(() => plot.setSize({ width: width(), height: 150 })).observe(el);
    plots.push(() => plot.setData([0].concat(shown).map(c => columns[c].slice(-range))));
  }

  function take(plot) {
    plot.forEach((values, i) => columns[i].push(...values));
    const extra = columns[0].length - 3600;
    if (extra > 0) columns.forEach(c => c.splice(0, extra));
    if (columns[0].length > 0) since = columns[0][columns[0].length - 1];
    plots.forEach(update => update());
  }

  function fill(figures) {
    document.querySelectorAll("tr[data-id]").forEach(row => {
      const f = figures[row.dataset.id];
      if (!f) return;
      row.querySelectorAll("[data-col]").forEach(cell => {
        const value = f[Number(cell.dataset.col)];
        const text = cell.dataset.col === "2" ? value.toFixed(2) : String(value);
        if (cell.textContent !== text) cell.textContent = text;
      });
    });
  }

  async function ask() {
    const of = section ? section.dataset.live : "";
    const query = new URLSearchParams({ of, since, rows: rows ? "1" : "" });
    const answer = await fetch("/_levee/live?" + query, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  async function step() {
    if (paused || document.hidden) return;
    const state = document.getElementById("live-state"), words = document.getElementById("pause");
    try {
      const answer = await ask();
      if (paused) return;
      if (section) take(answer.plot);
      if (answer.rows) fill(answer.rows);
      if (state && state.textContent !== words.dataset.live) state.textContent = words.dataset.live;
    } catch {
      if (state) state.textContent = words.dataset.lost;
    }
  }

  if (!section && !rows) return;
  if (section) {
    section.querySelectorAll(".plot").forEach(draw);
    const button = document.getElementById("pause"), state = document.getElementById("live-state");
    button.addEventListener("click", () => {
      paused = !paused;
      button.textContent = paused ? button.dataset.resume : button.dataset.pause;
      state.textContent = paused ? button.dataset.paused : button.dataset.live;
    });
    document.getElementById("range").addEventListener("change", event => {
      range = Number(event.target.value);
      plots.forEach(update => update());
    });
  }
  step();
  setInterval(step, 1000);
})();
