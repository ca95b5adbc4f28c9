// The HttpLink of Apollo Client alone: multipart responses carry its subscriptions.
import assert from 'node:assert/strict';
import test from 'node:test';
import { CombinedGraphQLErrors, CombinedProtocolErrors, gql } from '@apollo/client';
import { connect } from '../apollo-multipart.js';
import { ask, collector, dispose, network, room, say, start, token } from '../harness.js';
import { documents } from './scenario.js';

const query = gql(documents.follow);

/** follow collects the seqs of a room's messages, and then how the subscription ends. */
function follow(t, client, roomId, after) {
  const events = collector();
  const subscription = client.subscribe({ query, variables: { roomId, after } }).subscribe({
    next: ({ data, error }) => events.add(error ?? data.messageAdded.seq),
    error: events.add,
    complete: () => events.add('complete'),
  });
  t.after(() => subscription.unsubscribe());
  return events;
}

test('Apollo Client with HttpLink', async (t) => {
  const server = await start(t);
  const net = await network(t, server);
  const bob = connect(net.http, () => token('bob'));
  dispose(t, { dispose: () => bob.stop() });
  const roomId = await room(server);

  await t.test('queries, sends, subscribes', async (t) => {
    const events = follow(t, bob, roomId, 0);
    for (const contents of ['hello', 'again']) {
      await bob.mutate({ mutation: gql(documents.send), variables: { input: { roomId, contents } } });
    }
    await events.upTo(2);
    assert.deepEqual(events.got, [1, 2]);
    const { data } = await bob.query({ query: gql(documents.rooms) });
    assert.deepEqual(data.myRooms.nodes.map(({ id }) => id), [roomId]);
  });

  await t.test('resumes after a lost connection', async (t) => {
    const before = follow(t, bob, roomId, 2);
    await say(server, roomId, 'live');
    await before.upTo(1);
    net.cut();
    await before.upTo(2);
    assert.equal(before.got[0], 3);
    assert.ok(before.got[1] instanceof Error, `${before.got[1]}`);
    await say(server, roomId, 'while it was away');
    net.mend();
    const after = follow(t, bob, roomId, 3);
    await after.upTo(1);
    assert.deepEqual(after.got, [4]);
  });

  await t.test('reports errors', async (t) => {
    const refused = follow(t, connect(server.http, () => token('carol')), roomId, 0);
    await refused.upTo(1);
    assert.ok(CombinedGraphQLErrors.is(refused.got[0]), `${refused.got[0]}`);
    assert.match(refused.got[0].errors[0].extensions.code, /NOT_FOUND|FORBIDDEN/);

    const brief = follow(t, connect(server.http, () => token('bob', 2)), roomId, 4);
    await brief.upTo(1);
    assert.ok(CombinedProtocolErrors.is(brief.got[0]), `${brief.got[0]}`);
    assert.equal(brief.got[0].errors[0].extensions.code, 'UNAUTHENTICATED');

    const removed = follow(t, bob, roomId, 4);
    await say(server, roomId, 'the last');
    await removed.upTo(1);
    await ask(server, 'bob', 'mutation($roomId: ID!) { leaveRoom(roomId: $roomId) { roomId } }', { roomId });
    await removed.upTo(3);
    assert.equal(removed.got[0], 5);
    assert.equal(removed.got[1].errors[0].extensions.code, 'MEMBERSHIP_ENDED');
    assert.equal(removed.got[2], 'complete');
  });
});
