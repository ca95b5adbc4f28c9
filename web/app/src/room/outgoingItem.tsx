import { useSignedIn } from '../people/context';
import type { Outgoing } from './outbox';

/** A message that is being sent, or that failed. It stays here until it is sent or discarded. */
export function OutgoingItem({ message: { input, state, problem } }: { message: Outgoing }) {
  const { outbox } = useSignedIn();
  return (
    <li className="outgoing" data-state={state} data-mine>
      <div className="body">
        <p className="contents">{input.contents}</p>
        {state === 'sending' || !problem ? (
          <p className="dim">Sending…</p>
        ) : (
          <div role="alert">
            <p className="problem">
              Not sent{state === 'waiting' && ' yet'}: {problem}
            </p>
            <div className="row">
              <button onClick={() => outbox.retry(input.idempotencyKey)}>Try again</button>
              <button onClick={() => outbox.remove(input.idempotencyKey)}>Discard</button>
            </div>
          </div>
        )}
      </div>
    </li>
  );
}
