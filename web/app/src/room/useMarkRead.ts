import { useEffect, useRef, useState } from 'react';
import { MarkRead } from '../api/operations';
import { useSignedIn } from '../people/context';
import { useStore } from '../store';
import type { Timeline } from './timeline';

/**
 * Marks all messages as read while the newest message is on the screen and the window is visible. One request runs at a time;
 * later messages are part of the next request.
 */
export function useMarkRead(roomId: string, timeline: Timeline | undefined, readUpTo: number, atEnd: boolean): void {
  const { api } = useSignedIn();
  const online = useStore(api.connection.state) === 'online';
  const visible = useVisible();
  const busy = useRef(false);
  const [told, setTold] = useState(0);
  const newest = timeline ? Math.max(0, ...[...timeline.messages.values()].map(({ seq }) => seq)) : 0;
  useEffect(() => {
    if (busy.current || !online || !visible || !atEnd || newest <= Math.max(told, readUpTo)) {
      return;
    }
    busy.current = true;
    void api.client.mutation(MarkRead, { roomId, seq: newest }).then(({ error }) => {
      busy.current = false;
      if (!error) {
        setTold(newest);
      }
    });
  }, [api, roomId, newest, told, readUpTo, online, visible, atEnd]);
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
