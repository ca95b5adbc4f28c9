import { type FormEvent, type KeyboardEvent, useRef, useState } from 'react';
import type { SendMessageInput } from './gql/graphql';
import { mentionsIn, type Message, type Person } from './messages';

interface Props {
  roomId: string;
  person: string;
  threadId?: string;
  members: readonly Person[];
  /** answered is the message that is replied to. */
  answered?: Message;
  forget?: () => void;
  send: (input: SendMessageInput) => Promise<void>;
}

/** Composer is where messages are written. What is typed is kept, also over a reload. */
export function Composer({ roomId, person, threadId, members, answered, forget, send }: Props) {
  const place = `parley.draft.${person}.${threadId ?? roomId}`;
  const [text, setText] = useState(() => localStorage.getItem(place) ?? '');
  const field = useRef<HTMLTextAreaElement>(null);

  function change(next: string) {
    setText(next);
    if (next === '') localStorage.removeItem(place);
    else localStorage.setItem(place, next);
  }

  function submit(event?: FormEvent) {
    event?.preventDefault();
    const contents = text.trim();
    if (contents === '') return;
    void send({ roomId, contents, threadId, replyToId: answered?.id, mentionIds: mentionsIn(contents, members) });
    change('');
    forget?.();
    field.current?.focus();
  }

  function key(event: KeyboardEvent) {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  }

  const begun = /@([^\s@]*)$/.exec(text)?.[1];
  const meant = begun === undefined ? [] : members.filter((m) => m.id !== person && m.nickName.toLowerCase().startsWith(begun.toLowerCase())).slice(0, 5);
  return (
    <form className="composer" onSubmit={submit}>
      {answered && <p className="answered">Replying to {answered.from.nickName}: {answered.contents.slice(0, 80)} <button type="button" onClick={forget}>Do not</button></p>}
      {meant.length > 0 && (
        <div className="meant" role="group" aria-label="Mention">
          {meant.map((m) => (
            <button key={m.id} type="button" onClick={() => { change(`${text.slice(0, text.length - begun!.length)}${m.nickName} `); field.current?.focus(); }}>@{m.nickName}</button>
          ))}
        </div>
      )}
      <textarea ref={field} value={text} onChange={(e) => change(e.target.value)} onKeyDown={key} rows={2} maxLength={16000}
        aria-label={threadId ? 'Message to the thread' : 'Message'} placeholder={threadId ? 'Answer in the thread' : 'Write a message; Enter sends it'} />
      <button type="submit" disabled={text.trim() === ''}>Send</button>
    </form>
  );
}
