import { useEffect } from 'react';
import { Composer } from './composer';
import { MessageItem } from './messageItem';
import { MessageList } from './messageList';
import { Panel } from './panel';
import type { RoomFeed } from './roomFeed';
import { type Room, threadMessages, type Timeline } from './timeline';

interface Props {
  rootId: string;
  room: Room;
  roomFeed: RoomFeed;
  timeline: Timeline;
  onClose: () => void;
}

export function ThreadPanel({ rootId, room, roomFeed, timeline, onClose }: Props) {
  const root = timeline.messages.get(rootId);
  const wasRead = timeline.threads.has(rootId);
  const earlier = timeline.threads.get(rootId);
  useEffect(() => {
    if (!wasRead) {
      void roomFeed.readThread(rootId); // also after a Resync, which reloads the room
    }
  }, [roomFeed, rootId, wasRead]);
  return (
    <Panel title="Thread" onClose={onClose}>
      {root && (
        <ul className="root">
          <MessageItem message={root} room={room} roomFeed={roomFeed} tabbable />
        </ul>
      )}
      <MessageList
        roomFeed={roomFeed}
        room={room}
        timeline={timeline}
        messages={threadMessages(timeline, rootId)}
        threadId={rootId}
        hasEarlier={Boolean(earlier)}
        onEarlier={() => roomFeed.readThread(rootId, earlier ?? undefined)}
      />
      <Composer room={room} threadId={rootId} />
    </Panel>
  );
}
