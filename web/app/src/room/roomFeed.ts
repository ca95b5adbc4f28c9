import type { CombinedError } from 'urql';
import type { Api } from '../api/api';
import { codeOf, explain, isPassing } from '../api/errors';
import { follow } from '../api/follow';
import { Details, EarlierMessages, OpenRoom, RoomEvents, Thread } from '../api/operations';
import { Store } from '../store';
import { applied, merged, type Message, opened, type Room, type RoomEvent, type Timeline, withThread } from './timeline';

export interface Feed {
  /** Undefined while the room is read for the first time. */
  room?: Room;
  /** Undefined also for somebody who sees the room but is not in it. */
  timeline?: Timeline;
  /** The newest message that I had read when I opened the room. */
  readUpTo: number;
  /** Why there is nothing to show, or no more. */
  problem?: { code: string | undefined; text: string };
}

/** One room on the screen: read once, kept current by its events, resumed where it was when the connection breaks. */
export class RoomFeed {
  readonly feed = new Store<Feed>({ readUpTo: 0 });
  /** Called with each event that is new. */
  onEvent: (event: RoomEvent) => void = () => {};
  readonly #api: Api;
  readonly #roomId: string;
  readonly #me: string;
  #stop: () => void = () => {};
  /** Whether what is shown is to be read again: it stays on the screen meanwhile. */
  #outdated = false;

  constructor(api: Api, roomId: string, me: string) {
    this.#api = api;
    this.#roomId = roomId;
    this.#me = me;
  }

  /** Begins, or begins anew, as after joining. */
  open(): void {
    this.close();
    this.feed.set({ readUpTo: 0 });
    this.#stop = follow(this.#api, RoomEvents, {
      variables: async () => {
        const timeline = (this.#outdated ? undefined : this.feed.get().timeline) ?? (await this.#read());
        return timeline && { roomId: this.#roomId, after: timeline.applied };
      },
      next: ({ roomEvents: event }) => this.#apply(event),
      ended: (error) => this.#fail(error),
    });
  }

  close(): void {
    this.#stop();
  }

  /** Reads who is in the room and what I may do there: it differs between people, so no event carries it. */
  async readDetails(): Promise<void> {
    const { data } = await this.#api.client.query(Details, { roomId: this.#roomId });
    if (data?.roomInfo) {
      this.feed.set({ ...this.feed.get(), room: data.roomInfo });
    }
  }

  async readEarlier(oldest: Message): Promise<void> {
    const since = this.#since();
    const { data } = await this.#api.client.query(EarlierMessages, { roomId: this.#roomId, beforeSeq: oldest.seq });
    const page = data?.roomInfo?.messages;
    if (page) {
      this.#change((timeline) => ({ ...merged(timeline, page.nodes, since), hasEarlier: page.pageInfo.hasPreviousPage }));
    }
  }

  /** Reads the newest replies of a thread, or with `before` those before that cursor. */
  async readThread(messageId: string, before?: string): Promise<void> {
    const since = this.#since();
    const { data } = await this.#api.client.query(Thread, { messageId, before });
    const root = data?.node?.__typename === 'Message' ? data.node : undefined;
    if (root) {
      const { replies, ...message } = root;
      this.#change((timeline) => withThread(merged(timeline, [message], since), messageId, replies, since));
    }
  }

  /** Shows what a mutation has answered, without waiting for the event. */
  async show(mutation: () => Promise<Message | undefined>): Promise<void> {
    const since = this.#since();
    const message = await mutation();
    if (message) {
      this.#change((timeline) => merged(timeline, [message], since));
    }
  }

  async #read(): Promise<Timeline | undefined> {
    const { data, error } = await this.#api.client.query(OpenRoom, { roomId: this.#roomId });
    const room = data?.roomInfo;
    if (!room) {
      this.#fail(error);
      return undefined;
    }
    if (!room.messages) {
      this.close(); // I see it and am not in it
      this.feed.set({ room, readUpTo: 0 });
      return undefined;
    }
    const { readUpTo } = this.feed.get();
    const timeline = opened(room);
    this.#outdated = false;
    this.feed.set({ room, timeline, readUpTo: readUpTo || room.lastReadSeq });
    return timeline;
  }

  /** Returns false where the stream cannot go on and the room is to be read again. */
  #apply(event: RoomEvent): boolean {
    if (event.__typename === 'Resync') {
      this.#outdated = true;
      return false;
    }
    if (event.__typename === 'StreamOpened' || event.seq <= this.#since()) {
      return true;
    }
    this.#change((timeline) => applied(timeline, event, this.#me));
    if (!('message' in event)) {
      void this.readDetails();
    }
    this.onEvent(event);
    return true;
  }

  #since(): number {
    return this.feed.get().timeline?.applied ?? 0;
  }

  #change(change: (timeline: Timeline) => Timeline): void {
    const feed = this.feed.get();
    if (feed.timeline) {
      this.feed.set({ ...feed, timeline: change(feed.timeline) });
    }
  }

  #fail(error: CombinedError | undefined): void {
    if (error && isPassing(error)) {
      return; // it is tried again
    }
    this.close();
    const code = codeOf(error);
    const text = code === 'MEMBERSHIP_ENDED' ? endOf(error?.graphQLErrors[0]?.extensions.reason) : error ? explain(error) : 'It is not there.';
    this.feed.set({ ...this.feed.get(), problem: { code, text } });
  }
}

function endOf(reason: unknown): string {
  switch (reason) {
    case 'DELETED':
      return 'This room has been deleted.';
    case 'KICKED':
      return 'You have been removed from this room.';
    case 'BANNED':
      return 'You have been removed from this room and may not come back.';
    default:
      return 'You have left this room.';
  }
}
