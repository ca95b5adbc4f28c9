import { useEffect, useMemo, useState } from 'react';
import { connect } from './api';
import { Discover } from './Discover';
import { Room } from './Room';
import { RoomList } from './RoomList';
import { useRoute } from './route';
import type { Session } from './session';
import { useRooms } from './useRooms';

interface Props {
  session: Session;
  leave: (why?: string) => void;
}

/** Chat is the app of somebody who is signed in. */
export function Chat({ session, leave }: Props) {
  const api = useMemo(() => connect(session.token, () => leave('You are signed out. Sign in again.')), [session.token]); // eslint-disable-line
  const [online, setOnline] = useState(true);
  useEffect(() => api.online(setOnline), [api]);
  const rooms = useRooms(api.client);
  const route = useRoute();
  const unread = rooms?.reduce((sum, room) => sum + room.unreadCount, 0) ?? 0;
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Parley` : 'Parley';
  }, [unread]);

  return (
    <div className="chat" data-page={route.page}>
      <p role="status" className="offline" hidden={online}>{online ? '' : 'The server cannot be reached. What happens meanwhile will be here when it can.'}</p>
      <RoomList rooms={rooms} session={session} open={route.page === 'room' ? route.id : undefined} leave={() => { api.dispose(); leave(); }} />
      <main>
        {route.page === 'room' && <Room key={route.id} api={api} session={session} roomId={route.id} />}
        {route.page === 'discover' && <Discover client={api.client} />}
        {route.page === 'home' && <p className="hint">Choose a room, or find one.</p>}
      </main>
    </div>
  );
}
