// The EventSource of browsers, which Node has with --experimental-eventsource: it cannot send headers, so a ticket in the URL names its user.
import assert from 'node:assert/strict';
import test from 'node:test';
import { open } from '../eventsource.js';
import { collector, room, say, start, token } from '../harness.js';

const follow = 'subscription Follow($roomId: ID!, $after: Int) { messageAdded(roomId: $roomId, after: $after) { seq contents } }';

test('EventSource', { skip: typeof EventSource === 'undefined' && 'this Node has no EventSource' }, async (t) => {
  const server = await start(t);
  const roomId = await room(server);
  const events = collector();
  const source = await open(server.http, token('bob'), { query: follow, variables: { roomId, after: 0 } }, events.add);
  t.after(() => source.close());
  await say(server, roomId, 'hello');
  await say(server, roomId, 'again');
  await events.upTo(2);
  assert.deepEqual(events.got.map(({ data }) => data.messageAdded.contents), ['hello', 'again']);

  await t.test('uses a ticket once', async () => {
    const again = new EventSource(source.url);
    await new Promise((resolve) => (again.onerror = resolve));
    assert.equal(again.readyState, EventSource.CLOSED);
  });
});
