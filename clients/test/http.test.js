// GraphQL over HTTP: the public audits of the graphql-http package, all of them.
import assert from 'node:assert/strict';
import test from 'node:test';
import { serverAudits } from 'graphql-http';
import { start } from '../harness.js';

test('GraphQL over HTTP', async (t) => {
  const server = await start(t, { development: true }); // some audits introspect
  const audits = serverAudits({ url: server.http, fetchFn: fetch });
  assert.ok(audits.length >= 60, `only ${audits.length} audits`);
  for (const audit of audits) {
    await t.test(`${audit.id} ${audit.name}`, async () => {
      const result = await audit.fn();
      if (result.status !== 'ok') assert.fail(result.reason);
    });
  }
});
