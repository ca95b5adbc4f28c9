import { type FormEvent, useState } from 'react';
import { AddMembers, DeleteRoom, LeaveRoom, RotateRoomKey } from '../api/operations';
import { useSignedIn } from '../people/context';
import { idsIn } from '../rooms/createRoom';
import { invitation } from '../rooms/join';
import { nameOf } from '../rooms/names';
import { go } from '../router';
import { announce } from '../ui/announce';
import { Avatar } from '../ui/avatar';
import { Confirm } from '../ui/confirm';
import { useAction } from '../ui/useAction';
import { Panel } from './panel';
import type { RoomFeed } from './roomFeed';
import type { Room } from './timeline';

const access = {
  PUBLIC: 'Every user can find it and join.',
  PRIVATE: 'Users need the key to join.',
  FRIEND: 'Friends of the owner can find it and join.',
};

interface Props {
  room: Room;
  roomFeed: RoomFeed;
  onClose: () => void;
}

/** The members of the room, its key if the user may see it, and the buttons to leave or delete it. */
export function DetailsPanel({ room, roomFeed, onClose }: Props) {
  const { me, api } = useSignedIn();
  const { busy, problem, run } = useAction();
  const [asking, setAsking] = useState<'leave' | 'delete'>();
  const [people, setPeople] = useState('');
  const moderates = room.viewerRole !== 'MEMBER';

  async function end(yes: boolean): Promise<void> {
    setAsking(undefined);
    const mutation = asking === 'delete' ? DeleteRoom : LeaveRoom;
    if (yes && (await run(api.client.mutation<unknown>(mutation, { roomId: room.id })))) {
      go([], { replace: true });
    }
  }

  async function add(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (await run(api.client.mutation(AddMembers, { roomId: room.id, userIds: idsIn(people) }))) {
      setPeople('');
    }
  }

  async function copy(key: string): Promise<void> {
    await navigator.clipboard.writeText(invitation(room.id, key));
    announce('Invitation copied.');
  }

  async function rotate(): Promise<void> {
    if (await run(api.client.mutation(RotateRoomKey, { roomId: room.id }))) {
      await roomFeed.readDetails();
    }
  }

  return (
    <Panel title="About the room" onClose={onClose}>
      <div className="sheet">
        {room.description && <p>{room.description}</p>}
        <p className="dim">{access[room.accessType]}</p>
        {room.joinKey && (
          <section aria-labelledby="key">
            <h3 id="key">Key</h3>
            <code>{room.joinKey}</code>
            <div className="row">
              <button onClick={() => void copy(room.joinKey ?? '')}>Copy invitation</button>
              <button disabled={busy} onClick={() => void rotate()}>
                Replace the key
              </button>
            </div>
          </section>
        )}
        <section aria-labelledby="members">
          <h3 id="members">Members</h3>
          <ul className="members">
            {room.members.edges.map(({ node, member }) => (
              <li key={member.id}>
                <Avatar person={node} /> {nameOf(node)}
                {node.id === me.id && ' (you)'}
                {member.role !== 'MEMBER' && <span className="dim"> {member.role.toLowerCase()}</span>}
              </li>
            ))}
          </ul>
          {moderates && (
            <form onSubmit={(event) => void add(event)}>
              <label>
                Add members (ids)
                <input value={people} onChange={(event) => setPeople(event.target.value)} required autoCapitalize="none" />
              </label>
              <button disabled={busy}>Add</button>
            </form>
          )}
        </section>
        {problem && (
          <p role="alert" className="problem">
            {problem}
          </p>
        )}
        <div className="row">
          <button onClick={() => setAsking('leave')}>Leave the room</button>
          {room.viewerRole === 'OWNER' && (
            <button className="danger" onClick={() => setAsking('delete')}>
              Delete the room
            </button>
          )}
        </div>
      </div>
      {asking === 'leave' && <Confirm question="Leave this room?" action="Leave" onAnswer={(yes) => void end(yes)} />}
      {asking === 'delete' && <Confirm question="Delete this room for all members? This cannot be undone." action="Delete" onAnswer={(yes) => void end(yes)} />}
    </Panel>
  );
}
