// Stores what Vite has built in ../dist/app, compressed only, where the Go package embeds it. The same sources give the same
// bytes.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

process.chdir(import.meta.dirname);
const out = '../dist/app';
rmSync(out, { recursive: true, force: true });
for (const name of readdirSync('build', { recursive: true, withFileTypes: true })) {
  if (!name.isFile()) continue;
  const file = path.join(name.parentPath, name.name);
  const to = path.join(out, path.relative('build', file));
  mkdirSync(path.dirname(to), { recursive: true });
  const zipped = gzipSync(readFileSync(file), { level: 9 });
  zipped[9] = 255; // The "operating system" of RFC 1952, section 2.3.1: unknown, wherever it was built.
  writeFileSync(`${to}.gz`, zipped);
}
