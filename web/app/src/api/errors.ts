import type { CombinedError } from 'urql';
import type { ErrorCode } from '../gql/graphql';

/** The code of the server's error; undefined if there was no response. */
export function codeOf(error: CombinedError | undefined): ErrorCode | undefined {
  return error?.graphQLErrors[0]?.extensions.code as ErrorCode | undefined;
}

/** Whether to retry automatically: the request itself was valid. */
export function isPassing(error: CombinedError): boolean {
  const code = codeOf(error);
  return code === undefined || code === 'UNAVAILABLE' || code === 'RATE_LIMITED';
}

/** The error as a sentence for the user. */
export function explain(error: CombinedError): string {
  const first = error.graphQLErrors[0];
  switch (codeOf(error)) {
    case undefined:
      return 'There is no connection to the server.';
    case 'UNAUTHENTICATED':
      return 'You are no longer signed in. Sign in again.';
    case 'FORBIDDEN':
      return 'You do not have permission to do this.';
    case 'NOT_FOUND':
      return 'It does not exist, or you cannot see it.';
    case 'UNKNOWN_USER':
      return `There is no user with the id ${namesOf(first?.extensions.ids)}. Users exist once they have signed in.`;
    case 'ROOM_FULL':
      return 'The room is full.';
    case 'ALREADY_IN_ROOM':
      return 'You are in another exclusive room. Leave it first.';
    case 'WRONG_KEY':
      return 'The key is wrong, or the room does not exist. Ask for the key again.';
    case 'BANNED':
      return 'You are banned from this room.';
    case 'RATE_LIMITED':
      return 'Too many requests. Wait a moment and try again.';
    case 'UNAVAILABLE':
      return 'The server is unavailable at the moment. Try again.';
    case 'INTERNAL':
      return `Internal server error (${String(first?.extensions.requestId ?? 'unknown request')}).`;
    default: // the message of BAD_USER_INPUT is for users; and the server may know newer codes
      return first?.message ?? error.message;
  }
}

function namesOf(ids: unknown): string {
  return Array.isArray(ids) ? ids.join(', ') : 'given';
}
