import { Store } from './store';

const base = '/app';

/** The current place in the app: the path below /app, such as ['rooms', id]. */
export type Route = readonly string[];

export const route = new Store<Route>(read());

window.addEventListener('popstate', () => route.set(read()));

export function pathTo(...parts: string[]): string {
  return [base, ...parts.map(encodeURIComponent)].join('/');
}

/** Goes to a place in the app. With `replace`, the back button skips the previous place. */
export function go(parts: string[], { replace = false } = {}): void {
  window.history[replace ? 'replaceState' : 'pushState'](null, '', pathTo(...parts));
  route.set(read());
}

function read(): Route {
  const parts = window.location.pathname.slice(base.length).split('/');
  return parts.filter((part) => part !== '').map(decoded);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
