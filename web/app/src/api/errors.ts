import type { CombinedError } from 'urql';
import type { ErrorCode } from '../gql/graphql';

/** The code of an error that the server gave; undefined where there was no answer. */
export function codeOf(error: CombinedError | undefined): ErrorCode | undefined {
  return error?.graphQLErrors[0]?.extensions.code as ErrorCode | undefined;
}

/** Whether it is worth trying again by itself: nothing was wrong with the request. */
export function isPassing(error: CombinedError): boolean {
  const code = codeOf(error);
  return code === undefined || code === 'UNAVAILABLE' || code === 'RATE_LIMITED';
}

/** What went wrong, as a person wants to read it. */
export function explain(error: CombinedError): string {
  const first = error.graphQLErrors[0];
  switch (codeOf(error)) {
    case undefined:
      return 'There is no connection to the server.';
    case 'UNAUTHENTICATED':
      return 'You are no longer signed in. Sign in again.';
    case 'FORBIDDEN':
      return 'You may not do this here.';
    case 'NOT_FOUND':
      return 'It is not there, or not for you to see.';
    case 'UNKNOWN_USER':
      return `Nobody here has the name ${namesOf(first?.extensions.ids)}. People are known once they have signed in.`;
    case 'ROOM_FULL':
      return 'The room is full.';
    case 'ALREADY_IN_ROOM':
      return 'You are in another room that you have to leave first.';
    case 'WRONG_KEY':
      return 'This is not the key of such a room. Ask for the key again.';
    case 'BANNED':
      return 'You may not come into this room.';
    case 'RATE_LIMITED':
      return 'Too much at a time. Wait a moment and try again.';
    case 'UNAVAILABLE':
      return 'The server cannot do it just now. Try again.';
    case 'INTERNAL':
      return `Something is broken inside the server (${String(first?.extensions.requestId ?? 'unknown request')}).`;
    default: // BAD_USER_INPUT says in words what is wrong; and there may be codes that are newer than this page
      return first?.message ?? error.message;
  }
}

function namesOf(ids: unknown): string {
  return Array.isArray(ids) ? ids.join(', ') : 'given';
}
