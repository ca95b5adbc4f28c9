// A room as a screen shows it: a snapshot, and the events that follow it.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Client } from 'urql';
import { codeOf, inWords } from './errors';
import type { MessagePartsFragment, RoomQuery } from './gql/graphql';
import { apply, type Known, nothing, put } from './messages';
import { earlier, markRead, room, roomEvents } from './operations';

export type RoomInfo = NonNullable<RoomQuery['roomInfo']>;

export interface RoomState {
  info?: RoomInfo;
  known: Known;
  /** problem is why there is nothing to show, or nothing more. */
  problem?: string;
  /** before is where older messages begin; undefined where there are none. */
  before?: string;
}

export function useRoom(client: Client, viewer: string, roomId: string) {
  const [state, setState] = useState<RoomState>({ known: nothing });
  const [attempt, setAttempt] = useState(0);
  const again = useCallback(() => setAttempt((n) => n + 1), []);
  const read = useRef(0);

  useEffect(() => {
    let ended = false;
    let stop = () => {};
    let retry: ReturnType<typeof setTimeout> | undefined;
    const begin = async () => {
      const { data, error } = await client.query(room, { roomId });
      if (ended) return;
      const info = data?.roomInfo;
      if (!info) {
        setState((s) => ({ ...s, problem: error ? inWords(error) : 'There is no such room.' }));
        if (error && codeOf(error) === '') retry = setTimeout(() => void begin(), 1000); // not reached
        return;
      }
      setState({
        info, known: put(nothing, info.messages?.nodes ?? []),
        before: info.messages?.pageInfo.hasPreviousPage ? info.messages.pageInfo.startCursor ?? undefined : undefined,
      });
      if (!info.viewerRole) return;
      read.current = info.lastReadSeq;
      const follow = client.subscription(roomEvents, { roomId, after: info.seq }).subscribe(({ data, error }) => {
        if (error) {
          setState((s) => ({ ...s, problem: codeOf(error) === 'MEMBERSHIP_ENDED' ? 'You are no longer in this room.' : inWords(error) }));
          return;
        }
        const event = data?.roomEvents;
        if (event?.__typename === 'Resync') again();
        else if (event) setState((s) => ({ ...s, known: apply(s.known, event, viewer) }));
        if (event && /^(Member|RoomUpdated)/.test(event.__typename)) {
          void client.query(room, { roomId }).then(({ data }) => data?.roomInfo && setState((s) => ({ ...s, info: data.roomInfo! })));
        }
      });
      stop = () => follow.unsubscribe();
    };
    setState({ known: nothing });
    void begin();
    return () => {
      ended = true;
      clearTimeout(retry);
      stop();
    };
  }, [client, viewer, roomId, attempt, again]);

  // Whatever is shown has been read.
  const newest = Math.max(0, ...state.known.messages.keys());
  const member = Boolean(state.info?.viewerRole);
  useEffect(() => {
    const tell = () => {
      if (!member || document.hidden || newest <= read.current) return;
      read.current = newest;
      void client.mutation(markRead, { roomId, seq: newest }).toPromise();
    };
    tell();
    document.addEventListener('visibilitychange', tell);
    return () => document.removeEventListener('visibilitychange', tell);
  }, [client, roomId, member, newest]);

  const add = useCallback((message: MessagePartsFragment & { viewerReactions?: readonly string[] }) => setState((s) => ({ ...s, known: put(s.known, [message]) })), []);
  const addAll = useCallback((messages: readonly MessagePartsFragment[]) => setState((s) => ({ ...s, known: put(s.known, messages) })), []);
  const older = useCallback(async (before: string) => {
    const { data } = await client.query(earlier, { roomId, before });
    const page = data?.roomInfo?.messages;
    if (page) setState((s) => ({ ...s, known: put(s.known, page.nodes), before: page.pageInfo.hasPreviousPage ? page.pageInfo.startCursor ?? undefined : undefined }));
  }, [client, roomId]);

  return { ...state, add, addAll, older, again };
}
