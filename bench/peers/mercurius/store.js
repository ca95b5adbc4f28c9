// What the server reads and writes: each operation is one prepared statement, on pooled connections.
import { readFile } from 'node:fs/promises'
import pg from 'pg'

const roomColumns = 'r.id, r.name, r.description, r.creator_id, r.created_at'

const roomOf = (row) => ({
  id: row.id,
  name: row.name,
  description: row.description,
  creatorId: row.creator_id,
  createdAt: row.created_at.toISOString(),
})

const userOf = (row) => ({ id: row.id, nickName: row.nick_name })

const messageOf = (row) => ({
  id: `${row.room_id}.${row.seq}`,
  seq: Number(row.seq),
  roomId: row.room_id,
  authorId: row.author_id,
  contents: row.contents,
  createdAt: row.created_at.toISOString(),
})

// inOrder returns the value of each key; null if there is none.
const inOrder = (keys, rows, keyOf, valueOf) => {
  const found = new Map(rows.map((row) => [keyOf(row), valueOf(row)]))
  return keys.map((key) => found.get(key) ?? null)
}

export async function openStore(connectionString) {
  const pool = new pg.Pool({ connectionString, max: 10 })
  await pool.query(await readFile(new URL('schema.sql', import.meta.url), 'utf8'))
  const all = async (name, text, ...values) => (await pool.query({ name, text, values })).rows

  return {
    close: () => pool.end(),

    upsertUsers: async (users) => {
      const rows = await all(
        'upsert-users',
        `insert into users (id, nick_name) select * from unnest($1::text[], $2::text[])
         on conflict (id) do update set nick_name = excluded.nick_name returning id, nick_name`,
        users.map((user) => user.id),
        users.map((user) => user.profile.nickName),
      )
      return rows.map(userOf)
    },

    createRoom: async (creator, { name, description, memberIds }) => {
      const [row] = await all(
        'create-room',
        `with r as (
           insert into rooms (name, description, creator_id) values ($1, $2, $3) returning *
         ), m as (
           insert into members (room_id, user_id)
           select r.id, u from r, (select distinct unnest($4::text[] || $3::text) u) as given
         ) select ${roomColumns} from r`,
        name,
        description,
        creator,
        memberIds,
      )
      return roomOf(row)
    },

    sendMessage: async (author, { roomId, contents }) => {
      const [row] = await all(
        'send-message',
        'insert into messages (room_id, author_id, contents) values ($1, $2, $3) returning *',
        roomId,
        author,
        contents,
      )
      return messageOf(row)
    },

    roomsById: async (ids) => {
      const rows = await all(
        'rooms-by-id',
        `select ${roomColumns} from rooms r where id = any($1::uuid[])`,
        ids,
      )
      return inOrder(ids, rows, (row) => row.id, roomOf)
    },

    roomsOf: async (user, first) => {
      const rows = await all(
        'rooms-of-user',
        `select ${roomColumns} from members m join rooms r on r.id = m.room_id
         where m.user_id = $1 order by m.joined_at desc limit $2`,
        user,
        first,
      )
      return rows.map(roomOf)
    },

    usersById: async (ids) => {
      const rows = await all('users-by-id', 'select * from users where id = any($1::text[])', ids)
      return inOrder(ids, rows, (row) => row.id, userOf)
    },

    membersOf: async (rooms, first) => {
      const rows = await all(
        'members-of-rooms',
        `select given.id room_id, u.id, u.nick_name
         from unnest($1::uuid[]) given (id) cross join lateral (
           select user_id, joined_at from members where room_id = given.id
           order by joined_at, user_id limit $2
         ) m join users u on u.id = m.user_id order by m.joined_at, m.user_id`,
        rooms,
        first,
      )
      const members = new Map(rooms.map((room) => [room, []]))
      for (const row of rows) members.get(row.room_id).push(userOf(row))
      return rooms.map((room) => members.get(room))
    },

    latestOf: async (rooms) => {
      const rows = await all(
        'latest-of-rooms',
        `select m.* from unnest($1::uuid[]) given (id) cross join lateral (
           select * from messages where room_id = given.id order by seq desc limit 1
         ) m`,
        rooms,
      )
      return inOrder(rooms, rows, (row) => row.room_id, messageOf)
    },
  }
}
