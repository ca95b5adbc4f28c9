import { useEffect, useRef, useState } from 'react';
import { MarkRead } from '../api/operations';
import { useSignedIn } from '../people/context';
import type { Timeline } from './timeline';

/** Tells the server what has been read: all of it, while the newest message is on the screen and somebody looks. */
export function useMarkRead(roomId: string, timeline: Timeline | undefined, readUpTo: number, atEnd: boolean): void {
  const { api } = useSignedIn();
  const visible = useVisible();
  const told = useRef(0);
  const newest = timeline ? Math.max(0, ...[...timeline.messages.values()].map(({ seq }) => seq)) : 0;
  useEffect(() => {
    if (!visible || !atEnd || newest <= Math.max(told.current, readUpTo)) {
      return undefined;
    }
    const timer = setTimeout(() => {
      void api.client.mutation(MarkRead, { roomId, seq: newest }).then(({ error }) => {
        told.current = error ? told.current : newest;
      });
    }, 300);
    return () => clearTimeout(timer);
  }, [api, roomId, newest, readUpTo, visible, atEnd]);
}

function useVisible(): boolean {
  const [visible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const look = (): void => setVisible(!document.hidden);
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  return visible;
}
