// Draws each figure's chosen view, and lets the reader choose: views and curves are buttons, so keys do as well.
"use strict";
const figures = JSON.parse(document.getElementById("figures").textContent);
const root = document.documentElement;
const PAPER_PX = 680; // what an upright sheet of A4 has room for

const SHAPES = { // of the legend's markers, in a box from -5 to 5
  circle: '<circle r="4"/>', square: '<path d="M-3.5-3.5h7v7h-7z"/>', diamond: '<path d="M0-5 5 0 0 5-5 0z"/>',
  "triangle-up": '<path d="M0-4.5 4.5 3.5h-9z"/>', cross: '<path d="M-1.5-4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z"/>',
  x: '<path transform="rotate(45)" d="M-1.5-4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z"/>',
  star: '<path d="M0-5 1.4-1.6 5-1.5 2.2.8 3.1 4.3 0 2.3-3.1 4.3-2.2.8-5-1.5-1.4-1.6z"/>',
  hexagon: '<path d="M-2.3-4h4.6l2.3 4-2.3 4h-4.6l-2.3-4z"/>',
};
const DASHES = { solid: "", dot: "2 3", dash: "6 4", dashdot: "7 3 2 3", longdash: "10 4" };

// The same with variables of the style ("--ink") replaced by their values.
const coloured = (what, style) => {
  if (typeof what === "string") return what.startsWith("--") ? style.getPropertyValue(what).trim() : what;
  if (Array.isArray(what)) return typeof what[0] === "number" ? what : what.map((each) => coloured(each, style));
  if (what === null || typeof what !== "object") return what;
  return Object.fromEntries(Object.entries(what).map(([key, value]) => [key, coloured(value, style)]));
};

const plain = (name) => new DOMParser().parseFromString(name, "text/html").body.textContent;

const axes = (layout) => Object.fromEntries(Object.entries(layout).filter(([key]) => /^[xy]axis/.test(key)).map(([key, axis]) => [key, {
  showline: false, zeroline: false, automargin: true, fixedrange: true, gridcolor: "--rule", linecolor: "--rule",
  tickcolor: "--rule", ...axis, tickfont: { color: "--soft", ...axis.tickfont },
}]));

class Figure {
  constructor(element, views) {
    this.canvas = element.querySelector(".canvas");
    this.legend = element.querySelector(".legend");
    this.views = views;
    this.chosen = 0;
    this.hidden = new Set();
    this.buttons = [...element.querySelectorAll(".choice button")];
    this.buttons.forEach((button, index) => button.addEventListener("click", () => this.choose(index)));
    this.label();
  }

  choose(index) {
    this.chosen = index;
    this.buttons.forEach((button, other) => button.setAttribute("aria-pressed", other === index));
    this.label();
    this.draw();
  }

  // A button for each curve, where there is more than one.
  label() {
    const named = this.views[this.chosen].traces.filter((trace) => trace.showlegend !== false && trace.legendgroup);
    this.legend.replaceChildren(...(named.length > 1 ? named.map((trace) => this.button(trace)) : []));
  }

  button(trace) {
    const button = document.createElement("button");
    const shape = trace.marker && SHAPES[trace.marker.symbol] || "";
    const line = trace.line || {}, colour = line.color || trace.marker.color;
    button.type = "button";
    button.innerHTML = `<svg viewBox="-17 -6 34 12" aria-hidden="true" style="fill:var(${colour});stroke:var(${colour})">`
      + `<path d="M-16 0H16" stroke-width="2.5" stroke-dasharray="${DASHES[line.dash] || ""}"/>${shape}</svg>`;
    button.append(plain(trace.name));
    button.setAttribute("aria-pressed", !this.hidden.has(trace.legendgroup));
    button.addEventListener("click", () => {
      const shown = this.hidden.delete(trace.legendgroup);
      if (!shown) this.hidden.add(trace.legendgroup);
      button.setAttribute("aria-pressed", shown);
      this.draw();
    });
    return button;
  }

  draw(width) {
    const { traces, layout } = this.views[this.chosen], style = getComputedStyle(root);
    const data = traces.map((trace) => ({ ...trace, visible: !this.hidden.has(trace.legendgroup) }));
    const full = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: false, hovermode: "closest", showlegend: false,
      margin: { l: 8, r: 16, t: 16, b: 8 }, font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: "--ink" },
      hoverlabel: { bgcolor: "--card", bordercolor: "--soft", font: { color: "--ink" } },
      autosize: !width, width, ...layout, ...axes(layout),
    };
    return Plotly.react(this.canvas, coloured(data, style), coloured(full, style), { responsive: true, displayModeBar: false });
  }
}

const drawn = [...document.querySelectorAll("[data-figure]")].map((element) => new Figure(element, figures[element.dataset.figure]));
const drawAll = (width) => drawn.forEach((figure) => figure.draw(width));
drawAll();

// A link to a worst moment opens it.
const open = () => {
  const details = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (details instanceof HTMLDetailsElement) { details.open = true; details.scrollIntoView(); details.querySelector("summary").focus({ preventScroll: true }); }
};
addEventListener("hashchange", open);
open();

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll());
let opened = []; // for printing only; what is inside another says the same as the picture above it
addEventListener("beforeprint", () => {
  root.classList.add("paper");
  opened = [...document.querySelectorAll("details:not([open]):not(details details)")];
  opened.forEach((details) => { details.open = true; });
  drawAll(PAPER_PX);
});
addEventListener("afterprint", () => {
  root.classList.remove("paper");
  opened.forEach((details) => { details.open = false; });
  drawAll();
});
