// What a screen knows of a room's messages, and how events change it.
import type { MessagePartsFragment, PersonPartsFragment, RoomEventsSubscription } from './gql/graphql';

export type Person = PersonPartsFragment;
/** Message is one with one's own reactions, which events do not carry. */
export type Message = MessagePartsFragment & { viewerReactions: readonly string[] };

/** Note is something that has happened besides messages. */
export interface Note {
  seq: number;
  text: string;
}

export interface Known {
  messages: ReadonlyMap<number, Message>;
  notes: readonly Note[];
}

export const nothing: Known = { messages: new Map(), notes: [] };

type Event = RoomEventsSubscription['roomEvents'];

/** put adds messages, or what has become of them. */
export function put(known: Known, messages: readonly (MessagePartsFragment & { viewerReactions?: readonly string[] })[]): Known {
  const all = new Map(known.messages);
  for (const m of messages) {
    all.set(m.seq, { ...m, viewerReactions: m.viewerReactions ?? (m.deletedAt ? [] : all.get(m.seq)?.viewerReactions ?? []) });
  }
  return { ...known, messages: all };
}

/** apply is what is known after an event. Viewer is who looks at it. */
export function apply(known: Known, event: Event, viewer: string): Known {
  switch (event.__typename) {
    case 'MessageAdded': {
      const after = put(known, [event.message]);
      const root = [...after.messages.values()].find((m) => m.id === event.message.thread?.id);
      return root === undefined ? after : put(after, [{ ...root, replyCount: root.replyCount + (known.messages.has(event.message.seq) ? 0 : 1) }]);
    }
    case 'MessageEdited':
    case 'MessageDeleted':
      return known.messages.has(event.message.seq) ? put(known, [event.message]) : known;
    case 'ReactionsChanged': {
      const before = known.messages.get(event.message.seq);
      if (before === undefined) return known;
      const others = before.viewerReactions.filter((emoji) => emoji !== event.emoji);
      const own = event.user.id !== viewer ? before.viewerReactions : event.on ? [...others, event.emoji] : others;
      return put(known, [{ ...event.message, viewerReactions: own }]);
    }
    case 'MemberJoined':
      return { ...known, notes: [...known.notes, { seq: event.seq, text: `${event.user.nickName} has joined` }] };
    case 'MemberLeft':
      return { ...known, notes: [...known.notes, { seq: event.seq, text: `${event.user.nickName} ${event.reason === 'LEFT' ? 'has left' : 'was removed'}` }] };
    default: // there may be more some day
      return known;
  }
}

/** mentionsIn are the members whom a text speaks to: @name. */
export function mentionsIn(text: string, members: readonly Person[]): string[] {
  const lower = text.toLowerCase();
  return members.filter((m) => lower.includes(`@${m.nickName.toLowerCase()}`) || lower.includes(`@${m.id.toLowerCase()}`)).map((m) => m.id);
}
