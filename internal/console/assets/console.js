// The live figures of the console: plots of the last hour, cells of lists, and parts
// of pages that are asked for again and again. Everything else works without a script.
"use strict";
(() => {
  const section = document.querySelector("[data-live]");
  const rows = document.querySelector("table[data-rows]");
  const button = document.getElementById("pause"), state = document.getElementById("live-state");
  const still = section && "still" in section.dataset; // shows what was, once
  const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  let paused = false, since = 0, range = 300;
  let columns = [];
  const plots = [];

  function axis() {
    return { stroke: css("--soft"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line") }, font: "12px system-ui" };
  }

  function clock(seconds) {
    return seconds < 1e6 ? "" : new Date(seconds * 1000).toTimeString().slice(0, 8); // there is no figure yet
  }

  function draw(el) {
    const names = el.dataset.names.split("|"), shown = el.dataset.columns.split(" ").map(Number);
    const least = Number(el.dataset.least || 1), span = section.dataset.from ? 10 : 60;
    const width = () => Math.max(el.clientWidth - 18, 200);
    const plot = new uPlot({
      width: width(), height: 150, pxAlign: false, padding: [12, 26, 0, 0], cursor: { drag: { x: false, y: false } },
      axes: [{ ...axis(), space: 76, values: (u, times) => times.map(clock) }, { ...axis(), size: 60 }],
      scales: {
        x: { range: (u, min, max) => { const end = max || Date.now() / 1000; return [Math.min(min || end, end - span), end]; } },
        y: { range: (u, min, max) => [0, Math.max(max * 1.1, least)] },
      },
      series: [{ label: el.dataset.time, value: (u, time) => time ? clock(time) : "" }].concat(names.map((label, i) => ({ label, stroke: css("--plot-" + (i + 1)), width: 1.5, points: { show: false } }))),
    }, [[]].concat(names.map(() => [])), el);
    new ResizeObserver(() => plot.setSize({ width: width(), height: 150 })).observe(el);
    plots.push(() => {
      plot.setData([0].concat(shown).map(c => section.dataset.from ? columns[c] : columns[c].slice(-range)));
      if (plot.cursor.idx == null) plot.setLegend({ idx: plot.data[0].length - 1 }); // the newest figures
    });
  }

  function take(plot) {
    if (columns.length === 0) columns = plot.map(() => []);
    plot.forEach((values, i) => columns[i].push(...values));
    const extra = columns[0].length - 3600;
    if (extra > 0) columns.forEach(c => c.splice(0, extra));
    if (columns[0].length > 0) since = columns[0][columns[0].length - 1];
    plots.forEach(update => update());
  }

  function write(el, text) {
    if (el.textContent !== text) el.textContent = text;
  }

  function fill(figures) {
    document.querySelectorAll("tr[data-id]").forEach(row => {
      const f = figures[row.dataset.id];
      if (!f) return;
      row.querySelectorAll("[data-col]").forEach(cell => {
        const value = f[Number(cell.dataset.col)];
        write(cell, cell.dataset.col === "2" ? value.toFixed(2) : String(value));
      });
    });
  }

  function tell(answer) {
    document.querySelectorAll("[data-text]").forEach(el => {
      if (answer.texts && el.dataset.text in answer.texts) write(el, answer.texts[el.dataset.text]);
    });
    document.querySelectorAll("[data-bar]").forEach(el => {
      if (answer.bars && el.dataset.bar in answer.bars) el.value = answer.bars[el.dataset.bar];
    });
    if (answer.over && !still) {
      paused = true; // the page is asked for once
      location.reload();
    }
  }

  async function ask() {
    const query = new URLSearchParams({ of: section ? section.dataset.live : "", since, rows: rows ? "1" : "" });
    const answer = await fetch((section && section.dataset.from || "/_levee/live") + "?" + query, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  async function step() {
    if (paused || document.hidden) return;
    try {
      const answer = await ask();
      if (paused) return;
      if (section) take(answer.plot);
      if (answer.rows) fill(answer.rows);
      tell(answer);
      if (state) write(state, button.dataset.live);
    } catch {
      if (state) write(state, button.dataset.lost);
    }
  }

  // Parts that htmx asks for again rest while the page is paused or hidden, and keep
  // which of their details are open.
  let open = [];
  document.body.addEventListener("htmx:beforeRequest", event => {
    if (paused || document.hidden) event.preventDefault();
  });
  document.body.addEventListener("htmx:beforeSwap", event => {
    open = [...event.detail.target.querySelectorAll("details[data-keep][open]")].map(el => el.id);
  });
  document.body.addEventListener("htmx:afterSwap", () => {
    open.forEach(id => {
      const el = document.getElementById(id);
      if (el) el.open = true;
    });
  });

  if (button) {
    button.addEventListener("click", () => {
      paused = !paused;
      button.textContent = paused ? button.dataset.resume : button.dataset.pause;
      state.textContent = paused ? button.dataset.paused : button.dataset.live;
    });
  }
  // One box that chooses all of a list. Without a script there is none.
  document.querySelectorAll("[data-all]").forEach(all => {
    all.hidden = false;
    all.addEventListener("change", () => {
      all.form.querySelectorAll(`[name="${all.dataset.all}"]`).forEach(box => { box.checked = all.checked; });
    });
  });

  if (!section && !rows) return;
  if (section) section.querySelectorAll(".plot").forEach(draw);
  const ranges = document.getElementById("range");
  if (ranges) {
    ranges.addEventListener("change", event => {
      range = Number(event.target.value);
      plots.forEach(update => update());
    });
  }
  step();
  if (!still) setInterval(step, section && section.dataset.from ? 500 : 1000);
})();
