import type { MouseEvent } from 'react';
import type { ListedRoomFragment } from './gql/graphql';
import { go } from './route';
import type { Session } from './session';

interface Props {
  rooms: readonly ListedRoomFragment[] | undefined;
  session: Session;
  /** open is the room that is shown. */
  open: string | undefined;
  leave: () => void;
}

/** titleOf is a room's name, or who else is in it. */
export function titleOf(room: Pick<ListedRoomFragment, 'name' | 'members'>, viewer: string): string {
  if (room.name !== '') return room.name;
  const others = room.members.nodes.filter((m) => m.id !== viewer).map((m) => m.nickName);
  return others.join(', ') || 'Just you';
}

/** link goes where a link leads, without loading the page again. */
export function link(path: string) {
  return {
    href: path,
    onClick: (event: MouseEvent) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      go(path);
    },
  };
}

/** RoomList shows one's rooms, the latest active first, with what is unread in each. */
export function RoomList({ rooms, session, open, leave }: Props) {
  return (
    <nav aria-label="Rooms">
      <header>
        <h1>Parley</h1>
        <span className="me">{session.name}</span>
        <button type="button" onClick={leave}>Sign out</button>
      </header>
      <a className="find" {...link('/app/discover')}>Find or make a room</a>
      <ul>
        {rooms?.map((room) => (
          <li key={room.id}>
            <a {...link(`/app/rooms/${room.id}`)} aria-current={room.id === open ? 'page' : undefined}>
              <span className="title">{titleOf(room, session.id)}</span>
              {room.unreadCount > 0 && <span className="unread" aria-label={`${room.unreadCount} unread`}>{room.unreadCount}</span>}
              <span className="latest">
                {room.latestMessage && (room.latestMessage.deletedAt ? 'deleted' : `${room.latestMessage.from.nickName}: ${room.latestMessage.contents}`)}
              </span>
            </a>
          </li>
        ))}
      </ul>
      {rooms?.length === 0 && <p className="hint">You are in no room yet.</p>}
    </nav>
  );
}
