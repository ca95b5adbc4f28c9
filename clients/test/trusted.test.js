// Trusted documents: the manifests that graphql-codegen and relay-compiler write, and what clients send with them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { generate } from '@graphql-codegen/cli';
import { parse } from 'graphql';
import relay from 'relay-runtime';
import ts from 'typescript';
import WebSocket from 'ws';
import { connect as connectApollo } from '../apollo.js';
import { collector, dispose, start, token } from '../harness.js';
import { connect as connectRelay } from '../relay.js';
import { byId, output } from '../trusted.js';
import { documents } from './scenario.js';

const clients = fileURLToPath(new URL('..', import.meta.url));

/** folder returns a temporary folder whose files can be imported. */
async function folder(t) {
  const made = await mkdtemp(path.join(tmpdir(), 'parley-trusted-'));
  t.after(() => rm(made, { recursive: true, force: true }));
  await writeFile(path.join(made, 'package.json'), '{"type": "module"}');
  return made;
}

const load = (...file) => import(pathToFileURL(path.join(...file)));

/** scenario creates a room, lists it, sends a message and receives it. */
async function scenario({ rooms, create, send, follow }) {
  const roomId = await create('Garden');
  assert.deepEqual((await rooms(null)).nodes.map((node) => node.name), ['Garden']);
  const events = collector();
  follow(roomId, 0, events.add, events.add);
  assert.equal(await send(roomId, 'hello'), 1);
  await events.upTo(1);
  assert.deepEqual(events.got, [1]);
}

test('graphql-codegen and Apollo Client', async (t) => {
  const made = await folder(t);
  const source = Object.values(documents).map((text) => `graphql(\`${text}\`);`).join('\n');
  await writeFile(path.join(made, 'documents.ts'), `import { graphql } from './gql';\n${source}\n`);
  await generate({
    silent: true,
    schema: path.join(clients, '../schema.graphql'),
    documents: [path.join(made, 'documents.ts')],
    generates: { [`${path.join(made, 'gql')}/`]: { ...output, config: { scalars: { Time: 'string' } } } },
  }, true);
  const types = await readFile(path.join(made, 'gql/graphql.ts'), 'utf8');
  await writeFile(path.join(made, 'gql/graphql.js'), ts.transpileModule(types, { compilerOptions: { module: 'esnext', target: 'es2022' } }).outputText);
  const { RoomsDocument, CreateDocument, SendDocument, FollowDocument } = await load(made, 'gql/graphql.js');

  const server = await start(t, { trusted: path.join(made, 'gql/persisted-documents.json') });
  const { client, dispose: end } = connectApollo(server, () => token('alice'), WebSocket);
  dispose(t, { dispose: end });
  client.setLink(byId().concat(client.link));
  await scenario({
    rooms: async (after) => (await client.query({ query: RoomsDocument, variables: { after }, fetchPolicy: 'network-only' })).data.myRooms,
    create: async (name) => (await client.mutate({ mutation: CreateDocument, variables: { name } })).data.createRoom.room.id,
    send: async (roomId, contents) => (await client.mutate({ mutation: SendDocument, variables: { input: { roomId, contents } } })).data.sendMessage.message.seq,
    follow: (roomId, after, onSeq, onError) =>
      client.subscribe({ query: FollowDocument, variables: { roomId, after } }).subscribe({ next: ({ data }) => onSeq(data.messageAdded.seq), error: onError }),
  });
  const stranger = { ...parse('query Mine { myRoomIds }'), __meta__: { hash: 'of nothing' } };
  await assert.rejects(client.query({ query: stranger }), /trusted documents only/); // after it has been sent with the query
});

test('relay-compiler and Relay', async (t) => {
  const made = await folder(t);
  await copyFile(path.join(clients, 'relay/documents.js'), path.join(made, 'documents.js'));
  await copyFile(path.join(clients, '../schema.graphql'), path.join(made, 'schema.graphql'));
  await writeFile(path.join(made, 'persisted.json'), '{}'); // the compiler wants it to be there
  const config = JSON.parse(await readFile(path.join(clients, 'relay.config.json'), 'utf8'));
  await writeFile(path.join(made, 'relay.config.json'), JSON.stringify({ ...config, src: '.', schema: 'schema.graphql', persistConfig: { file: './persisted.json' } }));
  await promisify(execFile)(path.join(clients, 'node_modules/.bin/relay-compiler'), ['relay.config.json'], { cwd: made });
  const artifact = async (name) => (await load(made, '__generated__', `documents${name}.graphql.js`)).default;
  const [rooms, create, send, follow] = await Promise.all(['RoomsQuery', 'CreateMutation', 'SendMutation', 'FollowSubscription'].map(artifact));

  const server = await start(t, { trusted: path.join(made, 'persisted.json') });
  const { environment, dispose: end } = connectRelay(server, () => token('alice'), WebSocket);
  dispose(t, { dispose: end });
  const commit = (mutation, variables) =>
    new Promise((resolve, reject) => {
      relay.commitMutation(environment, { mutation, variables, onCompleted: (data, errors) => (errors ? reject(errors) : resolve(data)), onError: reject });
    });
  await scenario({
    rooms: async (after) => (await relay.fetchQuery(environment, rooms, { after }, { fetchPolicy: 'network-only' }).toPromise()).myRooms,
    create: async (name) => (await commit(create, { name })).createRoom.room.id,
    send: async (roomId, contents) => (await commit(send, { input: { roomId, contents } })).sendMessage.message.seq,
    follow: (roomId, after, onSeq, onError) =>
      relay.requestSubscription(environment, { subscription: follow, variables: { roomId, after }, onNext: (data) => onSeq(data.messageAdded.seq), onError }),
  });
});
