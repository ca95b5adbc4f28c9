import { useEffect, useState } from 'react';
import { explain } from '../api/errors';
import { follow } from '../api/follow';
import { FindRooms, JoinRoom, RoomCreated } from '../api/operations';
import type { FoundRoomFragment } from '../gql/graphql';
import { useSignedIn } from '../people/context';
import { go } from '../router';
import { useStore } from '../store';
import { Back } from '../ui/back';
import { Link } from '../ui/link';
import { Page } from '../ui/page';
import { useAction } from '../ui/useAction';
import { nameOf } from './names';

interface Found {
  rooms: FoundRoomFragment[];
  next: string | null;
  problem: string;
}

/** The rooms that the user can join, including new ones. */
export function DiscoverPage() {
  const { api, rooms } = useSignedIn();
  const mine = new Set(useStore(rooms.rooms).list.map(({ id }) => id));
  const { busy, problem, run } = useAction();
  const [search, setSearch] = useState('');
  const [found, setFound] = useState<Found>();

  useEffect(() => {
    let current = true;
    const timer = setTimeout(() => {
      void find(null).then((page) => current && setFound(page));
    }, 200);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [search]);

  useEffect(
    () =>
      follow(api, RoomCreated, {
        variables: () => ({ scope: 'PUBLIC' as const }),
        next: ({ roomCreated: room }) =>
          setFound((page) => page && search === '' ? { ...page, rooms: [room, ...page.rooms.filter(({ id }) => id !== room.id)] } : page),
        ended: () => {},
      }),
    [api, search],
  );

  async function find(after: string | null): Promise<Found> {
    const { data, error } = await api.client.query(FindRooms, { search, after });
    const page = data?.rooms;
    return { rooms: page?.nodes ?? [], next: (page?.pageInfo.hasNextPage && page.pageInfo.endCursor) || null, problem: error ? explain(error) : '' };
  }

  async function findMore(after: string): Promise<void> {
    const page = await find(after);
    setFound((before) => (page.problem ? before && { ...before, problem: page.problem } : { ...page, rooms: [...(before?.rooms ?? []), ...page.rooms] }));
  }

  async function join(roomId: string): Promise<void> {
    const data = await run(api.client.mutation(JoinRoom, { roomId }));
    if (data?.joinRoom) {
      go(['rooms', roomId]);
    }
  }

  return (
    <Page title="Discover" actions={<Back />}>
      <div className="sheet">
        <label>
          Search
          <input type="search" value={search} onChange={(event) => setSearch(event.target.value)} />
        </label>
        {(problem || found?.problem) && (
          <p role="alert" className="problem">
            {problem || found?.problem}
          </p>
        )}
        {found && !found.problem && found.rooms.length === 0 && <p className="empty">No rooms found.</p>}
        <ul className="found" aria-label="Rooms to join" aria-busy={!found}>
          {found?.rooms.map((room) => (
            <li key={room.id}>
              <div>
                <b>{room.name || 'Unnamed room'}</b>
                <span className="dim">
                  {room.memberCount}
                  {room.maxUsers > 0 && ` of ${room.maxUsers}`} members, created by {nameOf(room.creator)}
                  {room.accessType === 'FRIEND' && ', for friends'}
                </span>
                {room.description && <p>{room.description}</p>}
              </div>
              {mine.has(room.id) ? (
                <Link to={['rooms', room.id]} className="button" aria-label={`Open ${room.name}`}>
                  Open
                </Link>
              ) : (
                <button disabled={busy} onClick={() => void join(room.id)} aria-label={`Join ${room.name}`}>
                  Join
                </button>
              )}
            </li>
          ))}
        </ul>
        {found?.next && <button onClick={() => void findMore(found.next ?? '')}>More</button>}
      </div>
    </Page>
  );
}
