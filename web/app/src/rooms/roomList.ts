import type { Api } from '../api/api';
import { explain } from '../api/errors';
import { follow } from '../api/follow';
import { MyRooms, MyRoomsChanged } from '../api/operations';
import type { MyRoomsChangedSubscription, RoomSummaryFragment } from '../gql/graphql';
import { Store } from '../store';

export type RoomSummary = RoomSummaryFragment;
type Change = MyRoomsChangedSubscription['myRoomsChanged'];

export interface Rooms {
  list: readonly RoomSummary[];
  loading: boolean;
  problem: string;
}

/**
 * The user's rooms, most recently active first, kept current by myRoomsChanged. Its first item is OPENED: from then on the
 * stream misses nothing, so the list is loaded then, and changes that arrive meanwhile are applied to it.
 */
export class RoomList {
  readonly rooms = new Store<Rooms>({ list: [], loading: true, problem: '' });
  readonly #api: Api;
  readonly #stop: () => void;
  #meanwhile: Change[] = [];
  #readings = 0;

  constructor(api: Api) {
    this.#api = api;
    this.#stop = follow(api, MyRoomsChanged, {
      variables: () => ({}),
      next: ({ myRoomsChanged: change }) => {
        if (change.kind === 'OPENED') {
          void this.#read();
        } else {
          this.#meanwhile.push(change);
          this.#show([change], this.rooms.get().list);
        }
      },
      ended: (error) => this.rooms.set({ ...this.rooms.get(), loading: false, problem: explain(error) }),
    });
  }

  close(): void {
    this.#stop();
  }

  async #read(): Promise<void> {
    const reading = ++this.#readings;
    this.#meanwhile = [];
    const list: RoomSummary[] = [];
    let after: string | null | undefined;
    do {
      const { data, error } = await this.#api.client.query(MyRooms, { after });
      if (reading !== this.#readings) {
        return; // the stream has reopened: a newer query is running
      }
      if (error || !data) {
        this.rooms.set({ ...this.rooms.get(), loading: false, problem: error ? explain(error) : '' });
        return;
      }
      list.push(...data.myRooms.nodes);
      after = data.myRooms.pageInfo.hasNextPage ? data.myRooms.pageInfo.endCursor : undefined;
    } while (after);
    this.#show(this.#meanwhile, list);
  }

  #show(changes: readonly Change[], list: readonly RoomSummary[]): void {
    const rooms = new Map(list.map((room) => [room.id, room]));
    for (const { roomId, room } of changes) {
      if (room) {
        rooms.set(room.id, room);
      } else if (roomId) {
        rooms.delete(roomId);
      }
    }
    const latestFirst = [...rooms.values()].sort((a, b) => b.updatedAt.localeCompare(a.updatedAt));
    this.rooms.set({ list: latestFirst, loading: false, problem: '' });
  }
}
