// A chat server on Mercurius, as its documentation writes one: JIT, loaders that batch, prepared statements, and the
// in-process emitter for subscriptions. It believes what a token says without verifying it, which favours it.
//
// bench runs it: it listens on a free port of the loopback interface, prints which, and answers each line of its input
// with what it has used, until the input ends.
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import Fastify from 'fastify'
import mercurius from 'mercurius'
import { openStore } from './store.js'

const store = await openStore(process.env.PARLEY_BENCH_DATABASE)

// viewerOf returns the user that a header or the payload of connection_init names.
function viewerOf(authorization) {
  const claims = authorization?.split('.')[1]
  return { viewer: claims && JSON.parse(Buffer.from(claims, 'base64url').toString()).sub }
}

const topicOf = (room) => `room ${room}`

// grouped loads for the queries of a loader with equal values of an argument at once.
async function grouped(queries, argument, load) {
  const groups = new Map()
  queries.forEach((query, place) => {
    const key = argument(query)
    if (!groups.has(key)) groups.set(key, [])
    groups.get(key).push(place)
  })
  const out = new Array(queries.length)
  for (const [key, places] of groups) {
    const values = await load(places.map((i) => queries[i].obj.id), key)
    places.forEach((place, i) => {
      out[place] = values[i]
    })
  }
  return out
}

const app = Fastify({ logger: { level: 'error' } })
await app.register(mercurius, {
  schema: await readFile(new URL('schema.graphql', import.meta.url), 'utf8'),
  jit: 1,
  context: (request) => viewerOf(request.headers.authorization),
  subscription: {
    onConnect: ({ payload }) => viewerOf(payload?.authorization),
  },
  resolvers: {
    Query: {
      roomInfo: async (_, { roomId }) => (await store.roomsById([roomId]))[0],
      myRooms: async (_, { first }, { viewer }) => ({ nodes: await store.roomsOf(viewer, first) }),
    },
    Mutation: {
      upsertUsers: async (_, { users }) => ({ users: await store.upsertUsers(users) }),
      createRoom: async (_, { input }, { viewer }) => ({ room: await store.createRoom(viewer, input) }),
      sendMessage: async (_, { input }, { viewer, pubsub }) => {
        const message = await store.sendMessage(viewer, input)
        await pubsub.publish({ topic: topicOf(input.roomId), payload: message })
        return { message }
      },
    },
    Subscription: {
      messageAdded: {
        subscribe: (_, { roomId }, { pubsub }) => pubsub.subscribe(topicOf(roomId)),
        resolve: (message) => message,
      },
      roomEvents: {
        subscribe: (_, { roomId }, { pubsub }) => pubsub.subscribe(topicOf(roomId)),
        resolve: (message) => ({ roomId: message.roomId, seq: message.seq, message }),
      },
    },
    RoomEvent: { resolveType: () => 'MessageAdded' },
  },
  loaders: {
    Room: {
      creator: (queries) => store.usersById(queries.map(({ obj }) => obj.creatorId)),
      latestMessage: (queries) => store.latestOf(queries.map(({ obj }) => obj.id)),
      members: async (queries) => {
        const lists = await grouped(queries, ({ params }) => params.first, store.membersOf)
        return lists.map((nodes) => ({ nodes }))
      },
    },
    Message: {
      from: (queries) => store.usersById(queries.map(({ obj }) => obj.authorId)),
      room: (queries) => store.roomsById(queries.map(({ obj }) => obj.roomId)),
    },
  },
})
await app.listen({ host: '127.0.0.1', port: 0 })

const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
print({ Addr: `127.0.0.1:${app.server.address().port}` })
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'collect') globalThis.gc?.()
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed } = process.memoryUsage()
  print({ CPU: (user + system) * 1000, RSS: rss, Heap: heapUsed })
}
app.server.closeAllConnections()
await app.close()
await store.close()
