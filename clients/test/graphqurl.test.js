// graphqurl speaks the older subprotocol, and sends the token as Hasura's clients do: {headers: {Authorization}}.
import assert from 'node:assert/strict';
import test from 'node:test';
import { createClient } from 'graphqurl';
import { collector, room, say, start, token } from '../harness.js';
import { documents } from './scenario.js';

test('graphqurl', async (t) => {
  const server = await start(t);
  const roomId = await room(server);
  const connect = (authorization) =>
    new Promise((resolve, reject) => {
      const client = createClient({
        endpoint: server.http,
        headers: { Authorization: authorization },
        websocket: { endpoint: server.ws, onConnectionSuccess: () => resolve(client), onConnectionError: reject },
      });
    });
  const client = await connect(`Bearer ${token('bob')}`);
  const { data } = await client.query({ query: documents.rooms, variables: {} });
  assert.deepEqual(data.myRooms.nodes.map(({ id }) => id), [roomId]);

  const events = collector();
  const subscription = client.subscribe({ subscription: documents.follow, variables: { roomId, after: 0 } }, events.add, events.add);
  await client.query({ query: documents.send, variables: { input: { roomId, contents: 'hello' } } });
  await say(server, roomId, 'again');
  await events.upTo(2);
  assert.deepEqual(events.got.map(({ data }) => data.messageAdded.contents), ['hello', 'again']);
  subscription.stop();

  await assert.rejects(client.query({ query: documents.rooms, headers: { Authorization: 'Bearer x' } }), ({ errors }) => errors[0].extensions.code === 'UNAUTHENTICATED');
});
