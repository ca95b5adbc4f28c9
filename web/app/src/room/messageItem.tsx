import { type KeyboardEvent, useRef, useState } from 'react';
import { DeleteMessage, EditMessage, React } from '../api/operations';
import { useSignedIn } from '../people/context';
import { nameOf } from '../rooms/names';
import { Avatar } from '../ui/avatar';
import { Confirm } from '../ui/confirm';
import { useAction } from '../ui/useAction';
import { Contents } from './contents';
import type { RoomFeed } from './roomFeed';
import type { Message, Room } from './timeline';

const emojis = ['👍', '❤️', '😂', '🎉', '😮', '😢'];

interface Props {
  message: Message;
  quoted?: { contents: string; deletedAt?: string | null; from: { id: string; nickName: string } };
  room: Room;
  roomFeed: RoomFeed;
  tabbable: boolean;
  onFocus?: () => void;
  onReply?: (message: Message) => void;
  onThread?: (message: Message) => void;
}

export function MessageItem({ message, quoted, room, roomFeed, tabbable, onFocus, onReply, onThread }: Props) {
  const { me, api } = useSignedIn();
  const { problem, run } = useAction();
  const [editing, setEditing] = useState(false);
  const [asking, setAsking] = useState(false);
  const item = useRef<HTMLLIElement>(null);
  const mine = message.from.id === me.id;
  const name = nameOf(message.from);
  const sentAt = new Date(message.createdAt);
  const today = sentAt.toDateString() === new Date().toDateString();
  const time = sentAt.toLocaleString([], { ...(today ? {} : { month: 'short', day: 'numeric' }), hour: '2-digit', minute: '2-digit' });

  function react(emoji: string, on: boolean): void {
    void roomFeed.show(async () => (await run(api.client.mutation(React, { messageId: message.id, emoji, on })))?.react?.message);
  }

  function remove(yes: boolean): void {
    setAsking(false);
    if (yes) {
      void roomFeed.show(async () => (await run(api.client.mutation(DeleteMessage, { messageId: message.id })))?.deleteMessage?.message);
    }
    item.current?.focus();
  }

  async function edit(contents: string): Promise<void> {
    await roomFeed.show(async () => {
      const data = await run(api.client.mutation(EditMessage, { messageId: message.id, contents }));
      if (data?.editMessage) {
        stopEditing();
      }
      return data?.editMessage?.message;
    });
  }

  function stopEditing(): void {
    setEditing(false);
    item.current?.focus();
  }

  const mentioned = message.mentions.some(({ id }) => id === me.id);
  return (
    <li
      ref={item}
      className="message"
      data-mine={mine || undefined}
      data-mentioned={mentioned || undefined}
      tabIndex={tabbable ? 0 : -1}
      onFocus={onFocus}
      aria-label={`${name}, ${time}: ${message.deletedAt ? 'deleted' : message.contents}`}
    >
      <Avatar person={message.from} />
      <div className="body">
        <div className="by">
          <b>{name}</b> <time dateTime={message.createdAt} title={sentAt.toLocaleString()}>{time}</time>
          {message.editedAt && !message.deletedAt && <span className="dim"> edited</span>}
          {mentioned && <span className="unseen"> It speaks to you.</span>}
        </div>
        {quoted && (
          <blockquote>
            <b>{nameOf(quoted.from)}</b> {quoted.deletedAt ? 'deleted' : quoted.contents}
          </blockquote>
        )}
        {message.deletedAt ? (
          <p className="dim">This message was deleted.</p>
        ) : editing ? (
          <Editor contents={message.contents} onSave={edit} onCancel={stopEditing} />
        ) : (
          <Contents text={message.contents} mentions={message.mentions} me={me.id} />
        )}
        {problem && (
          <p role="alert" className="problem">
            {problem}
          </p>
        )}
        {message.reactions.length > 0 && (
          <div className="reactions">
            {message.reactions.map(({ emoji, count }) => {
              const on = message.viewerReactions.includes(emoji);
              return (
                <button key={emoji} aria-pressed={on} aria-label={`${emoji}, ${count}`} onClick={() => react(emoji, !on)}>
                  {emoji} {count}
                </button>
              );
            })}
          </div>
        )}
        {onThread && message.replyCount > 0 && (
          <button className="thread-link" onClick={() => onThread(message)}>
            {message.replyCount} {message.replyCount === 1 ? 'reply' : 'replies'} in a thread
          </button>
        )}
        <div className="tools" role="group" aria-label="Actions">
          {!message.deletedAt &&
            emojis.map((emoji) => (
              <button key={emoji} aria-label={`React with ${emoji}`} onClick={() => react(emoji, !message.viewerReactions.includes(emoji))}>
                {emoji}
              </button>
            ))}
          {onReply && <button onClick={() => onReply(message)}>Reply</button>}
          {onThread && <button onClick={() => onThread(message)}>Thread</button>}
          {mine && !message.deletedAt && <button onClick={() => setEditing(true)}>Edit</button>}
          {!message.deletedAt && (mine || room.viewerRole !== 'MEMBER') && <button onClick={() => setAsking(true)}>Delete</button>}
        </div>
        {asking && <Confirm question="Delete this message? This cannot be undone." action="Delete" onAnswer={remove} />}
      </div>
    </li>
  );
}

interface EditorProps {
  contents: string;
  onSave: (contents: string) => Promise<void>;
  onCancel: () => void;
}

/** Edits a message. The text stays until the server has confirmed it. */
function Editor({ contents, onSave, onCancel }: EditorProps) {
  const [text, setText] = useState(contents);

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === 'Escape') {
      onCancel();
    } else if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      void onSave(text);
    }
  }

  return (
    <form
      className="editor"
      onSubmit={(event) => {
        event.preventDefault();
        void onSave(text);
      }}
    >
      <textarea aria-label="Text of the message" value={text} onChange={(event) => setText(event.target.value)} onKeyDown={onKeyDown} autoFocus required maxLength={16000} />
      <button className="primary">Save</button>
      <button type="button" onClick={onCancel}>
        Cancel
      </button>
    </form>
  );
}
