// Bundles the playground into ../dist/playground, where the Go package embeds it.
//
// Every file but the page has the hash of its contents in its name, so that browsers may keep it for ever. Files are
// stored compressed only; the same sources give the same bytes.
import { readdirSync, readFileSync, rmSync, mkdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

process.chdir(import.meta.dirname);

const out = '../dist/playground';
const base = '/playground/';

const options = {
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['chrome111', 'firefox114', 'safari16.4'],
  outdir: out,
  entryNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  loader: { '.ttf': 'file', '.svg': 'file' },
  define: { 'process.env.NODE_ENV': '"production"' },
  legalComments: 'none',
  metafile: true,
  write: false,
  logLevel: 'warning',
};

const workers = await build({
  ...options,
  entryPoints: {
    'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
    'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
    'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
  },
});
const worker = (name) => path.basename(workers.outputFiles.find((file) => path.basename(file.path).startsWith(`${name}.worker-`)).path);

const page = await build({
  ...options,
  entryPoints: { playground: 'src/main.tsx' },
  define: {
    ...options.define,
    WORKERS: JSON.stringify({ editor: worker('editor'), json: worker('json'), graphql: worker('graphql') }),
  },
});

const hash = (contents) => createHash('sha256').update(contents).digest('hex').slice(0, 8);
const icon = readFileSync('src/icon.svg');
const licences = licencesOf([workers, page]);

const files = new Map([...workers.outputFiles, ...page.outputFiles].map((file) => [path.basename(file.path), file.contents]));
files.set(`icon-${hash(icon)}.svg`, icon);
files.set(`licences-${hash(licences)}.txt`, licences);

const named = (prefix, suffix) => base + [...files.keys()].find((name) => name.startsWith(prefix) && name.endsWith(suffix));
files.set(
  'index.html',
  readFileSync('index.html', 'utf8')
    .replace('{{icon}}', named('icon-', '.svg'))
    .replace('{{style}}', named('playground-', '.css'))
    .replace('{{script}}', named('playground-', '.js'))
    .replace('{{licences}}', named('licences-', '.txt')),
);

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
let total = 0;
for (const [name, contents] of files) {
  const zipped = gzipSync(contents, { level: 9 });
  zipped[9] = 255; // The "operating system" of RFC 1952, section 2.3.1: unknown, wherever it was built.
  total += zipped.length;
  writeFileSync(path.join(out, `${name}.gz`), zipped);
}
console.log(`${files.size} files, ${(total / 1e6).toFixed(2)} MB compressed`);

// The licences of all packages of which something is in the bundles: they ask to go along with it.
function licencesOf(builds) {
  const packages = new Map();
  for (const input of builds.flatMap((result) => Object.keys(result.metafile.inputs))) {
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
