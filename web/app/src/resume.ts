import type { FormattedExecutionResult } from 'graphql';
import type { Client, Sink, SubscribePayload } from 'graphql-ws';

/**
 * resumable makes a graphql-ws client resume: when it reconnects by itself, a subscription with the variable `after` asks for
 * what follows the last event that has come. Nothing is missing and nothing comes twice.
 */
export function resumable(client: Client): Client {
  return {
    ...client,
    subscribe<Data, Extensions>(payload: SubscribePayload, sink: Sink<FormattedExecutionResult<Data, Extensions>>) {
      let after = payload.variables?.after as number | undefined;
      if (after === undefined) return client.subscribe(payload, sink);
      const advancing = {
        ...payload,
        variables: {
          ...payload.variables,
          get after() { return after; }, // read anew each time the client subscribes
        },
      };
      return client.subscribe<Data, Extensions>(advancing, {
        ...sink,
        next(result) {
          const seq = (result.extensions as { seq?: number } | undefined)?.seq;
          if (seq !== undefined && seq <= after!) return; // seen
          after = seq ?? after;
          sink.next(result);
        },
        error: (e) => sink.error(e),
        complete: () => sink.complete(),
      });
    },
  };
}
