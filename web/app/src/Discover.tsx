import { type FormEvent, useEffect, useState } from 'react';
import type { Client } from 'urql';
import { inWords } from './errors';
import type { DiscoverQuery, RoomAccessType } from './gql/graphql';
import { createRoom, discover, joinRoom } from './operations';
import { link } from './RoomList';
import { go } from './route';

/** Discover finds rooms, joins them, also by key, and makes new ones. */
export function Discover({ client }: { client: Client }) {
  const [search, setSearch] = useState('');
  const [found, setFound] = useState<DiscoverQuery['rooms']['nodes']>([]);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    let stale = false;
    void client.query(discover, { search }).then(({ data, error }) => {
      if (stale) return;
      setProblem(error ? inWords(error) : '');
      if (data) setFound(data.rooms.nodes);
    });
    return () => {
      stale = true;
    };
  }, [client, search]);

  async function join(roomId: string, key?: string) {
    const { data, error } = await client.mutation(joinRoom, { roomId, key });
    if (data?.joinRoom) go(`/app/rooms/${data.joinRoom.room.id}`);
    else setProblem(error ? inWords(error) : '');
  }

  async function make(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const { data, error } = await client.mutation(createRoom, {
      input: {
        name: String(form.get('name')), accessType: form.get('access') as RoomAccessType,
        memberIds: String(form.get('members')).split(',').map((id) => id.trim()).filter((id) => id !== ''),
      },
    });
    if (data?.createRoom) go(`/app/rooms/${data.createRoom.room.id}`);
    else setProblem(error ? inWords(error) : '');
  }

  function withKey(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    void join(String(form.get('room')).trim(), String(form.get('key')).trim());
  }

  return (
    <div className="discover">
      <a className="back" {...link('/app')}>Rooms</a>
      <h2>Find a room</h2>
      <label>Search <input type="search" value={search} onChange={(e) => setSearch(e.target.value)} /></label>
      <p role="alert" className="problem">{problem}</p>
      <ul className="found">
        {found.map((room) => (
          <li key={room.id}>
            <div>
              <b>{room.name || 'Room without a name'}</b> <span className="hint">{room.memberCount}{room.maxUsers > 0 ? ` of ${room.maxUsers}` : ''} members</span>
              {room.description && <p>{room.description}</p>}
            </div>
            {room.viewerRole
              ? <a {...link(`/app/rooms/${room.id}`)}>Open</a>
              : <button type="button" onClick={() => void join(room.id)} aria-label={`Join ${room.name}`}>Join</button>}
          </li>
        ))}
      </ul>
      <h2>Make a room</h2>
      <form onSubmit={(e) => void make(e)}>
        <label>Name <input name="name" maxLength={200} /></label>
        <label>Who may join <select name="access" defaultValue="PUBLIC">
          <option value="PUBLIC">anyone</option>
          <option value="PRIVATE">who has the key</option>
          <option value="FRIEND">my friends</option>
        </select></label>
        <label>With (ids, separated by commas) <input name="members" autoComplete="off" /></label>
        <button type="submit">Make it</button>
      </form>
      <h2>Join a private room</h2>
      <form onSubmit={withKey}>
        <label>Room <input name="room" required autoComplete="off" /></label>
        <label>Key <input name="key" required autoComplete="off" /></label>
        <button type="submit">Join by key</button>
      </form>
    </div>
  );
}
