// #region resume
/**
 * resumable makes a graphql-ws or graphql-sse client resume: when it reconnects by itself, a subscription with the variable
 * `after` asks for what follows the last event that has come. Nothing is missing and nothing comes twice.
 */
export function resumable(client) {
  return {
    ...client,
    subscribe(payload, sink) {
      if (payload.variables?.after === undefined) return client.subscribe(payload, sink);
      let { after } = payload.variables;
      const advancing = {
        ...payload,
        variables: {
          ...payload.variables,
          get after() { return after; }, // read anew each time the client subscribes
        },
      };
      return client.subscribe(advancing, {
        ...sink,
        next(result) {
          const { seq, resync } = result.extensions ?? {};
          if (seq <= after && !resync) return; // seen
          after = seq ?? after;
          sink.next(result);
        },
        error: (e) => sink.error(e),
        complete: () => sink.complete(),
      });
    },
  };
}
// #endregion resume
