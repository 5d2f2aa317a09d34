// What a browser keeps of the log for a hospital (IndexedDB), and the key by which it co-signs.
"use strict";

const STORE = "witness", MOST_EARLIER = 40;

const inStore = (mode, act) => new Promise((resolve, reject) => {
  const opening = indexedDB.open("xinglin-witness", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const database = opening.result, asked = act(database.transaction(STORE, mode).objectStore(STORE));
    asked.transaction.oncomplete = () => { database.close(); resolve(asked.result); };
    asked.transaction.onabort = () => { database.close(); reject(asked.transaction.error); };
  };
});
const loadMemory = (hospital) => inStore("readonly", (store) => store.get(hospital));
const saveMemory = (hospital, memory) => inStore("readwrite", (store) => store.put(memory, hospital));

// RFC 8032 5.1.6, for browsers whose WebCrypto has no Ed25519.
function expandSeed(seed) {
  const digest = sha512(seed), scalar = digest.slice(0, 32);
  scalar[0] &= 248;
  scalar[31] = scalar[31] & 127 | 64;
  return [littleEndian(scalar), digest.subarray(32)];
}
const publicKeyOf = (seed) => encodePoint(multiplyPoint(expandSeed(seed)[0], BASE));
function signWithSeed(seed, message) {
  const [secret, prefix] = expandSeed(seed), key = publicKeyOf(seed);
  const r = littleEndian(sha512(join(prefix, message))) % L, point = encodePoint(multiplyPoint(r, BASE));
  let s = (r + littleEndian(sha512(join(point, key, message))) % L * secret) % L;
  const tail = Uint8Array.from({length: 32}, () => { const byte = Number(s & 255n); s >>= 8n; return byte; });
  return join(point, tail);
}

// {pair: CryptoKeyPair that cannot be taken out, or null; seed: where there is none; key: hex}.
async function makeWitnessKey() {
  try {
    const pair = await crypto.subtle.generateKey({name: "Ed25519"}, false, ["sign", "verify"]);
    const key = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    return {pair, seed: null, key: toHex(key)};
  } catch {
    const seed = crypto.getRandomValues(new Uint8Array(32));
    return {pair: null, seed, key: toHex(publicKeyOf(seed))};
  }
}
async function signAsWitness(own, message) {
  if (!own.pair) return signWithSeed(own.seed, message);
  return new Uint8Array(await crypto.subtle.sign({name: "Ed25519"}, own.pair.privateKey, message));
}

// A C2SP cosignature/v1 line over the head; at: seconds since 1970.
async function cosignHead(own, name, head, at) {
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(at));
  const signed = await signAsWitness(own, utf8.encode(`cosignature/v1\ntime ${at}\n${head.body}`));
  const id = keyIdOf(name, 4, fromHex(own.key));
  return `— ${name} ${toBase64(join(id, time, signed))}`;
}

// One earlier head for each doubling of how far back it lies.
function thinEarlier(heads, size) {
  const kept = new Map();
  for (const one of heads.slice().sort((a, b) => a.size - b.size)) {
    const band = Math.floor(Math.log2(Math.max(1, size - one.size)));
    if (!kept.has(band)) kept.set(band, one);
  }
  return Array.from(kept.values()).slice(-MOST_EARLIER);
}
