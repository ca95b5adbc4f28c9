import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { useSignedIn } from '../people/context';
import { nameOf } from '../rooms/names';
import { useDraft } from '../ui/useDraft';
import { mentionsIn } from './contents';
import type { Message, Room } from './timeline';

interface Props {
  room: Room;
  threadId?: string;
  replyTo?: Message;
  onReplied?: () => void;
}

/** The input for a message. Enter sends, Shift-Enter inserts a line break, @ suggests the names of members. */
export function Composer({ room, threadId, replyTo, onReplied }: Props) {
  const { me, outbox } = useSignedIn();
  const [text, setText] = useDraft(`${me.id}-${threadId ?? room.id}`);
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const members = room.members.edges.map(({ node }) => node);
  const names = useNames(text, members.filter((person) => person.id !== me.id), (name) => {
    setText(text.replace(/@[^@\s]*$/, `@${name} `));
    field.current?.focus();
  });

  useEffect(() => {
    if (replyTo) {
      field.current?.focus();
    }
  }, [replyTo]);

  function send(event?: FormEvent): void {
    event?.preventDefault();
    if (text.trim() === '') {
      return;
    }
    outbox.send({ roomId: room.id, contents: text.trim(), threadId, replyToId: replyTo?.id, mentionIds: mentionsIn(text, members) });
    setText('');
    onReplied?.();
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (names.onKey(event.key)) {
      event.preventDefault();
    } else if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      send();
    } else if (event.key === 'Escape') {
      onReplied?.();
    }
  }

  return (
    <form className="composer" onSubmit={send}>
      {replyTo && (
        <div className="row answering">
          <span>
            Reply to <b>{nameOf(replyTo.from)}</b>: {replyTo.contents}
          </span>
          <button type="button" aria-label="Cancel the reply" onClick={onReplied}>
            ×
          </button>
        </div>
      )}
      {names.offered.length > 0 && (
        <ul id={`${id}-names`} className="menu names" role="listbox" aria-label="Members">
          {names.offered.map((person, index) => (
            <li key={person.id} id={`${id}-${index}`} role="option" aria-selected={index === names.chosen} onMouseDown={(event) => event.preventDefault()} onClick={() => names.take(index)}>
              {nameOf(person)}
            </li>
          ))}
        </ul>
      )}
      <textarea
        ref={field}
        aria-label={threadId ? 'Reply in the thread' : 'Message'}
        placeholder={threadId ? 'Reply in the thread' : 'Message'}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
        rows={Math.min(6, text.split('\n').length)}
        maxLength={16000}
        role="combobox"
        aria-autocomplete="list"
        aria-expanded={names.offered.length > 0}
        aria-controls={`${id}-names`}
        aria-activedescendant={names.offered.length > 0 ? `${id}-${names.chosen}` : undefined}
      />
      <button className="primary">Send</button>
    </form>
  );
}

type Member = { id: string; nickName: string };

/** The names that match the text after an @ at the end. */
function useNames(text: string, members: Member[], onTake: (name: string) => void) {
  const [chosen, setChosen] = useState(0);
  const [dismissed, setDismissed] = useState('');
  const typed = /(?:^|\s)@([^@\s]*)$/.exec(text)?.[1]?.toLowerCase();
  const offered = typed === undefined || text === dismissed ? [] : members.filter((person) => nameOf(person).toLowerCase().startsWith(typed)).slice(0, 6);
  const index = Math.min(chosen, offered.length - 1);

  function take(at: number): void {
    const person = offered[at];
    if (person) {
      setChosen(0);
      onTake(nameOf(person));
    }
  }

  /** Whether the list of names has handled the key. */
  function onKey(key: string): boolean {
    if (offered.length === 0) {
      return false;
    }
    switch (key) {
      case 'ArrowDown':
      case 'ArrowUp':
        setChosen((index + (key === 'ArrowDown' ? 1 : offered.length - 1)) % offered.length);
        return true;
      case 'Enter':
      case 'Tab':
        take(index);
        return true;
      case 'Escape':
        setDismissed(text);
        return true;
      default:
        return false;
    }
  }

  return { offered, chosen: index, take, onKey };
}
