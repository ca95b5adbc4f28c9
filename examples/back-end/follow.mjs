// Answers each message of a user in the rooms of "support", once.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { sign } from './sign.mjs';

const url = 'http://127.0.0.1:8080/graphql';
const bot = 'support';
const file = 'positions.json'; // the seq of the last event handled, by room

const eventsQuery = `
subscription Events($after: [RoomPosition!]!) {
  myEvents(after: $after) {
    kind
    roomId
    event {
      __typename
      seq
      ... on MessageAdded { message { ...Line } }
      ... on Resync { room { messages(last: 100) { nodes { ...Line } } } }
    }
  }
}
fragment Line on Message { seq contents from { id } }`;

const sendQuery = `
mutation Send($input: SendMessageInput!) {
  sendMessage(input: $input) { message { seq } }
}`;

async function call(query, variables, accept = 'application/json') {
  const headers = { Authorization: `Bearer ${sign(bot)}`, 'Content-Type': 'application/json', Accept: accept };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  if (!response.ok) throw new Error(await response.text());
  return response;
}

function checked({ data, errors }) {
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** Answers a message. A second call with the same message changes nothing, because of the key. */
async function handle(roomId, { seq, contents, from }) {
  if (from.id === bot) return;
  const input = { roomId, contents: `You wrote: ${contents}`, idempotencyKey: `answer-${seq}` };
  const response = await call(sendQuery, { input });
  checked(await response.json());
}

async function* linesOf(body) {
  let rest = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    yield* lines;
  }
}

/** Handles the events of one connection. */
async function follow(positions) {
  let ready = false;
  let added = false;
  const after = Object.entries(positions).map(([roomId, seq]) => ({ roomId, seq }));
  const response = await call(eventsQuery, { after }, 'text/event-stream');
  for await (const line of linesOf(response.body)) {
    if (!line.startsWith('data: {')) continue;
    const { kind, roomId, event } = checked(JSON.parse(line.slice('data: '.length))).myEvents;
    if (kind === 'READY') {
      ready = true;
    } else if (kind === 'ENDED') {
      delete positions[roomId];
    } else if (event.__typename === 'StreamOpened') {
      if (!(roomId in positions)) {
        positions[roomId] = 0;
        added = true;
      }
    } else if (event.__typename === 'Resync') {
      for (const message of event.room.messages.nodes) {
        if (message.seq > (positions[roomId] ?? 0)) await handle(roomId, message);
      }
      positions[roomId] = event.seq;
    } else if (event.seq > positions[roomId]) {
      if (event.__typename === 'MessageAdded') await handle(roomId, event.message);
      positions[roomId] = event.seq;
    }
    save(positions);
    if (ready && added) return; // connect again, to read the new rooms from their beginning
  }
}

function save(positions) {
  writeFileSync(`${file}.new`, JSON.stringify(positions));
  renameSync(`${file}.new`, file);
}

const positions = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
for (;;) {
  await follow(positions).catch((error) => console.error(error.message)); // the connection has failed
  await setTimeout(1000);
}
