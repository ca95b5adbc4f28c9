import { useEffect, useState } from 'react';
import { createApi } from './api/api';
import type { Person, Session } from './api/session';
import type { Config } from './config';
import { SignedInContext, type SignedIn } from './people/context';
import { SignInPage } from './people/signIn';
import { RoomPage } from './room/roomPage';
import { Outbox } from './room/outbox';
import { CreateRoomPage } from './rooms/createRoom';
import { DiscoverPage } from './rooms/discover';
import { JoinPage } from './rooms/join';
import { RoomList } from './rooms/roomList';
import { Sidebar } from './rooms/sidebar';
import { type Route, route } from './router';
import { useStore } from './store';
import { Announcer } from './ui/announce';
import { OfflineBanner } from './ui/offlineBanner';
import { Page } from './ui/page';

export function App({ config, session }: { config: Config; session: Session }) {
  const me = useStore(session.person);
  return (
    <>
      {me ? <Chat key={me.id} me={me} config={config} session={session} /> : <SignInPage session={session} development={config.signIn} />}
      <Announcer />
    </>
  );
}

function Chat({ me, config, session }: { me: Person; config: Config; session: Session }) {
  const signedIn = useSignedInAs(me, config, session);
  const parts = useStore(route);
  if (!signedIn) {
    return null;
  }
  return (
    <SignedInContext value={signedIn}>
      <div className="chat" data-place={parts.length === 0 ? 'list' : 'page'}>
        <OfflineBanner />
        <Sidebar />
        <Place parts={parts} />
      </div>
    </SignedInContext>
  );
}

function Place({ parts: [place, id] }: { parts: Route }) {
  switch (place) {
    case undefined:
      return (
        <Page title="Parley">
          <p className="empty">Choose a room, create one, or discover public rooms.</p>
        </Page>
      );
    case 'rooms':
      return <RoomPage key={id} roomId={id ?? ''} />;
    case 'new':
      return <CreateRoomPage />;
    case 'discover':
      return <DiscoverPage />;
    case 'join':
      return <JoinPage />;
    default:
      return (
        <Page title="Page not found">
          <p className="empty">Check the address.</p>
        </Page>
      );
  }
}

/** Opens the connection while the user is signed in. */
function useSignedInAs(me: Person, config: Config, session: Session): SignedIn | undefined {
  const [signedIn, setSignedIn] = useState<SignedIn>();
  useEffect(() => {
    const api = createApi(config.endpoint, session);
    const made = { me, api, rooms: new RoomList(api), outbox: new Outbox(api, me.id) };
    setSignedIn(made);
    return () => {
      made.rooms.close();
      made.outbox.close();
      api.connection.close();
    };
  }, [me, config, session]);
  return signedIn;
}
