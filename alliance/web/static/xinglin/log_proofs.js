// Hashes, Ed25519, trees and signed notes: copied from tools/verify.html by tools/copy_log_proofs.py.
"use strict";
const utf8 = new TextEncoder();
const decoder = () => new TextDecoder("utf-8", {fatal: true, ignoreBOM: true});
const SIGNATURE_LINE = /^— ([^\s+]{1,200}) ([A-Za-z0-9+/]+={0,2})$/;
/* ---- bytes ---- */
const toHex = bytes => Array.from(bytes, b => b.toString(16).padStart(2, "0")).join("");
const DIGIT = new Int8Array(128).fill(-1);
for (let i = 0; i < 16; i++) DIGIT["0123456789abcdef".charCodeAt(i)] = i;
function fromHex(text, length) {
  const out = new Uint8Array(typeof text === "string" ? text.length >> 1 : 0);
  let good = typeof text === "string" && text.length % 2 === 0;
  for (let i = 0; good && i < out.length; i++) {
    const high = DIGIT[text.charCodeAt(2 * i)], low = DIGIT[text.charCodeAt(2 * i + 1)];
    good = high >= 0 && low >= 0;
    out[i] = high << 4 | low;
  }
  if (!good) throw new Error(`${String(text).slice(0, 80)}: no hexadecimal`);
  if (length !== undefined && out.length !== length) throw new Error(`${out.length} bytes instead of ${length}`);
  return out;
}
function fromBase64(text) {
  if (typeof text !== "string" || text.length % 4 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Error("no base64");
  return Uint8Array.from(atob(text), c => c.charCodeAt(0));
}
const toBase64 = bytes => btoa(String.fromCharCode(...bytes));
function join(...parts) {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) { out.set(part, at); at += part.length; }
  return out;
}
function same(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/* ---- SHA-256, SHA-512 (FIPS 180-4); their constants are the roots of primes that the standard names ---- */
const MASK64 = (1n << 64n) - 1n;
function integerRoot(value, degree) {
  let low = 0n, high = 1n << 80n;
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle ** degree <= value) low = middle; else high = middle - 1n;
  }
  return low;
}
const PRIMES = [];
for (let n = 2; PRIMES.length < 80; n++) if (PRIMES.every(p => n % p)) PRIMES.push(n);
const K512 = PRIMES.map(p => integerRoot(BigInt(p) << 192n, 3n) & MASK64);
const H512 = PRIMES.slice(0, 8).map(p => integerRoot(BigInt(p) << 128n, 2n) & MASK64);
const K256 = Int32Array.from(K512.slice(0, 64), k => Number(k >> 32n));
const H256 = Int32Array.from(H512, h => Number(h >> 32n));

class BlockHash {
  /* What SHA-256 and SM3 share: blocks of 64 bytes, the length in bits at the end. */
  constructor(initial, compress) {
    this.state = Int32Array.from(initial);
    this.compress = compress;
    this.block = new Uint8Array(64);
    this.used = 0;
    this.length = 0;
  }
  update(data) {
    let at = 0;
    this.length += data.length;
    if (this.used) {
      at = Math.min(64 - this.used, data.length);
      this.block.set(data.subarray(0, at), this.used);
      this.used += at;
      if (this.used < 64) return this;
      this.compress(this.state, this.block, 0);
      this.used = 0;
    }
    for (; at + 64 <= data.length; at += 64) this.compress(this.state, data, at);
    this.block.set(data.subarray(at), 0);
    this.used = data.length - at;
    return this;
  }
  digest() {
    const bits = this.length * 8, padding = new Uint8Array(((this.used < 56 ? 56 : 120) - this.used) + 8);
    padding[0] = 0x80;
    const view = new DataView(padding.buffer);
    view.setUint32(padding.length - 8, Math.floor(bits / 2 ** 32));
    view.setUint32(padding.length - 4, bits >>> 0);
    this.update(padding);
    const out = new Uint8Array(32), words = new DataView(out.buffer);
    this.state.forEach((word, i) => words.setInt32(4 * i, word));
    return out;
  }
}
const W256 = new Int32Array(64);
function compressSha256(state, data, at) {
  for (let t = 0; t < 16; t++, at += 4) W256[t] = data[at] << 24 | data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3];
  for (let t = 16; t < 64; t++) {
    const x = W256[t - 15], y = W256[t - 2];
    const s0 = (x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3;
    const s1 = (y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10;
    W256[t] = W256[t - 16] + s0 + W256[t - 7] + s1 | 0;
  }
  let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (let t = 0; t < 64; t++) {
    const e1 = (e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7);
    const t1 = h + e1 + (e & f ^ ~e & g) + K256[t] + W256[t] | 0;
    const a0 = (a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10);
    const t2 = a0 + (a & b ^ a & c ^ b & c) | 0;
    h = g; g = f; f = e; e = d + t1 | 0; d = c; c = b; b = a; a = t1 + t2 | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d; state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}
const newSha256 = () => new BlockHash(H256, compressSha256);
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), newSha256()).digest();

