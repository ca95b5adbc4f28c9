// The list of one's rooms, kept as it is.
import { useEffect, useState } from 'react';
import type { Client } from 'urql';
import type { ListedRoomFragment } from './gql/graphql';
import { myRooms, myRoomsChanged } from './operations';

const sorted = (rooms: Iterable<ListedRoomFragment>) => [...rooms].sort((a, b) => b.updatedAt.localeCompare(a.updatedAt) || b.id.localeCompare(a.id));

export function useRooms(client: Client): readonly ListedRoomFragment[] | undefined {
  const [rooms, setRooms] = useState<readonly ListedRoomFragment[]>();
  useEffect(() => {
    let ended = false;
    const read = async () => {
      const all: ListedRoomFragment[] = [];
      for (let after: string | null | undefined, more = true; more; ) {
        const { data } = await client.query(myRooms, { after });
        if (ended || !data) return;
        all.push(...data.myRooms.nodes);
        more = data.myRooms.pageInfo.hasNextPage;
        after = data.myRooms.pageInfo.endCursor;
      }
      setRooms(sorted(all));
    };
    const { unsubscribe } = client.subscription(myRoomsChanged, {}).subscribe(({ data }) => {
      const change = data?.myRoomsChanged;
      if (change?.kind === 'OPENED') void read(); // from here on nothing is missed
      if (change?.kind === 'CHANGED' && change.room) {
        const changed = change.room;
        setRooms((before) => sorted([...(before ?? []).filter((r) => r.id !== changed.id), changed]));
      }
      if (change?.kind === 'REMOVED') setRooms((before) => before?.filter((r) => r.id !== change.roomId));
    });
    return () => {
      ended = true;
      unsubscribe();
    };
  }, [client]);
  return rooms;
}
