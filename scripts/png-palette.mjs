// Makes a PNG of many colours one of 256, which is a third of its size for a picture of a page. Owns the format and the choice of colours.
// Must not know what is pictured. Invariant: the same picture gives the same bytes; it reads what browsers write, 8 bits, not interlaced.
import { deflateSync, inflateSync } from 'node:zlib';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOURS = 256;

/** @param {Uint8Array} png opaque @returns {Buffer} */
export function withPalette(png) {
  const { width, height, pixels } = decode(Buffer.from(png));
  const counts = new Map();
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const { palette, indexOf } = chooseColours(counts);
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) rows[y * (width + 1) + 1 + x] = indexOf.get(pixels[y * width + x]);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    signature, chunk('IHDR', header), chunk('PLTE', Buffer.from(palette.flatMap((colour) => channelsOf(colour)))),
    chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Colours as numbers 0xRRGGBB, row by row. */
function decode(png) {
  const parts = [];
  let header;
  for (let at = signature.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    const data = png.subarray(at + 8, at + 8 + length);
    const type = png.toString('latin1', at + 4, at + 8);
    if (type === 'IHDR') header = { width: data.readUInt32BE(0), height: data.readUInt32BE(4), depth: data[8], kind: data[9], interlaced: data[12] };
    if (type === 'IDAT') parts.push(data);
    at += length + 12;
  }
  const bytes = { 2: 3, 6: 4 }[header.kind];
  if (bytes === undefined || header.depth !== 8 || header.interlaced !== 0) throw new Error('A PNG of 8 bits with colours and without interlacing is needed.');
  const { width, height } = header;
  const raw = inflateSync(Buffer.concat(parts));
  const line = width * bytes;
  const pixels = new Uint32Array(width * height);
  let above = Buffer.alloc(line);
  for (let y = 0; y < height; y += 1) {
    const start = y * (line + 1);
    const row = unfiltered(raw[start], raw.subarray(start + 1, start + 1 + line), above, bytes);
    for (let x = 0; x < width; x += 1) pixels[y * width + x] = row.readUIntBE(x * bytes, 3);
    above = row;
  }
  return { width, height, pixels };
}

function unfiltered(filter, row, above, bytes) {
  for (let i = 0; i < row.length; i += 1) {
    const left = i < bytes ? 0 : row[i - bytes];
    const up = above[i];
    const corner = i < bytes ? 0 : above[i - bytes];
    row[i] += [0, left, up, (left + up) >> 1, filter === 4 ? nearest(left, up, corner) : 0][filter];
  }
  return row;
}

function nearest(left, up, corner) {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** Median cut: the box whose pixels differ most is cut in two until there are enough boxes. */
function chooseColours(counts) {
  const boxes = [boxOf([...counts])];
  while (boxes.length < COLOURS) {
    boxes.sort((a, b) => b.spread - a.spread);
    const [widest] = boxes;
    if (widest.spread === 0) break;
    const sorted = widest.entries.sort(([a], [b]) => channelsOf(a)[widest.channel] - channelsOf(b)[widest.channel] || a - b);
    const half = sorted.reduce((sum, [, count]) => sum + count, 0) / 2;
    let cut = 0;
    for (let sum = 0; cut < sorted.length - 1 && (cut === 0 || sum + sorted[cut][1] <= half); cut += 1) sum += sorted[cut][1];
    boxes.splice(0, 1, boxOf(sorted.slice(0, cut)), boxOf(sorted.slice(cut)));
  }
  const indexOf = new Map();
  boxes.forEach(({ entries }, index) => entries.forEach(([colour]) => indexOf.set(colour, index)));
  return { palette: boxes.map(({ entries }) => entries.reduce((a, b) => (b[1] > a[1] ? b : a))[0]), indexOf };
}

/** `spread`: how far the channel that differs most reaches, times the root of the pixels. */
function boxOf(entries) {
  const ranges = [0, 1, 2].map((channel) => {
    const values = entries.map(([colour]) => channelsOf(colour)[channel]);
    return values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b));
  });
  const range = Math.max(...ranges);
  return { entries, channel: ranges.indexOf(range), spread: range * Math.sqrt(entries.reduce((sum, [, count]) => sum + count, 0)) };
}

function channelsOf(colour) {
  return [colour >> 16, (colour >> 8) & 255, colour & 255];
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const made = Buffer.alloc(body.length + 8);
  made.writeUInt32BE(data.length, 0);
  body.copy(made, 4);
  made.writeUInt32BE(crcOf(body), body.length + 4);
  return made;
}

/** `zlib.crc32` is not in every Node that is supported. */
function crcOf(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return (crc ^ 0xffffffff) >>> 0;
}
