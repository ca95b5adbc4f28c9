// The scenario that each client library must pass.
import assert from 'node:assert/strict';
import test from 'node:test';
import { collector, dispose, network, room, say, start, token } from '../harness.js';

/**
 * scenario tests a client. connect returns {rooms, create, send, follow, dispose}: rooms(after) a page of two, create(name)
 * a room's id, send(roomId, contents) a message's seq, follow(roomId, after, onSeq, onError) begins a subscription.
 */
export function scenario(name, connect) {
  test(name, async (t) => {
    await t.test('pages, creates, sends, hears', async (t) => {
      const server = await start(t);
      const client = connect(server, () => token('alice'));
      dispose(t, client);
      const made = [];
      for (let i = 0; i < 5; i++) made.unshift(await client.create(`room ${i}`));
      const paged = [];
      for (let after = null, more = true; more; ) {
        const { nodes, pageInfo } = await client.rooms(after);
        paged.push(...nodes.map((node) => node.id));
        ({ hasNextPage: more, endCursor: after } = pageInfo);
      }
      assert.deepEqual(paged, made);
      const events = collector();
      client.follow(made[0], 0, events.add, events.add);
      assert.equal(await client.send(made[0], 'hello'), 1);
      assert.equal(await client.send(made[0], 'again'), 2);
      await events.upTo(2);
      assert.deepEqual(events.got, [1, 2]);
    });

    await t.test('resumes without gap or double', async (t) => {
      const server = await start(t);
      const net = await network(t, server);
      const roomId = await room(server);
      const client = connect(net, () => token('bob'));
      dispose(t, client);
      const events = collector();
      client.follow(roomId, 0, events.add, events.add);
      for (let cuts = 0; cuts < 2; cuts++) {
        for (let i = 0; i < 3; i++) await say(server, roomId, 'live');
        await events.upTo(6 * cuts + 3);
        net.cut();
        for (let i = 0; i < 3; i++) await say(server, roomId, 'while it was away');
        net.mend();
        await events.upTo(6 * cuts + 6);
      }
      assert.deepEqual(events.got, Array.from({ length: 12 }, (_, i) => i + 1));
    });
  });
}

export const documents = {
  rooms: 'query Rooms($after: String) { myRooms(first: 2, after: $after) { nodes { id name } pageInfo { hasNextPage endCursor } } }',
  create: 'mutation Create($name: String!) { createRoom(input: { name: $name }) { room { id } } }',
  send: 'mutation Send($input: SendMessageInput!) { sendMessage(input: $input) { message { id seq contents } } }',
  follow: 'subscription Follow($roomId: ID!, $after: Int) { messageAdded(roomId: $roomId, after: $after) { id seq contents } }',
};
