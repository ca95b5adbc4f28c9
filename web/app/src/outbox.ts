// Messages on their way. One that cannot be sent stays, with its key: sent again it is the same message.
import type { Client } from 'urql';
import { useCallback, useEffect, useRef, useState } from 'react';
import { codeOf, inWords } from './errors';
import type { MessagePartsFragment, SendMessageInput } from './gql/graphql';
import { sendMessage } from './operations';

export interface Letter {
  input: SendMessageInput & { idempotencyKey: string };
  problem?: string;
}

const place = (roomId: string, person: string) => `parley.outbox.${person}.${roomId}`;

export function useOutbox(client: Client, person: string, roomId: string, sent: (message: MessagePartsFragment) => void) {
  const [letters, setLetters] = useState<Letter[]>(() => JSON.parse(localStorage.getItem(place(roomId, person)) ?? '[]') as Letter[]);
  const sentRef = useRef(sent);
  sentRef.current = sent;

  useEffect(() => localStorage.setItem(place(roomId, person), JSON.stringify(letters)), [letters, roomId, person]);

  const post = useCallback(async (letter: Letter) => {
    const key = letter.input.idempotencyKey;
    setLetters((all) => [...all.filter((l) => l.input.idempotencyKey !== key), { input: letter.input }]);
    const { data, error } = await client.mutation(sendMessage, { input: letter.input });
    if (data?.sendMessage) {
      sentRef.current(data.sendMessage.message);
      setLetters((all) => all.filter((l) => l.input.idempotencyKey !== key));
      return;
    }
    const problem = error === undefined ? 'It was not sent.' : codeOf(error) === 'NOT_FOUND' ? 'You are no longer in this room.' : inWords(error);
    setLetters((all) => all.map((l) => (l.input.idempotencyKey === key ? { ...l, problem } : l)));
  }, [client]);

  const send = useCallback((input: SendMessageInput) => post({ input: { ...input, idempotencyKey: crypto.randomUUID() } }), [post]);
  const drop = useCallback((letter: Letter) => setLetters((all) => all.filter((l) => l !== letter)), []);
  return { letters, send, again: post, drop };
}
