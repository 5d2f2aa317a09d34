// A form is sent once: its buttons rest after the first click. The server does not rely on it
// (docs/adr/0026).
{
  const REST = 8000;  // milliseconds; a download leaves the page as it is
  const buttons = (form) => [...form.querySelectorAll("button:not([type=button])")];
  const wake = (form) => {
    delete form.dataset.sent;
    buttons(form).forEach((b) => { b.disabled = false; });
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute("method") !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    // after the clicked button's value has gone into the form
    setTimeout(() => buttons(form).forEach((b) => { b.disabled = true; }));
    setTimeout(wake, REST, form);
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(wake);
  });
}
