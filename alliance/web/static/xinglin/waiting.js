// A page that takes longer than a moment says so: a line at its head, and that the page is busy. It
// goes when the page does, when one comes back to it, on Escape, and where what was asked for was
// saved as a file and left the page as it was.
{
  const MOMENT = 400, LONGEST = 30000;  // milliseconds
  let timers = [], line = null;
  const main = document.getElementById("main");

  const end = () => {
    timers.forEach(clearTimeout);
    timers = [];
    line?.remove();
    line = null;
    main.removeAttribute("aria-busy");
  };
  const show = () => {
    if (line) return;
    main.setAttribute("aria-busy", "true");
    line = document.getElementById("waiting").content.firstElementChild.cloneNode(true);
    document.body.append(line);
  };
  const begin = () => {
    end();
    timers = [setTimeout(show, MOMENT), setTimeout(end, LONGEST)];
  };
  const leads = (link) => link.origin === location.origin && link.pathname.endsWith("/")
    && !link.target && !link.hasAttribute("download")
    && !(link.hash && link.pathname + link.search === location.pathname + location.search);

  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const plain = event.button === 0
      && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (link && plain && !event.defaultPrevented && leads(link)) begin();
  });
  addEventListener("submit", (event) => {
    if (!event.defaultPrevented && !event.target.target) begin();
  });
  addEventListener("keydown", (event) => { if (event.key === "Escape") end(); });
  addEventListener("pageshow", end);
  addEventListener("pagehide", end);
  document.addEventListener("xinglin:cover", end);
}
