import { useEffect, useState } from 'react';
import { gql, useMutation, useQuery, useSubscription } from 'urql';
import { Room } from './room';

type List = { myRooms: { nodes: { id: string; name: string; latestMessage: { contents: string } | null }[] } };

const MyRooms = gql<List, {}>`
  query MyRooms { myRooms { nodes { id name latestMessage { contents } } } }`;

const MyRoomsChanged = gql<{ myRoomsChanged: { kind: string } }, {}>`
  subscription MyRoomsChanged { myRoomsChanged { kind roomId } }`;

const CreateRoom = gql<{ createRoom: { room: { id: string } } | null }, { input: { name: string; memberIds: string[] } }>`
  mutation CreateRoom($input: CreateRoomInput!) { createRoom(input: $input) { room { id } } }`;

export function Rooms() {
  const [open, setOpen] = useState('');
  const [{ data: change }] = useSubscription({ query: MyRoomsChanged });
  const [{ data }, reload] = useQuery({ query: MyRooms, pause: true });
  const [created, createRoom] = useMutation(CreateRoom);

  // The first change says that the subscription has begun. A list that is read after it misses nothing.
  useEffect(() => { if (change) reload(); }, [change, reload]);

  async function create(form: FormData) {
    const memberIds = String(form.get('members')).split(/[ ,]+/).filter(Boolean);
    const { data } = await createRoom({ input: { name: String(form.get('name')), memberIds } });
    if (data?.createRoom) setOpen(data.createRoom.room.id);
  }

  return (
    <>
      <nav>
        <h1>Rooms</h1>
        {data?.myRooms.nodes.map((room) => (
          <p key={room.id}><button onClick={() => setOpen(room.id)}>{room.name}</button> {room.latestMessage?.contents}</p>
        ))}
        <form action={create}>
          <p><label>Name <input name="name" required /></label></p>
          <p><label>Members <input name="members" /></label></p>
          <button>Create the room</button>
        </form>
        {created.error && <p role="alert">{created.error.graphQLErrors[0]?.message ?? created.error.message}</p>}
      </nav>
      {open && <Room key={open} id={open} />}
    </>
  );
}
