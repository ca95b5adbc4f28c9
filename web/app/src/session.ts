// Who this tab is: each tab may be somebody else.
export interface Session {
  token: string;
  id: string;
  name: string;
}

const key = 'parley.session';

export function load(): Session | undefined {
  const text = sessionStorage.getItem(key);
  return text === null ? undefined : (JSON.parse(text) as Session);
}

export function save(session: Session | undefined): void {
  if (session === undefined) sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, JSON.stringify(session));
}
