import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Api } from './api';
import { Composer } from './Composer';
import { inWords } from './errors';
import { Messages } from './Messages';
import type { Message } from './messages';
import { joinRoom, leaveRoom, thread as threadQuery } from './operations';
import { useOutbox } from './outbox';
import { link, titleOf } from './RoomList';
import { go } from './route';
import type { Session } from './session';
import { useRoom } from './useRoom';

interface Props {
  api: Api;
  session: Session;
  roomId: string;
}

/** Room shows a room, and beside it a thread. */
export function Room({ api: { client }, session, roomId }: Props) {
  const { info, known, problem, before, add, addAll, older, again } = useRoom(client, session.id, roomId);
  const [answered, setAnswered] = useState<Message>();
  const [threadId, setThreadId] = useState<string>();
  const [refused, setRefused] = useState('');
  const outbox = useOutbox(client, session.id, roomId, add);

  const all = useMemo(() => [...known.messages.values()].sort((a, b) => a.seq - b.seq), [known.messages]);
  const root = all.find((m) => m.id === threadId);

  const openThread = useCallback((message: Message) => {
    setThreadId(message.id);
    void client.query(threadQuery, { id: message.id }).then(({ data }) => {
      const node = data?.node;
      if (node?.__typename === 'Message') addAll([node, ...node.replies.nodes]);
    });
  }, [client, addAll]);

  // The end of the conversation stays in sight, unless somebody has scrolled away from it.
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    if (atEnd.current) list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [all, outbox.letters, known.notes]);

  async function act(mutation: Promise<{ error?: Parameters<typeof inWords>[0] }>, then: () => void) {
    const { error } = await mutation;
    setRefused(error ? inWords(error) : '');
    if (!error) then();
  }

  if (!info) return <p className="hint" role="status">{problem ?? 'Loading…'}</p>;
  const title = titleOf(info, session.id);
  const members = info.members.nodes;
  const shared = { client, viewer: session.id, members, changed: add, answer: setAnswered, openThread };
  return (
    <section className="room" aria-label={title} data-thread={root !== undefined}>
      <header>
        <a className="back" {...link('/app')}>Rooms</a>
        <h2>{title}</h2>
        <details>
          <summary>{info.memberCount} members</summary>
          <ul>{members.map((m) => <li key={m.id}>{m.nickName}</li>)}</ul>
          {info.joinKey && <p>Others join with room <code>{info.id}</code> and key <code className="key">{info.joinKey}</code></p>}
        </details>
        {info.viewerRole && <button type="button" onClick={() => void act(client.mutation(leaveRoom, { roomId }).toPromise(), () => go('/app'))}>Leave</button>}
      </header>
      {(problem || refused) && <p role="alert" className="problem">{problem ?? refused}</p>}
      <div className="columns">
        <div className="column">
          <div className="scroll" ref={list} onScroll={({ currentTarget: e }) => { atEnd.current = e.scrollHeight - e.scrollTop - e.clientHeight < 40; }}>
            {before && <button type="button" className="older" onClick={() => void older(before)}>Earlier messages</button>}
            <Messages {...shared} label="Messages" messages={all.filter((m) => !m.thread)} notes={known.notes} letters={outbox.letters.filter((l) => !l.input.threadId)} outbox={outbox} />
          </div>
          {info.viewerRole && !problem && <Composer key="room" roomId={roomId} person={session.id} members={members} answered={answered} forget={() => setAnswered(undefined)} send={outbox.send} />}
          {!info.viewerRole && <button type="button" className="join" onClick={() => void act(client.mutation(joinRoom, { roomId }).toPromise(), again)}>Join this room to read and write</button>}
        </div>
        {root && (
          <aside className="column" aria-label="Thread">
            <header><h3>Thread</h3><button type="button" onClick={() => setThreadId(undefined)}>Close</button></header>
            <div className="scroll">
              <Messages {...shared} label="Thread" inThread messages={[root, ...all.filter((m) => m.thread?.id === root.id)]} notes={[]} letters={outbox.letters.filter((l) => l.input.threadId === root.id)} outbox={outbox} />
            </div>
            <Composer key={root.id} roomId={roomId} threadId={root.id} person={session.id} members={members} send={outbox.send} />
          </aside>
        )}
      </div>
    </section>
  );
}
