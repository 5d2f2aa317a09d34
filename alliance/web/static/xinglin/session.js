// A page shows nothing of anybody once its session is over: idle too long, a working day old,
// signed out or taken over in another tab, or gone back to.
{
  const { identity = "", idle = "0", left = "0" } = document.body.dataset;
  const opened = Date.now(), ends = opened + 1000 * Number(left);
  const keep = (name, value) => {
    try {
      localStorage.setItem(`xinglin.${name}`, value);
    } catch { /* no storage: this tab alone */ }
  };
  const kept = (name) => {
    try { return localStorage.getItem(`xinglin.${name}`); } catch { return null; }
  };
  const here = location.pathname + location.search;

  const cover = () => {
    if (!identity || document.documentElement.classList.contains("covered")) return;
    document.dispatchEvent(new Event("xinglin:cover"));
    const sheet = document.getElementById("cover").content.cloneNode(true);
    sheet.querySelector("a").href += `?next=${encodeURIComponent(here)}`;
    document.title = sheet.querySelector("h1").textContent;
    document.documentElement.classList.add("covered");
    document.body.append(sheet);
    document.querySelector(".cover a").focus();
  };
  const look = () => {
    // any tab's last page: the session is one
    const seen = Math.max(opened, Number(kept("seen")) || 0);
    if (Date.now() - seen >= 1000 * Number(idle) || Date.now() >= ends) cover();
  };

  keep("identity", identity);
  if (identity) {
    keep("seen", String(opened));
    setInterval(look, 1000);
    document.addEventListener("visibilitychange", look);
    addEventListener("storage", (event) => {
      if (event.key === "xinglin.identity" && event.newValue !== identity) cover();
    });
    addEventListener("pagehide", () => document.documentElement.classList.add("away"));
    addEventListener("pageshow", (event) => { if (event.persisted) location.replace(here); });
  }
}
