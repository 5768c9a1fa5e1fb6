// What is wrong with a page as it lies in the browser at this moment: a list of sentences. Nothing is changed.
(options) => {
  const found = [];
  const say = (what, text) => found.push(`${what}: ${String(text).replace(/\s+/g, " ").trim().slice(0, 90)}`);

  // ---------------------------------------------------------------- what is there

  function* elements(root) {
    for (const one of root.querySelectorAll("*")) {
      yield one;
      if (one.shadowRoot) yield* elements(one.shadowRoot);
    }
  }
  const all = [...elements(document.body)];
  const above = (one) => one.parentElement || (one.getRootNode() instanceof ShadowRoot ? one.getRootNode().host : null);
  function* chain(one) { for (let at = one; at; at = above(at)) yield at; }
  const styles = new Map();
  const look = (one) => { if (!styles.has(one)) styles.set(one, getComputedStyle(one)); return styles.get(one); };
  const shown = (one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const within = (one, selector) => [...chain(one)].some((at) => at.matches(selector));
  const IGNORED = "script, style, noscript, template, [data-testid='stHeader'], [data-testid='stAppScrollToBottomContainer']," +
    " [data-testid='stStatusWidget'], canvas, .vega-bindings, [data-testid='stElementToolbar']";
  const ICON = "[data-testid='stIconMaterial'], [class*='material-symbols']";
  const read = all.filter((one) => !one.matches(IGNORED) && !within(one, IGNORED) && shown(one));
  const texts = [];  // {element, text, box}: a line box of text that is to be read
  for (const one of read) {
    for (const node of one.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE || !node.data.trim()) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) {
        if (box.width > 1 && box.height > 1) texts.push({ element: one, text: node.data, box });
      }
    }
  }
  // What has been scrolled out of its box is neither seen nor covered.
  function clipped(element, box) {
    let { left, top, right, bottom } = box;
    for (const at of chain(element)) {
      const style = look(at);
      if (!/auto|scroll|hidden|clip/.test(style.overflowX + style.overflowY)) continue;
      if (at.matches("[data-testid='stMain']")) break;
      const edge = at.getBoundingClientRect();
      [left, right] = [Math.max(left, edge.left), Math.min(right, edge.right)];
      [top, bottom] = [Math.max(top, edge.top), Math.min(bottom, edge.bottom)];
    }
    return { left, top, right, bottom };
  }
  const hidden = (one) => {  // cut to a dot, for who listens alone; what has no box of its own (display: contents) is not
    const box = one.getBoundingClientRect();
    return (box.width <= 2 || box.height <= 2) && look(one).display !== "contents";
  };
  const readable = texts.filter(({ element }) => ![...chain(element)].slice(0, 6).some(hidden));

  for (const one of read.filter((at) => at.matches("[data-testid='stException']"))) say("error", one.innerText);

  // ---------------------------------------------------------------- nothing scrolls sideways, nothing is cut

  for (const one of [document.scrollingElement, document.querySelector("[data-testid='stMain']")]) {
    if (one && one.scrollWidth > one.clientWidth) say("scrolls sideways", `${one.scrollWidth} of ${one.clientWidth}`);
  }
  for (const { element, text, box } of readable) {
    if (element.matches(ICON)) continue;
    let way = false;  // to read what is cut: its title, or scrolling
    for (const at of chain(element)) {
      if (at === document.body) break;
      if (at instanceof SVGElement && at.tagName !== "svg") continue;
      way ||= at.title && at.title.includes(text.trim().slice(0, 20));
      const style = look(at), edge = at.getBoundingClientRect();
      if (/auto|scroll/.test(style.overflowX) && at.scrollWidth > at.clientWidth) way = true;
      if (style.overflowX !== "visible" && !way && (box.right > edge.right + 3 || box.left < edge.left - 3)) {
        say("cut", text);
        break;
      }
      if (/auto|scroll/.test(style.overflowY)) way = true;
      if (/hidden|clip/.test(style.overflowY) && !way && box.bottom > edge.bottom + 4 && style.webkitLineClamp === "none") {
        say("cut below", text);
        break;
      }
      if (style.position === "fixed") break;
    }
  }
  for (const one of read) {
    if (one.matches("td, th") && one.clientWidth < 56 && one.innerText.length > 24) say("squeezed", one.innerText);
    if (one.matches("input[type=number], input[inputmode=numeric], input[inputmode=decimal]") && one.scrollWidth > one.clientWidth + 1) {
      say("cut figure", one.value);
    }
  }

  // ---------------------------------------------------------------- nothing covers text

  const lines = readable.filter(({ element }) => !element.matches(ICON) && !within(element, "[data-testid='stSidebar'], [role=tooltip]"))
    .map(({ element, text, box }) => ({ element, text, box: clipped(element, box) })).filter(({ box }) => box.right - box.left > 2 && box.bottom - box.top > 4);
  lines.sort((a, b) => a.box.top - b.box.top);
  for (let i = 0; i < lines.length; i++) {
    for (let j = i + 1; j < lines.length && lines[j].box.top < lines[i].box.bottom - 3; j++) {
      const [a, b] = [lines[i], lines[j]];
      if (a.element === b.element) continue;
      const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      if (across > 2 && down > 5) say("overlap", `${a.text.trim().slice(0, 40)} | ${b.text.trim().slice(0, 40)}`);
    }
  }

  // ---------------------------------------------------------------- charts

  const base = (chart) => (chart.getAttribute("aria-label") || chart.querySelector("[aria-label]")?.getAttribute("aria-label") || "").split(": ")[0];
  const CHART = "[data-testid='stVegaLiteChart']";
  let waiting = null;  // the chart whose table has yet to come
  for (const one of read.filter((at) => at.matches(`${CHART}, [data-testid='stPopover'] button`))) {
    if (one.matches(CHART)) {
      if (!base(one)) say("chart without alternative text", one.innerText);
      if (waiting !== null && waiting !== base(one)) say("chart without a table", waiting);
      waiting = base(one);
    } else if (one.innerText.includes("Table")) waiting = null;
  }
  if (waiting !== null) say("chart without a table", waiting);
  for (const svg of read.filter((one) => one.matches(options.charts))) {
    const edge = svg.getBoundingClientRect();
    for (const text of svg.querySelectorAll("text")) {
      if (!text.textContent.trim() || !shown(text)) continue;
      const box = text.getBoundingClientRect();
      if (box.left < edge.left - 4 || box.right > edge.right + 3 || box.top < edge.top - 3 || box.bottom > edge.bottom + 3) {
        say("cut by its chart", text.textContent);
      }
      if (text.textContent.trim().endsWith("…")) say("shortened in a chart", text.textContent);
    }
    if (!svg.getAttribute("aria-label") && !svg.getAttribute("aria-labelledby") && !within(svg, "[aria-label]")) {
      say("drawing without alternative text", svg.textContent);
    }
  }

  // ---------------------------------------------------------------- alternative texts and names

  for (const one of read) {
    if (one.matches("img") && (!one.hasAttribute("alt") || (one.alt === "" && !within(one, "[aria-label], [alt]:not([alt=''])") && one.width > 24))) {
      say("image without alternative text", one.src.slice(0, 60));
    }
    const alone = one.getAttribute("aria-label") || one.getAttribute("alt");
    if (alone && one.title === alone) say("named twice", alone);
    const below = one.matches("img[alt]") && one.closest("figure")?.querySelector("figcaption:not([aria-hidden])");
    if (below && below.innerText.trim() === one.alt) say("named twice", one.alt);
    const FOCUS = "a[href], button, input, select, textarea, summary, [tabindex='0'], [role=button], [role=tab], [role=radio], [role=checkbox]";
    if (!one.matches(FOCUS) || one.matches("[type=hidden]")) continue;
    const labels = one.labels ? [...one.labels].map((label) => label.innerText).join("") : "";
    const by = (one.getAttribute("aria-labelledby") || "").split(" ").map((id) => id && document.getElementById(id)?.innerText).join("");
    const name = one.getAttribute("aria-label") || by || labels || one.innerText || one.title || one.querySelector("[aria-label], [alt]:not([alt=''])");
    if (!name && !one.shadowRoot) say("nameless", one.outerHTML);
  }

  // ---------------------------------------------------------------- Tab goes as one reads (WCAG 2.4.3)

  // Two stops that follow each other are compared where their ways to the page's root part: in what contains both, as the
  // two children in which they lie. Children that stand side by side (columns) are read from the left, others from the
  // top; columns that have gone below each other on a narrow page are others. Two stops share a line where they overlap
  // by more than half of the lower one. SLACK allows for borders and outlines that reach beyond a child. What is fixed
  // or sticks to an edge is a layer over the page, anywhere: stops are compared with those of their own layer alone.
  const SLACK = 4;
  const first = new Map();  // of each group of radio buttons, the one that Tab reaches
  for (const one of all.filter((at) => at.matches("input[type=radio]") && !at.disabled)) {
    if (!first.has(one.name) || one.checked) first.set(one.name, one);
  }
  const reached = (one) => one.tabIndex >= 0 && !one.disabled && !one.shadowRoot?.delegatesFocus && !within(one, "[inert]") &&
    one.checkVisibility({ visibilityProperty: true }) && (one.type !== "radio" || first.get(one.name) === one);
  const early = (one) => one.tabIndex || Infinity;
  const stops = all.filter(reached).sort((a, b) => early(a) - early(b) || 0);
  function place(one) {  // of the stop as it is seen: an invisible input lies in what is seen of it
    for (const at of chain(one)) {
      if (at.matches("input[type=radio], input[type=checkbox]") && at.labels?.length) return at.labels[0].getBoundingClientRect();
      const box = at.getClientRects()[0];  // a link over two lines begins in its first
      if (box && box.width > 4 && box.height > 4) return box;
    }
    return one.getBoundingClientRect();
  }
  const dot = (one) => !one.matches("input") && one.offsetWidth <= 4;  // a link that is shown where it is reached alone
  const layer = (one) => [...chain(one)].find((at) => /fixed|sticky/.test(look(at).position));
  const sideways = (one) => /auto|scroll/.test(look(one).overflowX) && one.scrollWidth > one.clientWidth;
  const scrolls = (one) => sideways(one) || (/auto|scroll/.test(look(one).overflowY) && one.scrollHeight > one.clientHeight + 1);
  function seen(stop, child) {  // from outside `child`, which may scroll
    let box = place(stop);
    for (const at of chain(stop)) {
      if (scrolls(at)) box = at.getBoundingClientRect();
      if (at === child) return box;
    }
  }
  function backwards(a, b) {
    const [ofA, ofB] = [[...chain(a)].reverse(), [...chain(b)].reverse()];
    let parted = 0;
    while (parted < ofA.length && ofA[parted] === ofB[parted]) parted++;
    const [p, q] = [ofA[parted], ofB[parted]];
    if (!p || !q) return false;  // one lies in the other
    const [from, to] = [seen(a, p), seen(b, q)];
    const together = (one, other, start, end) => Math.min(one[end], other[end]) - Math.max(one[start], other[start]);
    const line = together(from, to, "top", "bottom") > Math.min(from.height, to.height) / 2;
    const [left, right] = [p.getBoundingClientRect(), q.getBoundingClientRect()];
    const columns = together(left, right, "left", "right") <= SLACK && together(left, right, "top", "bottom") > SLACK;
    return line || columns ? to.left < from.left - SLACK : to.top < from.top - SLACK;
  }
  const called = (one) => (one.getAttribute("aria-label") || one.innerText || one.labels?.[0]?.innerText || one.title || one.tagName).slice(0, 40);
  const way = stops.filter((one) => !within(one, IGNORED) && !dot(one));
  const last = new Map();  // of each layer
  for (const one of way) {
    const over = layer(one), before = last.get(over);
    if (before && backwards(before, one)) say("Tab goes back", `${called(before)} > ${called(one)}`);
    if (place(one).right <= 0 && ![...chain(one)].some(sideways)) say("Tab goes out of sight", called(one));
    last.set(over, one);
  }
  const pressed = [...new Set(window.stopped)].filter((one) => way.includes(one));  // by page_keys.py, in this order
  pressed.forEach((one, i) => { if (i && way.indexOf(one) < way.indexOf(pressed[i - 1])) say("Tab went otherwise", called(one)); });

  // ---------------------------------------------------------------- contrast, by WCAG 2.2 (1.4.3)

  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  canvas.canvas.width = canvas.canvas.height = 1;
  const parsed = new Map();
  function colour(text) {
    if (!parsed.has(text)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = "#0000";
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      parsed.set(text, [r, g, b, a / 255]);
    }
    return parsed.get(text);
  }
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const light = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
  const ratio = (a, b) => { const [x, y] = [luminance(a), luminance(b)]; return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05); };
  const grounds = new Map();
  function ground(one) {  // the colour behind it, opacities included
    if (!one) return [255, 255, 255, 1];
    if (!grounds.has(one)) {
      const style = look(one), behind = ground(above(one));
      const [r, g, b, a] = colour(style.backgroundColor);
      grounds.set(one, over([r, g, b, a * Number(style.opacity)], behind));
    }
    return grounds.get(one);
  }
  const faint = (one) => [...chain(one)].reduce((part, at) => part * Number(look(at).opacity), 1);
  function mark(one, box) {  // a filled mark of the same drawing that lies behind a text
    const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    const under = document.elementsFromPoint(x, y).find((at) =>
      at instanceof SVGGeometryElement && at.ownerSVGElement === one.ownerSVGElement && look(at).fill !== "none" && colour(look(at).fill)[3] > 0.5 && Number(look(at).fillOpacity) > 0.5);
    return under ? colour(look(under).fill) : null;
  }
  if (options.contrast) {
    for (const { element, text, box } of readable) {
      if (within(element, "[disabled], [aria-disabled=true]")) continue;
      const style = look(element), drawn = element instanceof SVGElement;
      const ink = colour(drawn ? style.fill : style.color);
      let behind = (drawn && mark(element, box)) || ground(element);
      const opacity = faint(element) * (drawn ? Number(style.fillOpacity) : 1);
      const measure = () => ratio(over([ink[0], ink[1], ink[2], ink[3] * opacity], behind), behind);
      let measured = measure();
      const size = parseFloat(style.fontSize), bold = Number(style.fontWeight) >= 700;
      const least = size >= 24 || (size >= 18.66 && bold) || element.matches(ICON) ? 3 : 4.5;
      if (measured < least - 0.01 && drawn) {  // marks are found in sight only, and a chart may have moved since
        element.scrollIntoView({ block: "center" });
        behind = mark(element, element.getBoundingClientRect()) || ground(element);
        measured = measure();
      }
      if (measured < least - 0.01) say(`contrast ${measured.toFixed(2)} of ${least}`, text);
    }
  }
  return [...new Set(found)];
}
