import { authExchange } from '@urql/exchange-auth';
import { Client, fetchExchange, subscriptionExchange } from 'urql';
import { Connection } from './connection';
import { codeOf } from './errors';
import type { Session } from './session';

/** How long an answer may take before it counts as a lost connection, in milliseconds. */
const answerWithin = 20_000;

/** What a signed-in person has of the server. */
export interface Api {
  client: Client;
  connection: Connection;
  session: Session;
}

/**
 * urql without a cache: what this app shows is kept current by its streams, room by room (see room/timeline.ts), and a
 * second copy of it in a cache could only be older.
 */
export function createApi(endpoint: string, session: Session): Api {
  const token = (): string => session.person.get()?.token ?? '';
  const connection = new Connection(endpoint, token);
  const client = new Client({
    url: endpoint,
    preferGetMethod: false,
    // urql's own signal is left out: it aborts what has just been answered, and the browser complains of it.
    fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(answerWithin) }),
    exchanges: [
      authExchange(async (utils) => ({
        addAuthToOperation: (operation) => utils.appendHeaders(operation, { Authorization: `Bearer ${token()}` }),
        didAuthError: (error) => codeOf(error) === 'UNAUTHENTICATED',
        refreshAuth: () => session.renew(),
      })),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({ unsubscribe: connection.socket.subscribe({ query, variables: variables as Record<string, unknown> }, sink) }),
        }),
      }),
    ],
  });
  return { client, connection, session };
}
