import type { CombinedError } from 'urql';
import type { Api } from '../api/api';
import { codeOf, explain, isPassing } from '../api/errors';
import { follow } from '../api/follow';
import { Details, EarlierMessages, OpenRoom, RoomEvents, Thread } from '../api/operations';
import { Store } from '../store';
import { applied, merged, type Message, opened, type Room, type RoomEvent, type Timeline, withThread } from './timeline';

export interface Feed {
  /** Undefined while the room is loaded for the first time. */
  room?: Room;
  /** Undefined also if the user sees the room but is not a member. */
  timeline?: Timeline;
  /** The newest message that the user had read when the room was opened. */
  readUpTo: number;
  /** Why the room cannot be shown, or no longer. */
  problem?: { code: string | undefined; text: string };
}

/** One room on the screen: loaded once, kept current by its events, and resumed after a lost connection. */
export class RoomFeed {
  readonly feed = new Store<Feed>({ readUpTo: 0 });
  /** Called with each new event. */
  onEvent: (event: RoomEvent) => void = () => {};
  readonly #api: Api;
  readonly #roomId: string;
  readonly #me: string;
  #stop: () => void = () => {};
  /** Whether the room must be loaded again. The old state stays on the screen meanwhile. */
  #outdated = false;

  constructor(api: Api, roomId: string, me: string) {
    this.#api = api;
    this.#roomId = roomId;
    this.#me = me;
  }

  /** Starts the feed, or restarts it, for example after joining. */
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

  /** Loads the members and the user's role and key. They differ between users, so events do not contain them. */
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

  /** Loads the newest replies of a thread, or with `before` those before this cursor. */
  async readThread(messageId: string, before?: string): Promise<void> {
    const since = this.#since();
    const { data } = await this.#api.client.query(Thread, { messageId, before });
    const root = data?.node?.__typename === 'Message' ? data.node : undefined;
    if (root) {
      const { replies, ...message } = root;
      this.#change((timeline) => withThread(merged(timeline, [message], since), messageId, replies, since));
    }
  }

  /** Shows the result of a mutation without waiting for the event. */
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
      this.close(); // the user sees the room but is not a member
      this.feed.set({ room, readUpTo: 0 });
      return undefined;
    }
    const { readUpTo } = this.feed.get();
    const timeline = opened(room);
    this.#outdated = false;
    this.feed.set({ room, timeline, readUpTo: readUpTo || room.lastReadSeq });
    return timeline;
  }

  /** Returns false if the stream cannot continue and the room must be loaded again. */
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
      return; // it is retried
    }
    this.close();
    const code = codeOf(error);
    const text = code === 'MEMBERSHIP_ENDED' ? endOf(error?.graphQLErrors[0]?.extensions.reason) : error ? explain(error) : 'The room does not exist.';
    this.feed.set({ ...this.feed.get(), problem: { code, text } });
  }
}

function endOf(reason: unknown): string {
  switch (reason) {
    case 'DELETED':
      return 'This room was deleted.';
    case 'KICKED':
      return 'You were removed from this room.';
    case 'BANNED':
      return 'You were removed from this room and banned.';
    default:
      return 'You have left this room.';
  }
}
