// Find a patient without a mouse: "/" to the box, or to the page that has one; arrows through what
// was found; Enter opens it, as of any link.
{
  const box = document.querySelector("[data-find]");
  const hits = () => [...document.querySelectorAll("[data-found] a")];
  const isTyping = (node) => /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName);
  if (box && document.activeElement === box) box.select();  // the next search replaces this one
  const STEPS = { ArrowDown: 1, ArrowUp: -1 };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.key === "/" && !isTyping(event.target)) {
      const page = document.querySelector("[data-find-page]");
      if (!box && !page) return;
      event.preventDefault();
      if (box) { box.focus(); box.select(); } else location.assign(page.href);
      return;
    }
    const step = STEPS[event.key], all = hits(), at = all.indexOf(event.target);
    if (!step || !all.length || (at < 0 && event.target !== box)) return;
    event.preventDefault();
    const next = all[at + step] || (at + step < 0 ? box : null);
    if (next) next.focus();
  });
}
