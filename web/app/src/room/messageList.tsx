import { Fragment, type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useSignedIn } from '../people/context';
import { useStore } from '../store';
import { MessageItem } from './messageItem';
import { OutgoingItem } from './outgoingItem';
import type { RoomFeed } from './roomFeed';
import type { Message, Room, Timeline } from './timeline';

interface Props {
  roomFeed: RoomFeed;
  room: Room;
  timeline: Timeline;
  messages: readonly Message[];
  /** The first message of the thread, if this is a thread. */
  threadId?: string;
  readUpTo?: number;
  hasEarlier: boolean;
  onEarlier: (oldest: Message) => Promise<void>;
  onAtEnd?: (atEnd: boolean) => void;
  onReply?: (message: Message) => void;
  onThread?: (message: Message) => void;
}

/** Messages, oldest first, followed by unsent messages. The arrow keys move between them. */
export function MessageList({ roomFeed, room, timeline, messages, threadId, readUpTo, hasEarlier, onEarlier, onAtEnd, onReply, onThread }: Props) {
  const { me, outbox } = useSignedIn();
  const outgoing = useStore(outbox.messages).filter(({ input }) => input.roomId === room.id && (input.threadId ?? undefined) === threadId);
  const [focused, setFocused] = useState<string>();
  const [busy, setBusy] = useState(false);
  const { ref, onScroll } = useStickToEnd(messages.length + outgoing.length, onAtEnd);
  const tabbable = messages.some(({ id }) => id === focused) ? focused : messages.at(-1)?.id;
  const firstUnread = readUpTo && messages.find(({ seq, from }) => seq > readUpTo && from.id !== me.id)?.id;
  const arrived = new Set(messages.map(({ idempotencyKey, from }) => from.id === me.id && idempotencyKey));

  function move(event: KeyboardEvent<HTMLElement>): void {
    const target = event.target as HTMLElement;
    const sibling = { ArrowUp: 'previousElementSibling', ArrowDown: 'nextElementSibling' }[event.key] as 'nextElementSibling' | undefined;
    if (!sibling || !target.matches('.message')) {
      return;
    }
    let next = target[sibling];
    while (next && !next.matches('.message')) {
      next = next[sibling];
    }
    event.preventDefault();
    (next as HTMLElement | null)?.focus();
  }

  async function readEarlier(oldest: Message): Promise<void> {
    setBusy(true);
    await onEarlier(oldest);
    setBusy(false);
  }

  return (
    <div className="messages" ref={ref} onScroll={onScroll}>
      {hasEarlier && messages[0] && (
        <button className="earlier" disabled={busy} onClick={() => void readEarlier(messages[0] as Message)}>
          Earlier messages
        </button>
      )}
      {messages.length === 0 && outgoing.length === 0 && <p className="empty">No messages yet.</p>}
      <ol aria-label={threadId ? 'Replies' : 'Messages'} onKeyDown={move}>
        {messages.map((message) => (
          <Fragment key={message.id}>
            {message.id === firstUnread && <li className="unread-from">New</li>}
            <MessageItem
              message={message}
              quoted={message.replyTo ? (timeline.messages.get(message.replyTo.id) ?? message.replyTo) : undefined}
              room={room}
              roomFeed={roomFeed}
              tabbable={message.id === tabbable}
              onFocus={() => setFocused(message.id)}
              onReply={onReply}
              onThread={onThread}
            />
          </Fragment>
        ))}
        {outgoing
          .filter(({ input }) => !arrived.has(input.idempotencyKey))
          .map((message) => (
            <OutgoingItem key={message.input.idempotencyKey} message={message} />
          ))}
      </ol>
    </div>
  );
}

/** Keeps the newest message in view, unless the user has scrolled up; then the visible messages do not move. */
function useStickToEnd(count: number, onAtEnd?: (atEnd: boolean) => void) {
  const ref = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const height = useRef(0);

  useLayoutEffect(() => {
    const element = ref.current;
    if (element) {
      if (atEnd.current) {
        element.scrollTop = element.scrollHeight;
      } else if (element.scrollTop < 100) {
        element.scrollTop += element.scrollHeight - height.current; // earlier messages were inserted above
      }
      height.current = element.scrollHeight;
    }
  }, [count]);

  // A phone's keyboard, or a longer text below, makes the list shorter.
  useEffect(() => {
    const element = ref.current;
    const observer = new ResizeObserver(() => {
      if (element && atEnd.current) {
        element.scrollTop = element.scrollHeight;
      }
    });
    if (element) {
      observer.observe(element);
    }
    return () => observer.disconnect();
  }, []);

  function onScroll(): void {
    const element = ref.current;
    if (element) {
      atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 40;
      onAtEnd?.(atEnd.current);
    }
  }
  return { ref, onScroll };
}
