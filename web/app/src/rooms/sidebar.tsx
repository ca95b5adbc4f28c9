import { useEffect } from 'react';
import { follow } from '../api/follow';
import { RoomCreated } from '../api/operations';
import { useSignedIn } from '../people/context';
import { pathTo, route } from '../router';
import { useStore } from '../store';
import { announce } from '../ui/announce';
import { Link } from '../ui/link';
import { nameOf, roomName } from './names';
import type { RoomSummary } from './roomList';

/** The user, the user's rooms, and links to other rooms. */
export function Sidebar() {
  const { me, api, rooms } = useSignedIn();
  const { list, loading, problem } = useStore(rooms.rooms);
  const [place, id] = useStore(route);

  useEffect(
    () =>
      follow(api, RoomCreated, {
        variables: () => ({ scope: 'MINE' as const }),
        next: ({ roomCreated: room }) => {
          if (room.creator.id !== me.id) {
            announce(`${nameOf(room.creator)} has added you to a new room: ${room.name}`);
          }
        },
        ended: () => {},
      }),
    [api, me],
  );

  return (
    <nav className="sidebar" aria-label="Rooms">
      <header className="bar">
        <Link to={[]} className="brand">
          Parley
        </Link>
        <details className="me">
          <summary>{me.name}</summary>
          <div className="menu">
            <a href={pathTo()} target="_blank" rel="noopener">
              Open a window for another user
            </a>
            <button onClick={() => api.session.signOut()}>Sign out</button>
          </div>
        </details>
      </header>
      <div className="row ways">
        <Link to={['new']} aria-current={place === 'new' ? 'page' : undefined}>
          New room
        </Link>
        <Link to={['discover']} aria-current={place === 'discover' ? 'page' : undefined}>
          Discover
        </Link>
        <Link to={['join']} aria-current={place === 'join' ? 'page' : undefined}>
          Join by key
        </Link>
      </div>
      {problem && (
        <p role="alert" className="problem">
          {problem}
        </p>
      )}
      {!loading && list.length === 0 && <p className="empty">You are not in any room yet.</p>}
      <ul className="rooms" aria-busy={loading}>
        {list.map((room) => (
          <li key={room.id}>
            <RoomLink room={room} me={me.id} current={place === 'rooms' && id === room.id} />
          </li>
        ))}
      </ul>
    </nav>
  );
}

function RoomLink({ room, me, current }: { room: RoomSummary; me: string; current: boolean }) {
  const latest = room.latestMessage;
  return (
    <Link to={['rooms', room.id]} aria-current={current ? 'page' : undefined}>
      <span className="name">{roomName(room, me)}</span>
      {room.unreadCount > 0 && (
        <span className="count">
          {room.unreadCount}
          <span className="unseen"> unread</span>
        </span>
      )}
      <span className="latest">
        {latest && `${latest.from.id === me ? 'You' : nameOf(latest.from)}: ${latest.deletedAt ? 'deleted' : latest.contents}`}
      </span>
    </Link>
  );
}
