// A record that a hospital's system has opened: covered when its time is over or when it is gone
// back to. Nothing is kept in the browser's storage, which other sessions read.
{
  const ends = Date.now() + 1000 * Number(document.body.dataset.left || 0);
  const cover = () => {
    if (document.documentElement.classList.contains("covered")) return;
    const sheet = document.getElementById("cover").content.cloneNode(true);
    document.title = sheet.querySelector("h1").textContent;
    document.documentElement.classList.add("covered");
    document.body.append(sheet);
  };
  const look = () => { if (Date.now() >= ends) cover(); };
  setInterval(look, 1000);
  document.addEventListener("visibilitychange", look);
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}
