import { Button, useGraphiQLActions } from '@graphiql/react';
import { useSyncExternalStore } from 'react';
import type { Runs } from './runs';
import type { Session } from './session';
import type { Stream, Streams } from './streams';

interface Props {
  streams: Streams;
  runs: Runs;
  session: Session;
}

/** All subscriptions side by side, whichever tab is active: an action of one user appears at once for the others. */
export function LivePane({ streams, runs, session }: Props) {
  const list = useSyncExternalStore(streams.subscribe, streams.list);
  const { changeTab, stop } = useGraphiQLActions();

  function end(stream: Stream): void {
    if (stream.tab === session.activeTab()) {
      stop();
    }
    runs.cancel(stream.tab);
  }

  function show(stream: Stream): void {
    const index = session.state.tabs.findIndex(({ id }) => id === stream.tab);
    if (index >= 0) {
      changeTab(index);
    }
  }

  return (
    <aside className="parley-live" aria-label="Subscriptions">
      {list.map((stream) => (
        <section key={stream.tab} aria-label={`${stream.person}: ${stream.title}`} data-ended={stream.ended || undefined}>
          <header>
            <button type="button" className="parley-live-title" title="Go to its tab" onClick={() => show(stream)}>
              <b>{stream.person}</b> {stream.title}
            </button>
            {stream.ended ? (
              <Button type="button" onClick={() => streams.remove(stream)}>
                Remove
              </Button>
            ) : (
              <Button type="button" onClick={() => end(stream)}>
                Stop
              </Button>
            )}
          </header>
          {stream.results.length === 0 && <p>{stream.ended ? 'Ended without a result.' : 'Waiting for the first event.'}</p>}
          <ol>
            {stream.results.map(({ at, result }, index) => (
              <li key={stream.results.length - index}>
                <time dateTime={at.toISOString()}>{at.toLocaleTimeString()}</time>
                <pre>{JSON.stringify(result.errors ?? result.data, null, 2)}</pre>
              </li>
            ))}
          </ol>
        </section>
      ))}
    </aside>
  );
}
