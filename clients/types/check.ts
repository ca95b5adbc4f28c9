import type { ResultOf } from '@graphql-typed-document-node/core';
import type { events, rooms } from './chat.js';

export const unread = (data: ResultOf<typeof rooms>): number =>
  data.myRooms.nodes.reduce((sum: number, room) => sum + room.unreadCount, 0);

export const text = ({ roomEvents: event }: ResultOf<typeof events>): string | undefined =>
  event.__typename === 'MessageAdded' ? event.message.contents : undefined;

// @ts-expect-error: there is no such field
export const wrong = (data: ResultOf<typeof rooms>) => data.myRooms.nodes[0].nothing;
