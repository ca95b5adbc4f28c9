// Builds the app into ../dist/app, where the Go package embeds it.
import { createHash } from 'node:crypto';
import path from 'node:path';
import { build } from 'vite';
import { licences, pack } from '../pack.mjs';

process.chdir(import.meta.dirname);

const { output } = await build({ logLevel: 'warn', build: { write: false } });
const files = new Map(output.map((file) => [file.fileName, Buffer.from(file.type === 'chunk' ? file.code : file.source)]));
const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
const text = licences(modules.map((id) => path.relative('.', id.replace(/^\0/, ''))));
const name = `assets/licences-${createHash('sha256').update(text).digest('hex').slice(0, 8)}.txt`;
files.set(name, text);
files.set('index.html', Buffer.from(files.get('index.html').toString().replace('{{licences}}', `/app/${name}`)));
pack('../dist/app', files);
