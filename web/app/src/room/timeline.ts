import type { OpenRoomQuery, ReadMessageFragment, RoomDetailsFragment, RoomEventsSubscription, ThreadQuery } from '../gql/graphql';

export type Message = ReadMessageFragment;
export type Room = RoomDetailsFragment;
export type RoomEvent = RoomEventsSubscription['roomEvents'];
export type OpenedRoom = NonNullable<OpenRoomQuery['roomInfo']>;
type ThreadPage = Extract<ThreadQuery['node'], { __typename?: 'Message' }>['replies'];

/** The state of a room on the screen, computed from a snapshot and the events since. */
export interface Timeline {
  /** The seq of the last event applied, from which the stream resumes. */
  applied: number;
  messages: ReadonlyMap<string, Message>;
  /** The seq of the newest event about a message, by its id. */
  touched: ReadonlyMap<string, number>;
  hasEarlier: boolean;
  /** For each opened thread: the cursor of earlier replies; null if there are none. */
  threads: ReadonlyMap<string, string | null>;
}

/** The state of a room from a query, which includes all events up to `seq`. */
export function opened(room: OpenedRoom): Timeline {
  const messages = room.messages?.nodes ?? [];
  return {
    applied: room.seq,
    messages: new Map(messages.map((message) => [message.id, message])),
    touched: new Map(),
    hasEarlier: room.messages?.pageInfo.hasPreviousPage ?? false,
    threads: new Map(),
  };
}

/**
 * Applies an event. An event that was applied before changes nothing: a resumed stream may repeat some. An event shows its
 * message at the event or later, so applying events in order gives the same state as a new query.
 */
export function applied(timeline: Timeline, event: RoomEvent, me: string): Timeline {
  if (event.__typename === 'StreamOpened' || event.__typename === 'Resync' || event.seq <= timeline.applied) {
    return timeline;
  }
  const next = { ...timeline, applied: event.seq };
  if (!('message' in event)) {
    return next;
  }
  const { message } = event;
  const before = timeline.messages.get(message.id);
  if (!before && event.__typename !== 'MessageAdded') {
    return next; // it is older than the loaded messages
  }
  const messages = new Map(timeline.messages);
  let viewerReactions = message.deletedAt ? [] : (before?.viewerReactions ?? []);
  if (event.__typename === 'ReactionsChanged' && event.user.id === me) {
    viewerReactions = viewerReactions.filter((emoji) => emoji !== event.emoji).concat(event.on ? event.emoji : []);
  }
  messages.set(message.id, { ...message, viewerReactions });
  if (event.__typename === 'MessageAdded' && event.message.thread) {
    const { id, replyCount, isThread } = event.message.thread;
    const root = messages.get(id);
    if (root) {
      messages.set(id, { ...root, replyCount, isThread });
    }
  }
  return { ...next, messages, touched: new Map(timeline.touched).set(message.id, event.seq) };
}

/**
 * Inserts messages from a response. `since` is the value of `applied` when the request was sent: the response is at least as
 * new. Messages that later events have changed stay as they are, because the response may be older than the event.
 */
export function merged(timeline: Timeline, answer: readonly Message[], since: number): Timeline {
  const messages = new Map(timeline.messages);
  for (const message of answer) {
    if (!messages.has(message.id) || (timeline.touched.get(message.id) ?? 0) <= since) {
      messages.set(message.id, message);
    }
  }
  return { ...timeline, messages };
}

export function withThread(timeline: Timeline, rootId: string, page: ThreadPage, since: number): Timeline {
  const threads = new Map(timeline.threads).set(rootId, page.pageInfo.hasPreviousPage ? (page.pageInfo.startCursor ?? null) : null);
  return { ...merged(timeline, page.nodes, since), threads };
}

/** The room's messages outside threads, oldest first. */
export function mainMessages(timeline: Timeline): Message[] {
  return inOrder(timeline, (message) => !message.thread);
}

/** The messages of one thread, oldest first, without its first message. */
export function threadMessages(timeline: Timeline, rootId: string): Message[] {
  return inOrder(timeline, (message) => message.thread?.id === rootId);
}

function inOrder(timeline: Timeline, which: (message: Message) => boolean): Message[] {
  return [...timeline.messages.values()].filter(which).sort((a, b) => a.seq - b.seq);
}
