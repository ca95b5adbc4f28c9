// GraphQL over HTTP: the public audits of the graphql-http package. They ask for a draft of the specification. Where that of
// September 2026 has another status, the server follows the latter: 422 for what is not a valid request. These audits must fail
// with exactly this status, so that a release that asks for it shows up here.
import assert from 'node:assert/strict';
import test from 'node:test';
import { serverAudits } from 'graphql-http';
import { start } from '../harness.js';

const unprocessable = new Set(['423L', '86EE']);

test('GraphQL over HTTP', async (t) => {
  const server = await start(t, { development: true }); // some audits introspect
  const audits = serverAudits({ url: server.http, fetchFn: fetch });
  assert.ok(audits.length >= 60, `only ${audits.length} audits`);
  for (const audit of audits) {
    await t.test(`${audit.id} ${audit.name}`, async () => {
      const result = await audit.fn();
      if (unprocessable.has(audit.id)) assert.equal(result.response?.status, 422, `${result.status}: ${result.reason}`);
      else if (result.status !== 'ok') assert.fail(`${result.reason} ${result.response?.status}`);
    });
  }
});
