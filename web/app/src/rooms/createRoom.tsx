import { type FormEvent, useState } from 'react';
import { CreateRoom } from '../api/operations';
import type { RoomAccessType } from '../gql/graphql';
import { useSignedIn } from '../people/context';
import { go } from '../router';
import { Back } from '../ui/back';
import { Page } from '../ui/page';
import { useAction } from '../ui/useAction';

const accessTypes: { value: RoomAccessType; label: string }[] = [
  { value: 'PUBLIC', label: 'Every user can find it and join' },
  { value: 'PRIVATE', label: 'Only with the room’s key' },
  { value: 'FRIEND', label: 'My friends can find it and join' },
];

export function CreateRoomPage() {
  const { api } = useSignedIn();
  const { busy, problem, run } = useAction();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [people, setPeople] = useState('');
  const [accessType, setAccessType] = useState<RoomAccessType>('PUBLIC');
  // However often the user presses the button, one room is created.
  const [idempotencyKey, setIdempotencyKey] = useState(() => crypto.randomUUID());

  async function create(event: FormEvent): Promise<void> {
    event.preventDefault();
    const input = { name, description, accessType, memberIds: idsIn(people), idempotencyKey };
    const data = await run(api.client.mutation(CreateRoom, { input }));
    if (data?.createRoom) {
      go(['rooms', data.createRoom.room.id], { replace: true });
    }
  }

  /** A changed form is another room, with another idempotencyKey. */
  function change(set: (value: string) => void): (event: { target: { value: string } }) => void {
    return (event) => {
      set(event.target.value);
      setIdempotencyKey(crypto.randomUUID());
    };
  }

  return (
    <Page title="New room" actions={<Back />}>
      <form className="sheet" onSubmit={(event) => void create(event)}>
        <label>
          Name
          <input value={name} onChange={change(setName)} maxLength={200} required />
        </label>
        <label>
          Description
          <input value={description} onChange={change(setDescription)} maxLength={2000} />
        </label>
        <label>
          Members besides me (ids, separated by commas)
          <input value={people} onChange={change(setPeople)} autoCapitalize="none" />
        </label>
        <fieldset>
          <legend>Who can join</legend>
          {accessTypes.map(({ value, label }) => (
            <label key={value} className="choice">
              <input type="radio" name="access" checked={accessType === value} onChange={() => change((access) => setAccessType(access as RoomAccessType))({ target: { value } })} />
              {label}
            </label>
          ))}
        </fieldset>
        {problem && (
          <p role="alert" className="problem">
            {problem}
          </p>
        )}
        <button className="primary" disabled={busy}>
          Create the room
        </button>
      </form>
    </Page>
  );
}

export function idsIn(text: string): string[] {
  return text.split(/[\s,]+/).filter((id) => id !== '');
}
