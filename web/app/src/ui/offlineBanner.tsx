import { useSignedIn } from '../people/context';
import { useStore } from '../store';

/** Tells the user that the connection is lost and that messages wait. */
export function OfflineBanner() {
  const { connection } = useSignedIn().api;
  const state = useStore(connection.state);
  return (
    <div role="status" className="banner" hidden={state !== 'offline'}>
      {state === 'offline' && (
        <>
          <span>No connection. Your messages will be sent when it is back.</span>
          <button onClick={connection.wake}>Try now</button>
        </>
      )}
    </div>
  );
}
