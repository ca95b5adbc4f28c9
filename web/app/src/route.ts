// Which page is shown: /app, /app/discover, /app/rooms/ID.
import { useEffect, useState } from 'react';

export type Route = { page: 'home' } | { page: 'discover' } | { page: 'room'; id: string };

function parse(path: string): Route {
  const room = /^\/app\/rooms\/([^/]+)$/.exec(path);
  if (room?.[1] !== undefined) return { page: 'room', id: decodeURIComponent(room[1]) };
  return { page: path === '/app/discover' ? 'discover' : 'home' };
}

export function go(path: string): void {
  history.pushState(null, '', path);
  dispatchEvent(new PopStateEvent('popstate'));
}

export function useRoute(): Route {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const moved = () => setPath(location.pathname);
    addEventListener('popstate', moved);
    return () => removeEventListener('popstate', moved);
  }, []);
  return parse(path);
}