function sha512(data) {
  const length = Math.ceil((data.length + 17) / 128) * 128, padded = new Uint8Array(length);
  padded.set(data);
  padded[data.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(length - 8, BigInt(data.length) * 8n);
  const rotate = (x, n) => (x >> n | x << 64n - n) & MASK64;
  const state = H512.slice(), w = new Array(80);
  for (let at = 0; at < length; at += 128) {
    for (let t = 0; t < 16; t++) w[t] = view.getBigUint64(at + 8 * t);
    for (let t = 16; t < 80; t++) {
      const x = w[t - 15], y = w[t - 2];
      const s0 = rotate(x, 1n) ^ rotate(x, 8n) ^ x >> 7n, s1 = rotate(y, 19n) ^ rotate(y, 61n) ^ y >> 6n;
      w[t] = w[t - 16] + s0 + w[t - 7] + s1 & MASK64;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let t = 0; t < 80; t++) {
      const e1 = rotate(e, 14n) ^ rotate(e, 18n) ^ rotate(e, 41n);
      const t1 = h + e1 + (e & f ^ (MASK64 ^ e) & g) + K512[t] + w[t];
      const t2 = (rotate(a, 28n) ^ rotate(a, 34n) ^ rotate(a, 39n)) + (a & b ^ a & c ^ b & c);
      h = g; g = f; f = e; e = d + t1 & MASK64; d = c; c = b; b = a; a = t1 + t2 & MASK64;
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => { state[i] = state[i] + word & MASK64; });
  }
  const out = new Uint8Array(64), words = new DataView(out.buffer);
  state.forEach((word, i) => words.setBigUint64(8 * i, word));
  return out;
}

/* ---- SM3 (GB/T 32905) ---- */
const H_SM3 = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e];
const W_SM3 = new Int32Array(68);
const rotl = (x, n) => x << n | x >>> 32 - n;
function compressSm3(state, data, at) {
  const w = W_SM3;
  for (let j = 0; j < 16; j++, at += 4) w[j] = data[at] << 24 | data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3];
  for (let j = 16; j < 68; j++) {
    const x = w[j - 16] ^ w[j - 9] ^ rotl(w[j - 3], 15);
    w[j] = x ^ rotl(x, 15) ^ rotl(x, 23) ^ rotl(w[j - 13], 7) ^ w[j - 6];
  }
  let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (let j = 0; j < 64; j++) {
    const a12 = rotl(a, 12), t = rotl(j < 16 ? 0x79cc4519 : 0x7a879d8a, j % 32), ss1 = rotl(a12 + e + t | 0, 7);
    const ff = j < 16 ? a ^ b ^ c : a & b | a & c | b & c, gg = j < 16 ? e ^ f ^ g : e & f | ~e & g;
    const tt1 = ff + d + (ss1 ^ a12) + (w[j] ^ w[j + 4]) | 0, tt2 = gg + h + ss1 + w[j] | 0;
    d = c; c = rotl(b, 9); b = a; a = tt1; h = g; g = rotl(f, 19); f = e; e = tt2 ^ rotl(tt2, 9) ^ rotl(tt2, 17);
  }
  state[0] ^= a; state[1] ^= b; state[2] ^= c; state[3] ^= d; state[4] ^= e; state[5] ^= f; state[6] ^= g; state[7] ^= h;
}
const newSm3 = () => new BlockHash(H_SM3, compressSm3);

