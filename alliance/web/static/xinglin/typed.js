// What was typed into a form whose session had ended comes back after signing in: kept in this tab
// alone, for the same person and page, an hour at most.
{
  const { identity = "", hold = "" } = document.body.dataset;
  const KEY = "xinglin.typed", HOUR = 3600000;
  const UNKEPT_NAMES = /^(q|number)$/;
  const UNKEPT_TYPES = /^(password|file|hidden|submit|button|image|reset|fieldset|output)$/;
  const read = () => {
    try { return JSON.parse(sessionStorage.getItem(KEY)); } catch { return null; }
  };
  const write = (value) => {
    try {
      if (value) sessionStorage.setItem(KEY, JSON.stringify(value));
      else sessionStorage.removeItem(KEY);
    } catch { /* no storage */ }
  };
  const forms = () => [...document.querySelectorAll("main form[method=post]")];
  const isKept = (f) => f.name && !UNKEPT_NAMES.test(f.name) && !UNKEPT_TYPES.test(f.type);
  const fields = (form) => [...form.elements].filter(isKept);
  const ticked = (f) => f.type === "checkbox" || f.type === "radio";
  const touched = (f) => {
    if (ticked(f)) return f.checked !== f.defaultChecked;
    if (f.tagName !== "SELECT") return f.value !== f.defaultValue;
    return [...f.options].some((o) => o.selected !== o.defaultSelected);
  };

  const save = () => {
    const all = forms();
    if (!identity || hold || !all.some((form) => fields(form).some(touched))) return;
    const written = (form) => fields(form).map((f) => [f.name, f.value, ticked(f) && f.checked]);
    write({ identity, path: location.pathname, at: Date.now(), forms: all.map(written) });
    setTimeout(() => write(null), HOUR);
  };
  const restore = (typed) => {
    forms().forEach((form, i) => fields(form).forEach((f, k) => {
      const [name, value, checked] = (typed.forms[i] || [])[k] || [];
      if (name !== f.name || (ticked(f) && value !== f.value)) return;
      if (ticked(f)) f.checked = checked; else f.value = value;
      f.dispatchEvent(new Event("input", { bubbles: true }));
    }));
    const note = document.getElementById("typed").content.cloneNode(true);
    note.firstElementChild.setAttribute("role", "status");
    document.getElementById("main").prepend(note);
  };

  const typed = read();
  if (typed && Date.now() - typed.at > HOUR) write(null);
  else if (typed && hold) write({ ...typed, held: true });
  else if (typed && identity) {
    const mine = typed.held && typed.identity === identity;
    if (mine && typed.path === location.pathname) restore(typed);
    if (!mine || typed.path === location.pathname) write(null);
  }

  document.addEventListener("xinglin:cover", save);
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-leaves]")) return save();
    write(null);
    try { localStorage.setItem("xinglin.left", String(Date.now())); } catch { /* no storage */ }
  });
  addEventListener("storage", (event) => {
    if (event.key !== "xinglin.left") return;
    document.removeEventListener("xinglin:cover", save);
    write(null);
  });
}
