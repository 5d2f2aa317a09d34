// What is adopted is quoted: its line goes to the clipboard with the click. Where the browser
// refuses that, it stands selected.
document.querySelectorAll("form[data-quote]").forEach((form) => {
  form.addEventListener("submit", () => {
    const quote = form.parentElement.querySelector("textarea.quote");
    if (!quote) return;
    quote.select();
    navigator.clipboard?.writeText(quote.value).catch(() => {});
  });
});
