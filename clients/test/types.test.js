// graphql-codegen generates types from the schema without a warning, and the types reject wrong operations.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { start } from '../harness.js';

const folder = fileURLToPath(new URL('..', import.meta.url));
const run = async (program, ...args) => {
  const { stdout, stderr } = await promisify(execFile)(`node_modules/.bin/${program}`, args, { cwd: folder, env: { ...process.env, NO_COLOR: '1', CI: 'true' } });
  return stdout + stderr;
};

test('types', async (t) => {
  await t.test('are made without a warning', async () => {
    const said = await run('graphql-codegen', '--config', 'codegen.json', '--verbose');
    assert.doesNotMatch(said, /warn|deprecat|error/i);
  });
  await t.test('fit', async () => {
    assert.equal(await run('tsc', '--project', '.'), '');
  });
  await t.test('come from the schema that the server publishes', async (t) => {
    const server = await start(t);
    const response = await fetch(server.http.replace('/graphql', '/schema.graphql'));
    assert.equal(await response.text(), await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8'));
  });
});
