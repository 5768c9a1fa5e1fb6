"use strict";
// One slide at a time. The address keeps which one (#slide-3), so that a reload and a link show it again.
const slides = [...document.querySelectorAll("main > section")];
const bar = document.querySelector("nav");
const button = (name) => bar.querySelector(`[data-do="${name}"]`);
const line = bar.querySelector(".elapsed div");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let at = 0;
let running = !calm.matches; // whoever asked for less motion starts it by hand
let since = performance.now();

function show(number) {
  at = Math.min(Math.max(number, 0), slides.length - 1);
  slides.forEach((slide, place) => slide.classList.toggle("shown", place === at));
  bar.querySelector("output").textContent = `${at + 1} / ${slides.length}`;
  button("back").disabled = at === 0;
  button("next").disabled = at === slides.length - 1;
  history.replaceState(null, "", `#${slides[at].id}`);
  since = performance.now();
}

function run(on) {
  running = on;
  since = performance.now();
  line.style.width = "0";
  button("pause").textContent = on ? "Stop" : "Run";
  document.querySelector("main").setAttribute("aria-live", on ? "off" : "polite");
}

function full() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen?.().catch(() => {}); // a browser may refuse; the window stays as it is
}

const actions = {
  back: () => show(at - 1),
  next: () => show(at + 1),
  pause: () => run(!running),
  full,
  first: () => show(0),
  last: () => show(slides.length - 1),
};
const keys = {
  ArrowLeft: "back", ArrowUp: "back", PageUp: "back",
  ArrowRight: "next", ArrowDown: "next", PageDown: "next",
  Home: "first", End: "last", " ": "pause", f: "full", F: "full",
};

addEventListener("keydown", (event) => {
  const name = keys[event.key];
  const pressed = event.key === " " && event.target instanceof HTMLButtonElement; // it does what it says
  if (!name || pressed || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  actions[name]();
});
bar.addEventListener("click", (event) => actions[event.target.dataset.do]?.());
addEventListener("hashchange", () => show(linked()));

function linked() {
  const found = slides.findIndex((slide) => `#${slide.id}` === location.hash);
  return found < 0 ? 0 : found;
}

setInterval(() => {
  if (!running || document.hidden) {
    since = running ? performance.now() : since;
    return;
  }
  const share = (performance.now() - since) / (1000 * Number(slides[at].dataset.seconds));
  line.style.width = `${Math.min(100 * share, 100)}%`;
  if (share >= 1) show(at === slides.length - 1 ? 0 : at + 1); // from the last to the first: it runs until somebody stops it
}, 100);

document.documentElement.classList.add("js");
bar.hidden = false;
if (!document.fullscreenEnabled) button("full").hidden = true;
show(linked());
run(running);