/* ---- Ed25519 (RFC 8032 5.1), verification alone ---- */
const P = (1n << 255n) - 19n, L = (1n << 252n) + 27742317777372353535851937790883648493n;
const mod = x => { const r = x % P; return r < 0n ? r + P : r; };
function power(base, exponent) {
  let out = 1n;
  for (base = mod(base); exponent; exponent >>= 1n, base = base * base % P) if (exponent & 1n) out = out * base % P;
  return out;
}
const D = mod(-121665n * power(121666n, P - 2n)), ROOT_OF_MINUS_1 = power(2n, (P - 1n) / 4n);
const littleEndian = bytes => bytes.reduceRight((n, byte) => n << 8n | BigInt(byte), 0n);
function decodePoint(bytes) {
  const whole = littleEndian(bytes), sign = whole >> 255n, y = mod(whole & (1n << 255n) - 1n);
  const u = mod(y * y - 1n), v = mod(D * y % P * y + 1n);
  let x = u * power(v, 3n) % P * power(u * power(v, 7n), (P - 5n) / 8n) % P;
  const check = v * x % P * x % P;
  if (check === mod(-u)) x = x * ROOT_OF_MINUS_1 % P;
  else if (check !== u) return null;
  if ((x & 1n) !== sign) x = mod(-x);
  return [x, y, 1n, x * y % P];
}
function addPoints([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2)), b = mod((y1 + x1) * (y2 + x2)), c = mod(2n * D * t1 % P * t2), d = mod(2n * z1 * z2);
  const e = b - a, f = d - c, g = d + c, h = b + a;
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}
function multiplyPoint(scalar, point) {
  let out = [0n, 1n, 1n, 0n];
  for (; scalar; scalar >>= 1n, point = addPoints(point, point)) if (scalar & 1n) out = addPoints(out, point);
  return out;
}
function encodePoint([x, y, z]) {
  const inverse = power(z, P - 2n);
  let whole = mod(y * inverse) | (mod(x * inverse) & 1n) << 255n;
  return Uint8Array.from({length: 32}, () => { const byte = Number(whole & 255n); whole >>= 8n; return byte; });
}
const BASE = decodePoint(Uint8Array.from({length: 32}, (_, i) => i ? 0x66 : 0x58));
function isSigned(key, signature, message) {
  /* Without cofactor, as OpenSSL: R is compared as it is written, S must be below L. */
  if (key.length !== 32 || signature.length !== 64) return false;
  const point = decodePoint(key), s = littleEndian(signature.subarray(32));
  if (point === null || s >= L) return false;
  const k = littleEndian(sha512(join(signature.subarray(0, 32), key, message))) % L;
  const [x, y, z, t] = point;
  const found = addPoints(multiplyPoint(s, BASE), multiplyPoint(k, [mod(-x), y, z, mod(-t)]));
  return same(encodePoint(found), signature.subarray(0, 32));
}

