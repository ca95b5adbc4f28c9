import type { CombinedError } from 'urql';

const words: Record<string, string> = {
  NOT_FOUND: 'There is nothing here, or nothing that you may see.',
  FORBIDDEN: 'You may not do this here.',
  WRONG_KEY: 'That is not the key of this room.',
  BANNED: 'You have been banned from this room.',
  ROOM_FULL: 'The room is full.',
  UNKNOWN_USER: 'Somebody you named is not known here.',
  UNAUTHENTICATED: 'You are signed out. Sign in again.',
  RATE_LIMITED: 'That was too often. Wait a moment.',
  UNAVAILABLE: 'The server cannot do this just now. Try again.',
  INTERNAL: 'Something is broken in the server.',
};

/** codeOf is what went wrong, for programs; "" where the server was not reached. */
export function codeOf(error: CombinedError): string {
  const code = error.graphQLErrors[0]?.extensions?.code;
  return typeof code === 'string' ? code : '';
}

/** inWords is what went wrong, as a person wants to read it. */
export function inWords(error: CombinedError): string {
  const first = error.graphQLErrors[0];
  if (first === undefined) return 'The server cannot be reached.';
  return words[codeOf(error)] ?? first.message;
}
