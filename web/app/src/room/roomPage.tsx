import { useCallback, useEffect, useState } from 'react';
import { JoinRoom } from '../api/operations';
import { useSignedIn } from '../people/context';
import { JoinForm } from '../rooms/join';
import { nameOf, roomName } from '../rooms/names';
import { useStore } from '../store';
import { announce } from '../ui/announce';
import { Back } from '../ui/back';
import { Page } from '../ui/page';
import { useAction } from '../ui/useAction';
import { Composer } from './composer';
import { DetailsPanel } from './detailsPanel';
import { MessageList } from './messageList';
import { RoomFeed } from './roomFeed';
import { ThreadPanel } from './threadPanel';
import { mainMessages, type Message, type RoomEvent } from './timeline';
import { useMarkRead } from './useMarkRead';

export function RoomPage({ roomId }: { roomId: string }) {
  const { me } = useSignedIn();
  const roomFeed = useRoomFeed(roomId);
  const { room, timeline, problem, readUpTo } = useStore(roomFeed.feed);
  const [side, setSide] = useState<'details' | { thread: string }>();
  const [replyTo, setReplyTo] = useState<Message>();
  const [atEnd, setAtEnd] = useState(true);
  const close = useCallback(() => setSide(undefined), []);
  useMarkRead(roomId, timeline, readUpTo, atEnd && !problem);

  if (problem || !room || !timeline) {
    return <NoRoom roomFeed={roomFeed} roomId={roomId} />;
  }
  return (
    <>
      <Page
        title={roomName(room, me.id)}
        actions={
          <>
            <Back />
            <button className="people" aria-expanded={side === 'details'} onClick={() => setSide(side === 'details' ? undefined : 'details')}>
              {room.memberCount} {room.memberCount === 1 ? 'person' : 'people'}
            </button>
          </>
        }
      >
        <MessageList
          roomFeed={roomFeed}
          room={room}
          timeline={timeline}
          messages={mainMessages(timeline)}
          readUpTo={readUpTo}
          hasEarlier={timeline.hasEarlier}
          onEarlier={(oldest) => roomFeed.readEarlier(oldest)}
          onAtEnd={setAtEnd}
          onReply={setReplyTo}
          onThread={(message) => setSide({ thread: message.id })}
        />
        <Composer room={room} replyTo={replyTo} onReplied={() => setReplyTo(undefined)} />
      </Page>
      {side === 'details' && <DetailsPanel room={room} roomFeed={roomFeed} onClose={close} />}
      {typeof side === 'object' && <ThreadPanel key={side.thread} rootId={side.thread} room={room} roomFeed={roomFeed} timeline={timeline} onClose={close} />}
    </>
  );
}

/** The room's feed, while the room is on the screen. */
function useRoomFeed(roomId: string): RoomFeed {
  const { api, me, outbox } = useSignedIn();
  const [roomFeed] = useState(() => new RoomFeed(api, roomId, me.id));
  useEffect(() => {
    roomFeed.onEvent = (event) => {
      if ('message' in event && event.message.from.id === me.id && event.message.idempotencyKey) {
        outbox.remove(event.message.idempotencyKey);
      }
      announce(spoken(event, me.id));
    };
    outbox.onSent = (message, sentTo) => void roomFeed.show(async () => (sentTo === roomId ? message : undefined));
    roomFeed.open();
    return () => roomFeed.close();
  }, [roomFeed, outbox, me, roomId]);
  return roomFeed;
}

/** The text of an event for screen readers. */
function spoken(event: RoomEvent, me: string): string {
  switch (event.__typename) {
    case 'MessageAdded':
      return event.message.from.id === me ? '' : `${nameOf(event.message.from)}: ${event.message.contents}`;
    case 'MemberJoined':
      return `${nameOf(event.user)} has joined`;
    case 'MemberLeft':
      return `${nameOf(event.user)} has left`;
    default:
      return '';
  }
}

/** A room that is still loading, was deleted, or that the user is not in. */
function NoRoom({ roomFeed, roomId }: { roomFeed: RoomFeed; roomId: string }) {
  const { api } = useSignedIn();
  const { room, timeline, problem } = useStore(roomFeed.feed);
  const join = useAction();

  async function enter(): Promise<void> {
    const data = await join.run(api.client.mutation(JoinRoom, { roomId }));
    if (data?.joinRoom) {
      roomFeed.open();
    }
  }

  if (problem?.code === 'NOT_FOUND') {
    return (
      <Page title="Room not found" actions={<Back />}>
        <p className="empty">The room does not exist, or you need its key. If you have the key, join:</p>
        <JoinForm room={roomId} fixed onJoined={() => roomFeed.open()} />
      </Page>
    );
  }
  if (problem) {
    return (
      <Page title={room?.name || 'Room not found'} actions={<Back />}>
        <p className="empty" role="alert">
          {problem.text}
        </p>
      </Page>
    );
  }
  if (room && !timeline) {
    return (
      <Page title={room.name || 'A room'} actions={<Back />}>
        <div className="sheet">
          {room.description && <p>{room.description}</p>}
          <p className="dim">{room.memberCount} members. Only members can read messages.</p>
          {join.problem && (
            <p role="alert" className="problem">
              {join.problem}
            </p>
          )}
          <button className="primary" disabled={join.busy} onClick={() => void enter()}>
            Join
          </button>
        </div>
      </Page>
    );
  }
  return (
    <Page title="…" actions={<Back />}>
      <p className="empty">Loading…</p>
    </Page>
  );
}
