// #region resume
/**
 * resumable makes a graphql-ws or graphql-sse client resume: when it reconnects by itself, a subscription with the variable
 * `after` requests the events after the last one received. No event is missing and none comes twice.
 */
export function resumable(client) {
  return {
    ...client,
    subscribe(payload, sink) {
      let { after } = payload.variables ?? {};
      if (after === undefined || Array.isArray(after)) return client.subscribe(payload, sink); // a list: see followRooms
      const advancing = {
        ...payload,
        variables: {
          ...payload.variables,
          get after() { return after; }, // read each time the client subscribes
        },
      };
      return client.subscribe(advancing, {
        ...sink,
        next(result) {
          const { seq, resync } = result.extensions ?? {};
          if (seq <= after && !resync) return; // applied before
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

// #region rooms
/**
 * followRooms follows all rooms of the viewer by a subscription to myEvents. When the client reconnects by itself, each room
 * continues after its last event. positions has the last seq applied of each room; the query selects kind, roomId and
 * event { __typename seq }. sink.next receives the StreamOpened of new rooms only: if its seq is above 0, read the room then.
 */
export function followRooms(client, query, positions, sink) {
  const applied = new Map(positions);
  const variables = {
    get after() { return [...applied].map(([roomId, seq]) => ({ roomId, seq })); }, // read each time the client subscribes
  };
  return client.subscribe({ query, variables }, {
    ...sink,
    next(result) {
      const { kind, roomId, event } = result.data.myEvents;
      if (kind === 'ENDED') applied.delete(roomId);
      if (kind === 'EVENT') {
        const seen = event.__typename === 'StreamOpened' ? applied.has(roomId) : event.seq <= applied.get(roomId);
        if (seen && event.__typename !== 'Resync') return;
        applied.set(roomId, event.seq);
      }
      sink.next(result);
    },
    error: (e) => sink.error(e),
    complete: () => sink.complete(),
  });
}
// #endregion rooms
