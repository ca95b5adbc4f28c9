import { useSignedIn } from '../people/context';
import { useStore } from '../store';

/** Says that nothing new can come, and that nothing is lost. */
export function OfflineBanner() {
  const { connection } = useSignedIn().api;
  const state = useStore(connection.state);
  return (
    <div role="status" className="banner" hidden={state !== 'offline'}>
      {state === 'offline' && (
        <>
          <span>No connection. What you send waits here; nothing gets lost.</span>
          <button onClick={connection.wake}>Try now</button>
        </>
      )}
    </div>
  );
}
