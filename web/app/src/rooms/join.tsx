import { type FormEvent, useState } from 'react';
import { JoinRoom } from '../api/operations';
import { useSignedIn } from '../people/context';
import { go, pathTo } from '../router';
import { Back } from '../ui/back';
import { Page } from '../ui/page';
import { useAction } from '../ui/useAction';

/** A link that fills the form. The key is in the fragment, which browsers do not send to servers. */
export function invitation(roomId: string, key: string): string {
  return `${window.location.origin}${pathTo('join')}#${new URLSearchParams({ room: roomId, key }).toString()}`;
}

export function JoinPage() {
  const given = new URLSearchParams(window.location.hash.slice(1));
  return (
    <Page title="Join by key" actions={<Back />}>
      <JoinForm room={given.get('room') ?? ''} roomKey={given.get('key') ?? ''} onJoined={(id) => go(['rooms', id], { replace: true })} />
    </Page>
  );
}

interface Props {
  room: string;
  roomKey?: string;
  /** The room is known: the form asks only for its key. */
  fixed?: boolean;
  onJoined: (roomId: string) => void;
}

export function JoinForm({ room, roomKey = '', fixed = false, onJoined }: Props) {
  const { api } = useSignedIn();
  const { busy, problem, run } = useAction();
  const [roomId, setRoomId] = useState(room);
  const [key, setKey] = useState(roomKey);

  async function join(event: FormEvent): Promise<void> {
    event.preventDefault();
    const data = await run(api.client.mutation(JoinRoom, { roomId: roomId.trim(), key: key.trim() }));
    if (data?.joinRoom) {
      onJoined(data.joinRoom.room.id);
    }
  }

  return (
    <form className="sheet" onSubmit={(event) => void join(event)}>
      {!fixed && (
        <label>
          Room
          <input value={roomId} onChange={(event) => setRoomId(event.target.value)} required autoComplete="off" spellCheck={false} />
        </label>
      )}
      <label>
        Key
        <input value={key} onChange={(event) => setKey(event.target.value)} required autoComplete="off" spellCheck={false} />
      </label>
      {problem && (
        <p role="alert" className="problem">
          {problem}
        </p>
      )}
      <button className="primary" disabled={busy}>
        Join
      </button>
    </form>
  );
}
