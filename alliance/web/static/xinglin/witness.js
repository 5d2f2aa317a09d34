// The page on which a member's browser witnesses the log (docs/adr/0081).
"use strict";

const EVERY = 300_000;
const settings = JSON.parse(document.getElementById("witness-settings").textContent);
const byId = (id) => document.getElementById(id);
const say = (name, details = {}) => settings.words[name].replace(/\{(\w+)\}/g, (_, k) => String(details[k] ?? ""));
const count = (n) => n.toLocaleString("en");
const show = (id, there) => { byId(id).hidden = !there; };
const moment = (seconds) => new Date(seconds * 1000).toLocaleString(document.documentElement.lang);
let memory = null, looking = false;

const now = () => Math.floor(Date.now() / 1000);
const seenHead = () => memory.seen && {...readCheckpoint(memory.seen.note), at: memory.seen.at};
const registered = () => settings.browsers.find((b) => b.key === memory.own.key);
const store = () => saveMemory(settings.hospital, memory);

async function ask(seen, line = "") {
  const own = registered();
  const question = {hospital: settings.hospital, witness: own && own.accepted && !own.ended ? own.code : ""};
  if (seen) question.seen = {size: seen.size, root: toHex(seen.root), origin: seen.origin, ...(seen.at ? {at: seen.at} : {})};
  if (line) question.cosignature = line;
  const reply = await fetch(settings.head, {
    method: "POST",
    headers: {"Content-Type": "application/json", "X-CSRFToken": byId("watch").dataset.token},
    body: JSON.stringify(question),
    redirect: "error",
  });
  if (!reply.ok) throw new Error(`HTTP ${reply.status}`);
  return reply.json();
}
async function cosign(head) {
  const own = registered();
  if (!own || !own.accepted || own.ended) return false;
  await ask(head, await cosignHead(memory.own, own.code, head, now()));
  return true;
}