/* ---- trees (RFC 9162 2.1) ---- */
const LEAF = new Uint8Array([0]), NODE = new Uint8Array(128);  /* 65 bytes and their padding, 520 bits long */
NODE.set([1]);
NODE.set([0x80], 65);
NODE.set([520 >> 8, 520 & 255], 126);
const hashLeaf = data => sha256(LEAF, data);
function hashNode(left, right) {
  const state = H256.slice(), out = new Uint8Array(32);
  NODE.set(left, 1);
  NODE.set(right, 33);
  compressSha256(state, NODE, 0);
  compressSha256(state, NODE, 64);
  for (let i = 0; i < 32; i++) out[i] = state[i >> 2] >>> 24 - 8 * (i & 3);
  return out;
}
const half = n => Math.floor(n / 2);
function rootFromProof(leaf, index, size, path) {
  if (!(index >= 0 && index < size)) return null;
  let node = leaf, fn = index, sn = size - 1;
  for (const sibling of path) {
    if (sn === 0) return null;
    if (fn % 2 || fn === sn) {
      node = hashNode(sibling, node);
      while (fn && fn % 2 === 0) { fn = half(fn); sn = half(sn); }
    } else node = hashNode(node, sibling);
    fn = half(fn); sn = half(sn);
  }
  return sn === 0 ? node : null;
}
function isConsistent(first, firstRoot, second, secondRoot, path) {
  if (first === 0 && second > 0) return !path.length && same(firstRoot, sha256());
  if (first >= second) return !path.length && first === second && same(firstRoot, secondRoot);
  const nodes = (BigInt(first) & BigInt(first) - 1n) === 0n ? [firstRoot, ...path] : path.slice();
  if (!nodes.length) return false;
  let fn = first - 1, sn = second - 1;
  while (fn % 2) { fn = half(fn); sn = half(sn); }
  let earlier = nodes[0], later = nodes[0];
  for (const node of nodes.slice(1)) {
    if (sn === 0) return false;
    if (fn % 2 || fn === sn) {
      earlier = hashNode(node, earlier);
      later = hashNode(node, later);
      while (fn && fn % 2 === 0) { fn = half(fn); sn = half(sn); }
    } else later = hashNode(later, node);
    fn = half(fn); sn = half(sn);
  }
  return sn === 0 && same(earlier, firstRoot) && same(later, secondRoot);
}

/* ---- JSON: named once, whole numbers, canonical ---- */
function canonical(value) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new Error(`${value} is no whole number`);
    return String(value);
  }
  if (typeof value === "string") {
    if (/\p{Surrogate}/u.test(value)) throw new Error("half of a character");
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  return `{${Object.keys(value).sort().map(k => `${canonical(k)}:${canonical(value[k])}`).join(",")}}`;
}
const countNames = value => value === null || typeof value !== "object" ? 0
  : Object.values(value).reduce((n, v) => n + countNames(v), Array.isArray(value) ? 0 : Object.keys(value).length);
function parseStrictJson(text) {
  const value = JSON.parse(text), bare = text.replace(/"(?:[^"\\]|\\.)*"/g, "");
  if (/\d[.eE]/.test(bare)) throw new Error("a number is no whole number");
  if (bare.split(":").length - 1 !== countNames(value)) throw new Error("a name stands twice");
  return value;
}
function whole(value) {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${String(value).slice(0, 80)} is no number of lines`);
  return value;
}
const isObject = value => value !== null && typeof value === "object" && !Array.isArray(value);
function need(condition, why) { if (!condition) throw new Error(why); }

/* ---- keys ---- */
const SPKI = fromHex("302a300506032b6570032100");
const fingerprintOf = key => toHex(sha256(SPKI, key));
const keyIdOf = (name, kind, key) => sha256(utf8.encode(name + "\n"), new Uint8Array([kind]), key).subarray(0, 4);

/* ---- signed notes (c2sp.org/signed-note, tlog-cosignature) ---- */
function splitNote(text) {
  need(!/[\x00-\x09\x0b-\x1f]/.test(text), "control characters");
  const gap = text.lastIndexOf("\n\n");
  need(gap >= 0 && text.endsWith("\n") && gap + 2 < text.length, "no signatures after an empty line");
  const signatures = text.slice(gap + 2, -1).split("\n").map(line => {
    const match = SIGNATURE_LINE.exec(line);
    need(match, "a line that is no signature");
    return [match[1], fromBase64(match[2])];
  });
  need(signatures.length <= 100, "too many signatures");
  return [text.slice(0, gap + 1), signatures];
}
function isCosigned(key, signature, body) {
  if (signature.length !== 72) return false;
  const at = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
  return isSigned(key, signature.subarray(8), utf8.encode(`cosignature/v1\ntime ${at}\n${body}`));
}
