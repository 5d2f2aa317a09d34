// The address that opens once: sent by whoever looks at the page, not by what only fetches it.
document.querySelector("form[data-launch]")?.requestSubmit();
