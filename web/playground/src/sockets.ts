import { type Client, createClient, type FormattedExecutionResult } from 'graphql-ws';
import { failure, type Request, type Result } from './http';
import type { Start } from './run';

/**
 * Subscriptions over graphql-transport-ws. A socket has one user, so there is one client per Authorization. It connects
 * with the first subscription and closes with the last.
 */
export class Sockets {
  readonly #url: string;
  readonly #clients = new Map<string | undefined, Client>();

  constructor(endpoint: string) {
    const url = new URL(endpoint, window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#url = url.href;
  }

  subscribe(request: Request, authorization: string | undefined): Start {
    return (sink) =>
      this.#client(authorization).subscribe(request, {
        next: (result: FormattedExecutionResult) => sink.next(result as Result),
        error: (error: unknown) => {
          sink.next(explain(error));
          sink.end();
        },
        complete: () => sink.end(),
      });
  }

  #client(authorization: string | undefined): Client {
    let client = this.#clients.get(authorization);
    if (client === undefined) {
      client = createClient({
        url: this.#url,
        connectionParams: authorization === undefined ? undefined : { authorization },
        lazy: true,
        // The playground shows a lost connection and does not reconnect silently.
        retryAttempts: 0,
        on: { closed: () => this.#clients.delete(authorization) },
      });
      this.#clients.set(authorization, client);
    }
    return client;
  }
}

/** The reason that graphql-ws reports for a failed subscription: GraphQL errors, a CloseEvent, an Event or an Error. */
function explain(error: unknown): Result {
  if (Array.isArray(error)) {
    return { errors: error as Result['errors'] };
  }
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'number') {
    const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : '';
    // RFC 6455, section 7.4.1: 1006 is the browser's own code for a connection that ended without a close frame.
    return error.code === 1006
      ? failure('The connection failed or was lost. Is the server running?', { closeCode: error.code })
      : failure(`The server closed the connection: ${error.code} ${reason}`.trimEnd(), { closeCode: error.code });
  }
  return failure(error instanceof Error ? error.message : 'The connection failed. Is the server running?');
}
