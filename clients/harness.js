// Starts a server for the tests, and a network between it and the clients that can be cut.
import { spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const secret = randomBytes(32).toString('hex');

/** token returns a token of a user, as an application creates it: a JSON Web Token signed with the shared secret. */
export function token(person, seconds = 3600) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: person, name: person, exp: Math.floor(Date.now() / 1000) + seconds })}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/**
 * start starts a server. In development mode any user can sign in, and the server issues the tokens. trusted is the path of a
 * manifest of the only documents that the server executes.
 */
export async function start(t, { development = false, trusted = '' } = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-'));
  const port = await freePort();
  const binary = process.env.PARLEY_BINARY;
  if (!binary) throw new Error('PARLEY_BINARY must name a built server: go test ./clients sets it');
  const server = spawn(binary, ['--addr', `127.0.0.1:${port}`], {
    cwd: folder,
    env: { ...process.env, DATABASE_URL: '', PARLEY_JWT_SECRET: development ? '' : secret, PARLEY_TRUSTED_DOCUMENTS: trusted },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  server.stderr.on('data', (data) => (said += data));
  t.after(async () => {
    server.kill('SIGKILL');
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
    await rm(folder, { recursive: true, force: true });
  });
  for (let i = 0; ; i++) {
    if (server.exitCode !== null || i > 200) throw new Error(`the server does not start: ${said}`);
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).then((r) => r.ok, () => false);
    if (ready) break;
    await pause(50);
  }
  return { http: `http://127.0.0.1:${port}/graphql`, ws: `ws://127.0.0.1:${port}/graphql`, port };
}

/** network is a proxy to a server that can be cut and restored. */
export async function network(t, server) {
  const sockets = new Set();
  let down = false;
  let connections = 0;
  const proxy = net.createServer((client) => {
    if (down) return client.destroy();
    connections++;
    const upstream = net.connect(server.port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream).pipe(client);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address();
  const cut = () => {
    down = true;
    for (const socket of sockets) socket.destroy();
  };
  t.after(() => {
    cut();
    proxy.close();
  });
  return {
    http: `http://127.0.0.1:${port}/graphql`,
    ws: `ws://127.0.0.1:${port}/graphql`,
    cut,
    mend: () => (down = false),
    connections: () => connections,
  };
}

/** ask sends an operation by plain HTTP and returns the data. */
export async function ask(server, person, query, variables = {}) {
  const response = await fetch(server.http, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token(person)}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** room creates a room of alice and bob. */
export async function room(server) {
  await ask(server, 'bob', '{ me { id } }');
  const data = await ask(server, 'alice', 'mutation { createRoom(input: { memberIds: ["bob"] }) { room { id } } }');
  return data.createRoom.room.id;
}

/** say sends a message as alice. */
export function say(server, roomId, contents) {
  return ask(server, 'alice', 'mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { seq } } }', { input: { roomId, contents } });
}

/** collector collects the results of a subscription. */
export function collector() {
  const got = [];
  let wake = () => {};
  return {
    got,
    add(value) {
      got.push(value);
      wake();
    },
    /** upTo waits for a number of results. */
    async upTo(n) {
      const limit = Date.now() + 20_000;
      while (got.length < n) {
        if (Date.now() > limit) throw new Error(`only ${got.length} of ${n} came: ${JSON.stringify(got)}`);
        await Promise.race([new Promise((resolve) => (wake = resolve)), pause(200)]);
      }
    },
  };
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function freePort() {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** dispose ends a client together with its test, even if the server has stopped already. */
export function dispose(t, client) {
  t.after(() => Promise.resolve(client.dispose()).catch(() => {}));
}