// The newest head, checked against `seen`; raises the alarm with its evidence. The pinned key of the
// log and of others is what is trusted, never what came with the answer.
async function look(seen) {
  const answer = await ask(seen), pinned = memory.log ? memory.log.key : "";
  try {
    const head = checkAnswer(answer, seen, pinned);
    const others = checkOthers(answer.witnesses || [], head, memory.pins, memory.own.key);
    return {answer, head, others};
  } catch (error) {
    if (!(error instanceof WitnessAlarm)) throw error;
    await raise(error, seen, answer);
    throw error;
  }
}
async function raise(alarm, seen, answer) {
  memory.alarm = {
    fault: alarm.fault, details: alarm.details, at: now(), hospital: settings.hospital, witness_key: memory.own.key,
    log_key: memory.log ? memory.log.key : "", seen: seen ? {checkpoint: seen.note, at: seen.at ?? 0} : null, answer,
  };
  await store();
  if (seen && ["fork", "smaller"].includes(alarm.fault)) {
    try { await cosign(seen); } catch { /* the evidence stays here */ }
  }
}
function keepHead(head, others) {
  const before = memory.seen;
  if (before && before.size < head.size) memory.earlier = thinEarlier([...memory.earlier, before], head.size);
  if (!before || head.size >= before.size) memory.seen = {note: head.note, size: head.size, at: now()};
  for (const one of others) memory.pins.set(one.name, one);
  memory.told = others.map((one) => one.name);
}
async function lookAndSay() {
  if (looking || !memory || memory.alarm) return;
  looking = true;
  byId("look").disabled = true;
  tell("looking");
  try {
    const first = !memory.seen, {answer, head, others} = await look(seenHead());
    if (!memory.log) memory.log = {key: answer.public_key, sure: false};
    keepHead(head, others);
    await store();
    const signed = await cosign({...head, at: now()});
    tell(first ? "began" : "well", {n: count(head.size)}, "", say(signed ? "cosigned" : "not_registered"));
  } catch (error) {
    if (!(error instanceof WitnessAlarm)) tell("away", {}, "", error.message);
  } finally {
    looking = false;
    byId("look").disabled = false;
    draw();
  }
}
function tell(name, details = {}, kind = "", more = "") {
  const note = byId("verdict");
  note.className = `note ${kind}`;
  note.textContent = `${say(name, details)} ${more}`.trim();
  note.dataset.says = name;
}
function draw() {
  const {alarm} = memory;
  if (alarm) {
    tell(alarm.fault, alarm.details, "error", say("keep"));
    byId("verdict").textContent = `${say("alarm")}: ${byId("verdict").textContent}`;
  }
  show("evidence", alarm);
  show("accepting", alarm);
  show("print", alarm && alarm.fault === "key");
  byId("look").disabled = Boolean(alarm);
  byId("seen").textContent = memory.seen ? `${count(memory.seen.size)} · ${moment(memory.seen.at)}` : "-";
  byId("log-key").textContent = memory.log ? markOf(memory.log.key) : "-";
  byId("log-sure").textContent = memory.log ? say(memory.log.sure ? "confirmed" : "unconfirmed") : "";
  show("sure", memory.log && !memory.log.sure);
  byId("own-key").textContent = markOf(memory.own.key);
  const own = registered();
  byId("own-state").textContent = say(!own ? "unknown" : own.ended ? "ended" : own.accepted ? "stands" : "waits");
  byId("own-safe").textContent = say(memory.own.pair ? "safe_key" : "plain_key");
  show("offer", !own);
  document.querySelector("#offer [name=key]").value = memory.own.key;
  drawOthers();
}
function drawOthers() {
  const rows = Array.from(memory.pins.values(), (one) => {
    const row = document.createElement("li"), name = document.createElement("b"), mark = document.createElement("small");
    name.textContent = `${one.hospital} · ${one.system}`;
    mark.className = "mono";
    mark.textContent = markOf(one.key);
    const said = document.createElement("div"), side = document.createElement("div");
    said.append(name, ` ${say(one.browser ? "browser" : "agent")} `);
    if (!memory.told.includes(one.name)) {
      const missing = document.createElement("span");
      missing.className = "tag bad";
      missing.textContent = say("missing");
      said.append(missing);
    }
    said.append(document.createElement("br"), mark);
    side.className = "src";
    side.textContent = `${moment(one.at)} · ${count(one.size)}`;
    row.append(said, side);
    return row;
  });
  if (!rows.length) {
    const row = document.createElement("li");
    row.className = "quiet";
    row.textContent = say("nobody");
    rows.push(row);
  }
  byId("others").replaceChildren(...rows);
}
function saveFile(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${JSON.stringify(content, null, 1)}\n`], {type: "application/json"}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
const stamp = () => new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
function describeMemory() {
  return {
    kind: "xinglin-witness", v: 1, hospital: settings.hospital, log_key: memory.log.key, checkpoint: memory.seen.note,
    at: memory.seen.at, witness_key: memory.own.key, others: Array.from(memory.pins.values()),
  };
}

// A file of this browser or of somebody else: the log that is shown here must lead on from it.
async function compareFile(text) {
  let kept;
  try {
    kept = readHeadFile(text);
    if (kept.key) need(isLogSigned(kept.head, fromHex(kept.key, 32)), "signature");
    else need(memory.log, "key");
  } catch {
    tell("bad_file", {}, "error");
    return;
  }
  try {
    const seen = {...kept.head, at: 0}, trusted = memory.log ? memory.log.key : kept.key;
    if (!isLogSigned(kept.head, fromHex(trusted, 32))) {
      const alarm = new WitnessAlarm("key", {new: kept.key ? markOf(kept.key) : "?", old: markOf(trusted)});
      await raise(alarm, seenHead(), {file: text});
      throw alarm;
    }
    if (!memory.log) memory.log = {key: kept.key, sure: false};
    const {head, others} = await look(seen);
    if (memory.seen) await look(seenHead());
    keepHead(head, others);
    await store();
    draw();
    tell("file_well", {n: count(seen.size)});
  } catch (error) {
    if (!(error instanceof WitnessAlarm)) tell("away", {}, "", error.message);
    draw();
  }
}
async function acceptAlarm() {
  const {alarm} = memory;
  const answer = alarm.answer.checkpoint ? alarm.answer : await ask(null);
  if (alarm.fault === "key") {
    const typed = byId("print").value.trim().toLowerCase().replace(/^sha256:/, "");
    if (typed !== fingerprintOf(fromHex(answer.public_key, 32))) { byId("print").focus(); byId("print").setCustomValidity(say("wrong_print")); byId("print").reportValidity(); return; }
    memory.log = {key: answer.public_key, sure: true};
  }
  const head = checkAnswer({...answer, consistency: []}, null, memory.log.key);
  memory.accepted = [...(memory.accepted || []), alarm].slice(-20);
  memory.earlier = memory.earlier.filter((one) => one.size < head.size);
  memory.seen = {note: head.note, size: head.size, at: now()};
  if (alarm.fault === "forged" || alarm.fault === "split") memory.pins = new Map();
  memory.alarm = null;
  await store();
  draw();
  await lookAndSay();
}
async function begin() {
  try {
    memory = await loadMemory(settings.hospital);
    if (!memory) {
      memory = {own: await makeWitnessKey(), log: null, seen: null, earlier: [], pins: new Map(), told: [], alarm: null};
      await store();
    }
  } catch (error) {
    tell("no_storage", {}, "error", error.message);
    return;
  }
  tell("first");
  draw();
  byId("look").addEventListener("click", lookAndSay);
  byId("save").addEventListener("click", () => { if (memory.seen) saveFile(`witness-${settings.hospital}-${stamp()}.json`, describeMemory()); });
  byId("evidence").addEventListener("click", () => saveFile(`witness-alarm-${settings.hospital}-${stamp()}.json`, memory.alarm));
  byId("sure").addEventListener("click", async () => { memory.log.sure = true; await store(); draw(); });
  byId("print").addEventListener("input", () => byId("print").setCustomValidity(""));
  byId("accept").addEventListener("click", acceptAlarm);
  byId("file").addEventListener("change", async (event) => { if (event.target.files[0]) await compareFile(await event.target.files[0].text()); });
  await lookAndSay();
  const timer = setInterval(lookAndSay, EVERY);
  document.addEventListener("xinglin:cover", () => clearInterval(timer));
}
begin();
