// What a page keeps from those who hear it or see it weakly (WCAG 2.2: 1.1.1, 1.3.1, 1.4.3, 2.4.2,
// 2.4.4, 3.1.1, 4.1.2): one line a fault.
() => {
  const faults = [], all = (css) => [...document.querySelectorAll(css)];
  const shown = (e) => e.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  const tell = (what, e) =>
    faults.push(`${what}: ${e.outerHTML.replace(/\s+/g, " ").slice(0, 160)}`);
  const tellEach = (css, isFault, what) =>
    all(css).filter(shown).filter(isFault).forEach((e) => tell(what, e));
  const byId = (ids) =>
    (ids || "").split(/\s+/).map((i) => document.getElementById(i)?.textContent || "").join(" ");
  const inner = (e) => {
    const drawn = [...e.querySelectorAll("img[alt], svg[aria-label]")];
    return e.innerText + drawn.map((x) => x.alt || x.getAttribute("aria-label")).join(" ");
  };
  const name = (e) => [
    e.getAttribute("aria-label"),
    byId(e.getAttribute("aria-labelledby")),
    ...[...(e.labels || [])].map((l) => l.innerText),
    e.title,
    /^(A|BUTTON|SUMMARY)$/.test(e.tagName) ? inner(e) : "",
    /^(submit|button|reset)$/.test(e.type) ? e.value : "",
  ].join(" ").trim();

  if (!document.documentElement.lang) faults.push("the page does not say its language");
  if (!document.title.trim()) faults.push("the page has no title");
  if (all("main").length !== 1) faults.push(`${all("main").length} main parts`);
  const headings = all("h1, h2, h3, h4, h5, h6").filter(shown);
  const first = headings.filter((h) => h.tagName === "H1");
  if (first.length !== 1) faults.push(`${first.length} headings of the first level`);
  headings.slice(1).forEach((h, i) => {
    const above = headings[i].tagName;
    if (h.tagName[1] - above[1] > 1) tell(`a heading skips a level after ${above}`, h);
  });
  const isUnnamed = (e) => !name(e);
  const isSilent = (e) =>
    !e.closest("[aria-hidden=true]") && !name(e) && !e.querySelector(":scope > title");
  const isUnasked = (e) => {
    const group = e.closest("fieldset, [role=radiogroup]");
    return !group || !(group.querySelector(":scope > legend")?.innerText.trim() || name(group));
  };
  const fields = "input:not([type=hidden]), select, textarea";
  tellEach(fields, isUnnamed, "a field without a label");
  tellEach("a[href], button, summary", isUnnamed, "nothing says what this does");
  tellEach("img", (e) => !e.hasAttribute("alt"), "an image without words");
  tellEach("svg", isSilent, "a drawing without words");
  tellEach("table", (e) => !e.querySelector("th"), "a table without headings");
  tellEach("input[type=radio]", isUnasked, "a choice whose question is not said");
  const ids = all("[id]").map((e) => e.id);
  const twice = new Set(ids.filter((x, i) => ids.indexOf(x) !== i));
  twice.forEach((x) => faults.push(`the id ${x} stands twice`));

  const channels = (css) => {
    const m = css.match(/[\d.]+/g).map(Number);
    return [m[0], m[1], m[2], m.length > 3 ? m[3] : 1];
  };
  const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3]));
  const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = (c) => {
    const [r, g, b] = c.map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (e) => {
    const layers = [];
    for (let at = e; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== "none") return null;
      if (!/^rgba?\(/.test(style.backgroundColor)) return null;
      layers.push(channels(style.backgroundColor));
      if (layers.at(-1)[3] === 1) break;
    }
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const unread =
    "[aria-hidden=true], :disabled, script, style, noscript, template, svg, option";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), seen = new Set();
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || seen.has(e) || !shown(e) || e.closest(unread)) continue;
    seen.add(e);
    const style = getComputedStyle(e), ground = behind(e), size = parseFloat(style.fontSize);
    if (!ground || !/^rgba?\(/.test(style.color) || !e.getClientRects().length) continue;
    const lights = [light(over(channels(style.color), ground)), light(ground)];
    const [a, b] = lights.sort((x, y) => y - x);
    const isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const ratio = (a + 0.05) / (b + 0.05), wanted = isLarge ? 3 : 4.5;
    if (ratio < wanted) tell(`contrast ${ratio.toFixed(2)} of ${wanted}`, e);
  }
  return faults;
}
