// A page of work asks each second whether something has changed. What has is told, an emergency
// rings until somebody has heard or answered it. The page is loaded anew only where somebody is
// there, or by their click: what shows patients is a look of theirs.
{
  const box = document.getElementById("pulse");
  const EVERY = 800, HIDDEN = 5000, PRESENT = 60000;
  let { token, mark } = box.dataset;
  let touched = Date.now(), over = false, sound = null, ringing = [], beeping = 0;
  const title = document.title;
  const news = box.querySelector(".pulse-news"), rings = box.querySelector(".pulse-rings");
  const list = rings.querySelector("ul"), loud = rings.querySelector(".pulse-sound");
  const heard = () => {
    try { return JSON.parse(localStorage.getItem("xinglin.heard")) ?? []; } catch { return []; }
  };
  const context = () => {
    sound ??= new AudioContext();
    return sound;
  };

  const beep = () => {
    const at = context();
    loud.hidden = at.state === "running";
    if (at.state !== "running") return;
    for (const [start, pitch] of [[0, 880], [0.25, 660]]) {
      const tone = at.createOscillator(), volume = at.createGain();
      tone.frequency.value = pitch;
      volume.gain.value = 0.2;
      tone.connect(volume).connect(at.destination);
      tone.start(at.currentTime + start);
      tone.stop(at.currentTime + start + 0.2);
    }
  };
  const ring = () => {
    const unheard = ringing.filter((r) => !heard().includes(r.id));
    rings.hidden = unheard.length === 0;
    if (rings.hidden) {
      clearInterval(beeping);
      beeping = 0;
      document.title = title;
      list.replaceChildren();
      return;
    }
    if (list.dataset.shown !== JSON.stringify(unheard)) {
      list.dataset.shown = JSON.stringify(unheard);
      list.replaceChildren(...unheard.map((r) => {
        const line = document.createElement("li"), link = document.createElement("a");
        link.href = `${box.dataset[r.room]}${r.id}/`;
        const from = document.documentElement.lang.startsWith("zh") ? r.zh : r.en || r.zh;
        link.textContent = `${r.number} · ${from}`;
        line.append(link);
        return line;
      }));
    }
    if (!beeping) {
      beep();
      beeping = setInterval(() => {
        document.title = document.title === title ? `● ${box.dataset.rings}` : title;
        beep();
      }, 1500);
    }
  };
  const changed = () => {
    const here = Date.now() - touched < PRESENT && document.visibilityState === "visible";
    if (box.dataset.reload === "yes" && here && rings.hidden) location.reload();
    else news.hidden = false;
  };
  const ask = async () => {
    if (over) return;
    try {
      const reply = await fetch(box.dataset.url, {
        headers: { "X-Xinglin-Pulse": token, "If-None-Match": `"${mark}"` },
        cache: "no-store",
      });
      if (reply.status === 404) over = true;
      if (reply.status === 200) {
        const told = await reply.json();
        ringing = told.ringing;
        ring();
        if (told.mark !== mark) changed();
        ({ mark } = told);
      }
      if (reply.status === 304) ring();
    } catch { /* away for a moment: asked again */ }
    setTimeout(ask, document.visibilityState === "visible" ? EVERY : HIDDEN);
  };

  for (const name of ["pointerdown", "keydown"]) {
    addEventListener(name, () => { touched = Date.now(); }, { passive: true });
  }
  document.addEventListener("xinglin:cover", () => {
    over = true;
    ringing = [];
    ring();
  });
  loud.addEventListener("click", async () => {
    await context().resume();
    beep();
  });
  rings.querySelector(".pulse-heard").addEventListener("click", () => {
    const ids = [...heard(), ...ringing.map((r) => r.id)].slice(-200);
    try { localStorage.setItem("xinglin.heard", JSON.stringify(ids)); } catch { /* this page */ }
    ringing = ringing.filter((r) => heard().includes(r.id));
    ring();
  });
  ringing = JSON.parse(box.dataset.ringing || "[]");
  ring();
  setTimeout(ask, EVERY);
}
