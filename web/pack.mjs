// What both builds share: how files are stored for the Go package to embed, and whose licences go along with them.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

/** Writes the files, by name, into the folder, which is emptied first: compressed only; the same contents give the same bytes. */
export function pack(folder, files) {
  rmSync(folder, { recursive: true, force: true });
  let total = 0;
  for (const [name, contents] of files) {
    const zipped = gzipSync(contents, { level: 9 });
    zipped[9] = 255; // The "operating system" of RFC 1952, section 2.3.1: unknown, wherever it was built.
    total += zipped.length;
    const file = path.join(folder, `${name}.gz`);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, zipped);
  }
  console.log(`${files.size} files, ${(total / 1e6).toFixed(2)} MB compressed`);
}

/** The licences of all packages of which something is in the bundles, given the paths of the files: they ask to go along with it. */
export function licences(inputs) {
  const packages = new Map();
  for (const input of inputs) {
    const folder = input.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//)?.[1];
    if (folder !== undefined && !packages.has(folder)) {
      const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
      const text = readdirSync(folder)
        .filter((file) => /^(licen[cs]e|notice|copying|thirdpartynotices)(\.(md|txt))?$/i.test(file))
        .sort()
        .map((file) => readFileSync(path.join(folder, file), 'utf8').trim());
      packages.set(folder, [`${name} ${version} (${license})`, ...text].join('\n\n'));
    }
  }
  const rule = `\n\n${'='.repeat(80)}\n\n`;
  return Buffer.from(`${[...packages.values()].sort().join(rule)}\n`);
}
