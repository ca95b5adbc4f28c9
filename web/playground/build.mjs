// Bundles the playground into ../dist/playground, where the Go package embeds it.
//
// Every file but the page has the hash of its contents in its name, so that browsers may cache it for ever. Files are
// stored compressed only; the same sources give the same bytes.
import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { build } from 'esbuild';
import { licences, pack } from '../pack.mjs';

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
const credits = licences([workers, page].flatMap((result) => Object.keys(result.metafile.inputs)));

const files = new Map([...workers.outputFiles, ...page.outputFiles].map((file) => [path.basename(file.path), file.contents]));
files.set(`icon-${hash(icon)}.svg`, icon);
files.set(`licences-${hash(credits)}.txt`, credits);

const named = (prefix, suffix) => base + [...files.keys()].find((name) => name.startsWith(prefix) && name.endsWith(suffix));
files.set(
  'index.html',
  readFileSync('index.html', 'utf8')
    .replace('{{icon}}', named('icon-', '.svg'))
    .replace('{{style}}', named('playground-', '.css'))
    .replace('{{script}}', named('playground-', '.js'))
    .replace('{{licences}}', named('licences-', '.txt')),
);

pack(out, files);
