// Hive Gateway with a supergraph in front of the server.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import test from 'node:test';
import { buildSchema } from 'graphql';
import { createClient } from 'graphql-sse';
import { ask, collector, dispose, room, start, token } from '../harness.js';
import { gateway } from '../supergraph.js';
import { documents } from './scenario.js';

test('Hive Gateway', async (t) => {
  const server = await start(t);
  const schema = buildSchema(await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8'));
  const runtime = gateway(server.http, schema);
  const proxy = createServer(runtime).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(async () => {
    proxy.closeAllConnections();
    proxy.close();
    await runtime[Symbol.asyncDispose]();
  });
  const supergraph = { http: `http://127.0.0.1:${proxy.address().port}/graphql` };

  const roomId = await room(supergraph);
  for (const person of ['alice', 'bob']) {
    assert.deepEqual((await ask(supergraph, person, '{ me { id } myRoomIds }')), { me: { id: person }, myRoomIds: [roomId] });
  }
  await assert.rejects(ask(supergraph, 'carol', 'query($roomId: ID!) { roomInfo(roomId: $roomId) { id } }', { roomId }), /FORBIDDEN|NOT_FOUND/);

  const follow = (person) => {
    const client = createClient({ url: supergraph.http, headers: { authorization: `Bearer ${token(person)}` }, retryAttempts: 0 });
    dispose(t, client);
    const events = collector();
    client.subscribe({ query: documents.follow, variables: { roomId, after: 0 } }, { next: events.add, error: events.add, complete() {} });
    return events;
  };
  const [bob, carol] = [follow('bob'), follow('carol')];
  for (const contents of ['hello', 'again']) {
    await ask(supergraph, 'alice', documents.send, { input: { roomId, contents } });
  }
  await bob.upTo(2);
  assert.deepEqual(bob.got.map(({ data }) => data.messageAdded.contents), ['hello', 'again']);
  await carol.upTo(1);
  assert.match(JSON.stringify(carol.got[0]), /FORBIDDEN|NOT_FOUND/);
});
