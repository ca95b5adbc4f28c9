import { type FormEvent, useState } from 'react';
import type { Client } from 'urql';
import { inWords } from './errors';
import type { Message, Note, Person } from './messages';
import { deleteMessage, editMessage, react } from './operations';
import type { Letter, useOutbox } from './outbox';

const emojis = ['👍', '❤️', '😂', '🎉'];

interface Shared {
  client: Client;
  viewer: string;
  members: readonly Person[];
  changed: (message: Message) => void;
  answer: (message: Message) => void;
  openThread: (message: Message) => void;
}

interface Props extends Shared {
  label: string;
  inThread?: boolean;
  messages: readonly Message[];
  notes: readonly Note[];
  letters: readonly Letter[];
  outbox: ReturnType<typeof useOutbox>;
}

/** Messages shows messages in their order, what else has happened between them, and what is on its way. */
export function Messages({ label, inThread = false, messages, notes, letters, outbox, ...shared }: Props) {
  const first = messages[0]?.seq ?? 0;
  const lines = [
    ...messages.map((message) => ({ seq: message.seq, line: <Line key={message.seq} {...shared} inThread={inThread} message={message} /> })),
    ...notes.filter((n) => n.seq > first).map((n) => ({ seq: n.seq, line: <li key={n.seq} className="note">{n.text}</li> })),
  ].sort((a, b) => a.seq - b.seq);
  const keys = new Set(messages.map((m) => m.idempotencyKey));
  return (
    <ol className="messages" role="log" aria-label={label}>
      {lines.map(({ line }) => line)}
      {letters.filter((l) => !keys.has(l.input.idempotencyKey)).map((letter) => (
        <li key={letter.input.idempotencyKey} className="message letter" data-failed={letter.problem !== undefined}>
          <p className="text">{letter.input.contents}</p>
          {letter.problem === undefined ? <span className="hint">sending…</span> : (
            <p role="alert" className="problem">
              {letter.problem} <button type="button" onClick={() => void outbox.again(letter)}>Send again</button>
              <button type="button" onClick={() => outbox.drop(letter)}>Forget it</button>
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}

function Line({ client, viewer, members, changed, answer, openThread, inThread, message: m }: Shared & { inThread: boolean; message: Message }) {
  const [editing, setEditing] = useState(false);
  const [problem, setProblem] = useState('');
  const own = m.from.id === viewer;

  async function edit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const contents = String(new FormData(event.currentTarget).get('contents'));
    const { data, error } = await client.mutation(editMessage, { messageId: m.id, contents });
    setProblem(error ? inWords(error) : '');
    if (data?.editMessage) {
      changed({ ...m, ...data.editMessage.message });
      setEditing(false);
    }
  }

  async function remove() {
    const { data, error } = await client.mutation(deleteMessage, { messageId: m.id });
    setProblem(error ? inWords(error) : '');
    if (data?.deleteMessage) changed({ ...data.deleteMessage.message, viewerReactions: [] });
  }

  async function toggle(emoji: string) {
    const { data, error } = await client.mutation(react, { messageId: m.id, emoji, on: !m.viewerReactions.includes(emoji) });
    setProblem(error ? inWords(error) : '');
    if (data?.react) changed(data.react.message);
  }

  const shown = [...m.reactions, ...emojis.filter((e) => !m.reactions.some((r) => r.emoji === e)).map((emoji) => ({ emoji, count: 0 }))];
  return (
    <li className="message" data-own={own} data-seq={m.seq}>
      <p className="from"><b>{m.from.nickName}</b> <time dateTime={m.createdAt}>{new Date(m.createdAt).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}</time>{m.editedAt && <span className="hint"> edited</span>}</p>
      {m.replyTo && <blockquote>{m.replyTo.from.nickName}: {m.replyTo.deletedAt ? 'deleted' : m.replyTo.contents}</blockquote>}
      {editing ? (
        <form className="edit" onSubmit={(e) => void edit(e)}>
          <textarea name="contents" aria-label="New text" defaultValue={m.contents} autoFocus onKeyDown={(e) => e.key === 'Escape' && setEditing(false)} />
          <button type="submit">Save</button> <button type="button" onClick={() => setEditing(false)}>Cancel</button>
        </form>
      ) : m.deletedAt ? <p className="hint">deleted</p> : <p className="text"><Text text={m.contents} mentions={m.mentions} viewer={viewer} members={members} /></p>}
      {problem && <p role="alert" className="problem">{problem}</p>}
      {!m.deletedAt && (
        <div className="actions">
          {shown.map(({ emoji, count }) => (
            <button key={emoji} type="button" className="reaction" data-count={count} aria-pressed={m.viewerReactions.includes(emoji)} aria-label={`${emoji}, ${count}`} onClick={() => void toggle(emoji)}>
              {emoji} {count > 0 && count}
            </button>
          ))}
          {!inThread && <button type="button" onClick={() => answer(m)}>Reply</button>}
          {!inThread && <button type="button" onClick={() => openThread(m)}>{m.replyCount > 0 ? `Thread (${m.replyCount})` : 'Thread'}</button>}
          {own && <button type="button" onClick={() => setEditing(true)}>Edit</button>}
          {own && <button type="button" onClick={() => void remove()}>Delete</button>}
        </div>
      )}
    </li>
  );
}

/** Text shows the names of those whom it speaks to. */
function Text({ text, mentions, viewer }: { text: string; mentions: readonly Person[]; viewer: string; members: readonly Person[] }) {
  if (mentions.length === 0) return text;
  const escape = (s: string) => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const names = mentions.flatMap((m) => [m.nickName, m.id]).filter((n) => n !== '');
  const parts = text.split(new RegExp(`(@(?:${names.map(escape).join('|')}))`, 'gi'));
  return parts.map((part, i) => (i % 2 === 0 ? part : (
    <mark key={i} data-me={mentions.some((m) => m.id === viewer && [m.id, m.nickName].some((n) => part.toLowerCase() === `@${n.toLowerCase()}`))}>{part}</mark>
  )));
}
