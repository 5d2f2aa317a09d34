// Hold what the platform answers against what this browser saw. Nothing here asks the network.
"use strict";

class WitnessAlarm extends Error {
  constructor(fault, details = {}) {
    super(fault);
    Object.assign(this, {fault, details});
  }
}

// {origin, size, root, body, signatures, note}. Throws Error where it is no checkpoint.
function readCheckpoint(note) {
  const [body, signatures] = splitNote(note), [origin, size, root] = body.split("\n");
  need(/^(?:0|[1-9][0-9]{0,15})$/.test(size) && Number.isSafeInteger(Number(size)), "size");
  const digest = fromBase64(root);
  need(digest.length === 32, "root");
  return {origin, size: Number(size), root: digest, body: `${origin}\n${size}\n${root}\n`, signed: body, signatures, note};
}
// Whether this key (raw bytes) has signed the note as the log of that origin.
function isLogSigned(head, key) {
  const id = keyIdOf(head.origin, 1, key);
  return head.signatures.some(([name, s]) => name === head.origin && same(s.subarray(0, 4), id)
    && isSigned(key, s.subarray(4), utf8.encode(head.signed)));
}
const markOf = (hex) => `SHA256:${fingerprintOf(fromHex(hex, 32))}`;

// The newest head, which goes on from `seen` (or null). pinned: the log's key, hex, or "" at first
// sight. Throws WitnessAlarm; Error where the answer cannot be read.
function checkAnswer(answer, seen, pinned) {
  const head = readCheckpoint(answer.checkpoint), key = pinned || answer.public_key;
  if (!isLogSigned(head, fromHex(key, 32))) {
    const other = answer.public_key && answer.public_key !== key ? markOf(answer.public_key) : "?";
    throw new WitnessAlarm("key", {new: other, old: markOf(key)});
  }
  const path = answer.consistency.map((node) => fromHex(node, 32));
  if (seen && !(head.size >= seen.size && isConsistent(seen.size, seen.root, head.size, head.root, path))) {
    const details = {seen: seen.size, now: head.size}, told = readRestore(answer.restored, seen, head, fromHex(key, 32));
    if (told) throw new WitnessAlarm("restored", {...details, now: told.left.size, at: told.at});
    if (head.size < seen.size) throw new WitnessAlarm("smaller", details);
    throw new WitnessAlarm(answer.contradicts || head.size === seen.size ? "fork" : "proof", details);
  }
  return head;
}

// The platform's signed word that it was restored, where that explains what was seen; else null.
function readRestore(said, seen, head, key) {
  try {
    const told = said.statement;
    const fits = told.v === 1 && told.kind === "restored" && told.log === head.origin
      && isSigned(key, fromHex(said.signature, 64), utf8.encode(canonical(told)))
      && told.left.size < seen.size && told.left.size <= head.size
      && seen.at * 1000 <= Date.parse(`${told.at.slice(0, 19)}Z`);
    return fits ? told : null;
  } catch {
    return null;
  }
}

// What other witnesses co-signed last: each signature holds, each key is the one that was pinned for
// that name, and the head goes on from what they saw. pinned: Map name -> {key, …}; own: this
// browser's key. Throws WitnessAlarm.
function checkOthers(listed, head, pinned, own) {
  const found = [];
  for (const one of listed) {
    if (one.key === own) continue;
    const named = {witness: `${one.hospital} · ${one.system}`, seen: one.size};
    let key, root, match, signature, path;
    try {
      key = fromHex(one.key, 32);
      root = fromHex(one.root, 32);
      match = SIGNATURE_LINE.exec(one.line);
      signature = fromBase64(match[2]);
      path = one.consistency.map((node) => fromHex(node, 32));
    } catch {
      throw new WitnessAlarm("forged", named);
    }
    const body = `${head.origin}\n${whole(one.size)}\n${toBase64(root)}\n`;
    const known = pinned.get(one.name);
    if ((known && known.key !== one.key) || match[1] !== one.name
      || !same(signature.subarray(0, 4), keyIdOf(one.name, 4, key)) || !isCosigned(key, signature.subarray(4), body)) {
      throw new WitnessAlarm("forged", named);
    }
    if (one.size > head.size || !isConsistent(one.size, root, head.size, head.root, path)) throw new WitnessAlarm("split", named);
    const at = Number(new DataView(signature.buffer, signature.byteOffset).getBigUint64(4));
    found.push({name: one.name, key: one.key, hospital: one.hospital, system: one.system, browser: one.browser, size: one.size, at});
  }
  return found;
}

// A head out of a file: what this page has saved, or a signed note as others have it. Throws Error.
function readHeadFile(text) {
  if (!text.trimStart().startsWith("{")) return {head: readCheckpoint(text), key: ""};
  const said = JSON.parse(text);
  return {head: readCheckpoint(said.checkpoint), key: String(said.log_key ?? "")};
}
