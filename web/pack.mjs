// Shared by both builds: stores files for the Go package to embed, and collects their licences.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

/** Empties the folder and writes the files into it, compressed only. The same contents give the same bytes. */
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

/** Returns the licences of all packages in the bundles, given the paths of their files. The licences require this. */
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
