"use strict";
// Readout, zoom and sorting. The page is complete without; values are read off the drawings.
(() => {
  const W = 100000, H = 1000000, all = (parent, query) => [...parent.querySelectorAll(query)];
  const bar = document.querySelector("#window"), said = bar.querySelector("output");
  let from = 0, to = 1, cursor = null;

  const add = (parent, tag, attributes, text = "") => {
    const element = document.createElementNS(parent.namespaceURI, tag);
    for (const name in attributes) element.setAttribute(name, attributes[name]);
    element.textContent = text;
    return parent.appendChild(element);
  };
  const plain = (value, digits) => Math.abs(value) >= 1e12 ? value.toExponential(3)
    : value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const time = (ms, from, to) => new Date(ms).toISOString().slice(from, to).replace("T", " ");
  const steps = [1, 5, 15, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800,
    345600, 604800, 1209600, 2592000, 5184000, 7776000, 15552000, 31536000].map(s => s * 1000);

  const charts = all(document, ".chart[data-from]").map(figure => {
    const part = query => figure.querySelector(query), data = figure.dataset;
    const series = all(figure, ".line, .band").map(group => {
      const shape = group.firstElementChild;
      const points = shape ? shape.getAttribute("points").split(" ").map(p => p.split(",").map(Number)) : [];
      const half = group.matches(".band") ? points.length / 2 : points.length;
      return { upper: points.slice(0, half), lower: points.slice(half).reverse() };
    });
    const chart = { figure, series, plot: part(".plot"), grid: part(".grid"), x: part(".x"), y: part(".y"),
      outputs: all(figure, "output"), digits: +data.digits, unit: data.unit };
    chart.original = ["grid", "x", "y"].map(name => [name, [...chart[name].childNodes]]);
    chart.ms = x => +data.from + (data.to - data.from) * x;
    // When a point of a drawing is, as exactly as the drawing has it; with its date where that is not the cursor's.
    const grain = (data.to - data.from) / W, unit = grain <= 1000 ? 1000 : 60000, about = grain > unit ? "~" : "";
    chart.when = (point, x) => {
      const ms = Math.round(chart.ms(point[0] / W) / unit) * unit;
      return about + time(ms, time(ms, 0, 10) === time(chart.ms(x), 0, 10) ? 11 : 0, unit === 1000 ? 19 : 16);
    };
    chart.value = y => +data.high - (data.high - data.low) * y / H;
    return chart;
  });

  // The last point at or before x.
  const before = (points, x) => {
    let low = 0, high = points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (points[middle][0] <= x) low = middle + 1; else high = middle;
    }
    return points[low - 1];
  };

  const axes = (chart, top, bottom) => {
    const { grid, x, y } = chart, high = chart.value(top), low = chart.value(bottom);
    for (const part of [grid, x, y]) part.replaceChildren();
    const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
    const step = ([1, 2, 5].find(f => f * power >= rough) || 10) * power;
    const digits = Math.min(18, Math.max(0, -Math.floor(Math.log10(step))));
    for (let n = Math.ceil(low / step); n * step <= high; n++) {
      const value = n * step + 0, at = (100 * (high - value) / (high - low)).toFixed(2) + "%", text = plain(value, digits);
      add(grid, "line", { x1: 0, x2: "100%", y1: at, y2: at });
      add(y, "text", { x: "100%", y: at, dx: -6, dy: ".35em", "text-anchor": "end" },
        text.length > 11 ? value.toExponential(4) : text);
    }
    const first = chart.ms(from), last = chart.ms(to);
    const between = steps.find(s => s >= (last - first) / 7) || steps.at(-1) * Math.ceil((last - first) / 7 / steps.at(-1));
    for (let n = Math.ceil(first / between), count = 0; n * between <= last; n++, count++) {
      const share = (n * between - first) / (last - first), at = (100 * share).toFixed(2) + "%";
      add(grid, "line", { y1: 0, y2: "100%", x1: at, x2: at });
      add(x, "text", { x: at, y: "1.2em", class: count % 2 ? "odd" : "",
        "text-anchor": share < 0.05 ? "start" : share > 0.95 ? "end" : "middle" },
        between < 60000 ? time(n * between, 11, 19) : between < 86400000 ? time(n * between, 5, 16) : time(n * between, 0, 10));
    }
  };

  const zoom = (a, b) => {
    const width = Math.min(1, Math.max(b - a, 0.004));
    from = Math.min(Math.max(0, a), 1 - width);
    to = from + width;
    for (const chart of charts) {
      const shown = chart.series.flatMap(s => [s.upper, s.lower]).flatMap(points => {
        const inside = points.filter(p => p[0] >= from * W && p[0] <= to * W), start = before(points, from * W);
        return start ? [start, ...inside] : inside;
      }).map(p => p[1]);
      let top = 0, bottom = H;
      if (width < 1 && shown.length) {
        top = shown.reduce((a, b) => Math.min(a, b)), bottom = shown.reduce((a, b) => Math.max(a, b));
        const room = (bottom - top) * 0.05 || 1000;
        top -= room, bottom += room;
      }
      chart.plot.setAttribute("viewBox", `${from * W} ${top} ${width * W} ${bottom - top}`);
      if (width < 1) axes(chart, top, bottom);
      else for (const [name, nodes] of chart.original) chart[name].replaceChildren(...nodes);
    }
    read(null);
  };

  const read = share => {
    cursor = share;
    const x = share === null ? null : from + share * (to - from);
    for (const chart of charts) {
      all(chart.grid, ".cross").forEach(line => line.remove());
      if (x !== null) {
        const at = 100 * share + "%";
        add(chart.grid, "line", { class: "cross", y1: 0, y2: "100%", x1: at, x2: at });
      }
      chart.series.forEach((one, index) => {
        const points = x === null ? [] : [before(one.lower, x * W), before(one.upper, x * W)].filter(Boolean);
        chart.outputs[index].textContent = points.map(p => plain(chart.value(p[1]), chart.digits)).join(" to ")
          + (points.length ? `${chart.unit} at ${chart.when(points[0], x)}` : "");
      });
    }
    if (charts.length) {
      const ms = x => time(charts[0].ms(x), 0, 16);
      said.textContent = (x === null ? `${ms(from)} to ${ms(to)}` : `last points until ${time(charts[0].ms(x), 0, 19)}`) + " UTC";
    }
  };

  for (const chart of charts) {
    const { plot, grid, figure } = chart;
    const share = event => {
      const box = plot.getBoundingClientRect();
      return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    };
    let start = null, mark = null;
    plot.setAttribute("tabindex", 0);
    plot.addEventListener("focus", () => figure.querySelector(".legend").setAttribute("aria-live", "polite"));
    plot.addEventListener("blur", () => figure.querySelector(".legend").removeAttribute("aria-live"));
    plot.addEventListener("pointerdown", event => { start = share(event); plot.setPointerCapture(event.pointerId); });
    plot.addEventListener("pointermove", event => {
      const now = share(event);
      read(now);
      if (start === null) return;
      mark ??= add(grid, "rect", { class: "drag", height: "100%" });
      mark.setAttribute("x", 100 * Math.min(start, now) + "%");
      mark.setAttribute("width", 100 * Math.abs(start - now) + "%");
    });
    const end = event => {
      const [a, b] = start === null ? [0, 0] : [start, share(event)].sort((a, b) => a - b);
      mark?.remove();
      start = mark = null;
      if (event.type === "pointerup" && b - a > 0.02) zoom(from + a * (to - from), from + b * (to - from));
    };
    plot.addEventListener("pointerup", end);
    plot.addEventListener("pointercancel", end);
    plot.addEventListener("pointerleave", () => start === null && read(null));
    plot.addEventListener("keydown", event => {
      const now = cursor ?? 0.5, jump = event.shiftKey ? 0.1 : 0.01;
      const move = { ArrowLeft: -jump, ArrowRight: jump, Home: -now, End: 1 - now }[event.key];
      if (move !== undefined) read(Math.min(1, Math.max(0, now + move)));
      else if (event.key === "Escape") zoom(0, 1);
      else return;
      event.preventDefault();
    });
  }

  const deeds = { in: w => [w / 4, -w / 4], out: w => [-w / 2, w / 2], back: w => [-w / 2, -w / 2], on: w => [w / 2, w / 2], whole: () => [-1, 1] };
  for (const button of all(bar, "button")) button.addEventListener("click", () => {
    const [a, b] = deeds[button.value](to - from);
    zoom(from + a, to + b);
  });
  if (charts.length) {
    bar.hidden = false;
    read(null);
  }

  // Numbers by value with "-" last, everything else by text; the row's name breaks ties by order.
  for (const table of all(document, "table.sortable")) {
    const heads = all(table, "thead th"), body = table.tBodies[0];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending", numeric = head.classList.contains("n");
        const key = row => {
          const text = row.cells[column].textContent;
          return numeric ? parseFloat(text.replaceAll(",", "")) : text;
        };
        const order = (a, b) => Number.isNaN(a) || Number.isNaN(b) ? Number.isNaN(a) - Number.isNaN(b)
          : (a < b ? -1 : a > b ? 1 : 0) * (up ? 1 : -1);
        const rows = [...body.rows].map(row => [key(row), row]).sort((a, b) => order(a[0], b[0]));
        heads.forEach(other => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        body.append(...rows.map(pair => pair[1]));
      });
    });
  }
})();
