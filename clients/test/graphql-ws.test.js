import assert from 'node:assert/strict';
import test from 'node:test';
import WebSocket from 'ws';
import { connect, renewing } from '../graphql-ws.js';
import { ask, collector, dispose, network, pause, room, say, start, token } from '../harness.js';
import { followRooms } from '../resume.js';

const messageAdded = 'subscription($roomId: ID!, $after: Int) { messageAdded(roomId: $roomId, after: $after) { seq contents } }';

/** once runs a query or a mutation over the socket. */
const once = (client, query, variables = {}) =>
  new Promise((resolve, reject) => {
    let data;
    client.subscribe({ query, variables }, {
      next: (result) => (result.errors ? reject(new Error(JSON.stringify(result.errors))) : (data = result.data)),
      error: reject,
      complete: () => resolve(data),
    });
  });

test('graphql-ws', async (t) => {
  await t.test('signs in, in development', async (t) => {
    const server = await start(t, { development: true });
    let signedIn;
    const client = connect(server.ws, () => signedIn, WebSocket);
    dispose(t, client);
    signedIn = (await once(client, 'mutation { signIn(userId: "alice") { token } }')).signIn.token;
    client.terminate(); // comes back as alice
    assert.equal((await once(client, '{ me { id } }')).me.id, 'alice');
  });

  await t.test('pages, creates, sends', async (t) => {
    const server = await start(t);
    const client = connect(server.ws, () => token('alice'), WebSocket);
    dispose(t, client);
    const made = [];
    for (let i = 0; i < 5; i++) made.unshift((await once(client, 'mutation { createRoom(input: { name: "room" }) { room { id } } }')).createRoom.room.id);
    const paged = [];
    for (let after = null, more = true; more; ) {
      const { nodes, pageInfo } = (await once(client, 'query($after: String) { myRooms(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }', { after })).myRooms;
      paged.push(...nodes.map((node) => node.id));
      ({ hasNextPage: more, endCursor: after } = pageInfo);
    }
    assert.deepEqual(paged, made);
    await assert.rejects(once(client, 'mutation { createRoom(input: { maxUsers: -1 }) { room { id } } }'), /BAD_USER_INPUT/);
  });

  await t.test('resumes without gap or double', async (t) => {
    const server = await start(t);
    const net = await network(t, server);
    const roomId = await room(server);
    const client = connect(net.ws, () => token('bob'), WebSocket);
    dispose(t, client);
    const events = collector();
    client.subscribe({ query: messageAdded, variables: { roomId, after: 0 } }, {
      next: ({ data }) => events.add(data.messageAdded.seq),
      error: (e) => events.add(e),
      complete: () => {},
    });
    for (let cuts = 0; cuts < 3; cuts++) {
      for (let i = 0; i < 3; i++) await say(server, roomId, 'live');
      await events.upTo(6 * cuts + 3);
      net.cut();
      for (let i = 0; i < 3; i++) await say(server, roomId, 'while it was away');
      net.mend();
      await events.upTo(6 * cuts + 6);
    }
    assert.deepEqual(events.got, Array.from({ length: 18 }, (_, i) => i + 1));
  });

  await t.test('follows all rooms without gap or double', async (t) => {
    const server = await start(t);
    const net = await network(t, server);
    const client = connect(net.ws, () => token('bob'), WebSocket);
    dispose(t, client);
    const rooms = [await room(server), await room(server)];
    const query = 'subscription($after: [RoomPosition!]) { myEvents(after: $after) { kind roomId reason event { __typename seq } } }';
    const items = collector();
    followRooms(client, query, new Map([[rooms[0], 0]]), {
      next: ({ data: { myEvents: { kind, roomId, event } } }) => items.add(event ? `${rooms.indexOf(roomId)} ${event.__typename} ${event.seq}` : kind),
      error: (e) => items.add(e),
      complete: () => {},
    });
    const want = ['1 StreamOpened 0', 'READY'];
    const expect = async () => {
      await items.upTo(want.length);
      assert.deepEqual([...items.got].sort(), [...want].sort());
      for (const [i] of rooms.entries()) {
        const of = (list) => list.filter((item) => item.startsWith(`${i} `));
        assert.deepEqual(of(items.got), of(want));
      }
    };
    await expect();
    for (let seq = 1; seq <= 9; seq++) {
      if (seq % 3 === 0) {
        net.cut();
        rooms.push(await room(server)); // joined while it was away
      }
      for (const [i, id] of rooms.entries()) {
        const own = i < 2 ? seq : seq - 3 * (i - 1) + 1;
        await say(server, id, 'x');
        want.push(i >= 2 && own === 1 ? `${i} StreamOpened 1` : `${i} MessageAdded ${own}`);
      }
      if (seq % 3 === 0) {
        net.mend();
        want.push('READY');
      }
      await expect();
    }
  });

  await t.test('goes on behind a Resync', async (t) => {
    const server = await start(t);
    const roomId = await room(server);
    const client = connect(server.ws, () => token('bob'), WebSocket);
    dispose(t, client);
    const events = [];
    const heard = collector();
    let sent; // settles when both messages are acknowledged, which may be after they were delivered
    client.subscribe({ query: 'subscription($roomId: ID!, $after: Int) { roomEvents(roomId: $roomId, after: $after) { __typename seq } }', variables: { roomId, after: 1000 } }, {
      next: ({ data }) => {
        events.push(data.roomEvents.__typename);
        if (data.roomEvents.__typename === 'MessageAdded') heard.add(data.roomEvents.seq);
        else if (data.roomEvents.__typename === 'Resync') sent = say(server, roomId, 'one').then(() => say(server, roomId, 'two'));
      },
      error: heard.add,
      complete: () => {},
    });
    await heard.upTo(2); // a restored room is behind the client's position
    await sent;
    assert.deepEqual(events, ['StreamOpened', 'Resync', 'MessageAdded', 'MessageAdded']);
  });

  await t.test('renews its token on the open socket', async (t) => {
    const server = await start(t);
    const net = await network(t, server);
    const roomId = await room(server);
    const client = connect(net.ws, () => token('bob', 3), WebSocket);
    dispose(t, client);
    const { renew } = renewing(client);
    const events = collector();
    client.subscribe({ query: messageAdded, variables: { roomId, after: 0 } }, { next: ({ data }) => events.add(data.messageAdded.seq), error: (e) => events.add(e), complete: () => {} });
    await say(server, roomId, 'before');
    await events.upTo(1);
    renew(token('bob', 60));
    await pause(4500);
    await say(server, roomId, 'past the end of the first token');
    await events.upTo(2);
    assert.equal(net.connections(), 1, 'it is still the same socket');
  });

  await t.test('comes back when the token ends', async (t) => {
    const server = await start(t);
    const net = await network(t, server);
    const roomId = await room(server);
    let lifetime = 2;
    const client = connect(net.ws, () => token('bob', lifetime), WebSocket);
    dispose(t, client);
    const events = collector();
    client.subscribe({ query: messageAdded, variables: { roomId, after: 0 } }, { next: ({ data }) => events.add(data.messageAdded.seq), error: (e) => events.add(e), complete: () => {} });
    await say(server, roomId, 'one');
    await events.upTo(1);
    lifetime = 60;
    await pause(3500);
    await say(server, roomId, 'two');
    await events.upTo(2);
    assert.deepEqual(events.got, [1, 2]);
    assert.equal(net.connections(), 2);
  });

  await t.test('hears why a stream ends', async (t) => {
    const server = await start(t);
    const roomId = await room(server);
    const client = connect(server.ws, () => token('bob'), WebSocket);
    dispose(t, client);
    const ended = new Promise((resolve) => {
      client.subscribe({ query: messageAdded, variables: { roomId, after: 0 } }, { next: () => {}, error: resolve, complete: () => resolve('complete') });
    });
    await pause(300);
    await ask(server, 'alice', 'mutation($roomId: ID!) { removeMember(roomId: $roomId, userId: "bob") { userId } }', { roomId });
    const [error] = await ended;
    assert.equal(error.extensions.code, 'MEMBERSHIP_ENDED');
    assert.equal(error.extensions.reason, 'KICKED');
  });
});
