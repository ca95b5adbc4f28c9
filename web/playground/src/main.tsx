import 'graphiql/style.css';
import './style.css';
import { DocExplorerStore, DOC_EXPLORER_PLUGIN } from '@graphiql/plugin-doc-explorer';
import { HISTORY_PLUGIN, HistoryStore } from '@graphiql/plugin-history';
import { GraphiQLProvider, pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { GraphiQL, GraphiQLInterface } from 'graphiql';
import { type ReactNode, useEffect, useState, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import { Bar } from './bar';
import { readConfig } from './config';
import { welcome } from './examples';
import { createFetcher, introspectionName } from './fetcher';
import { LivePane } from './livePane';
import { Refusals } from './refusals';
import { Runs } from './runs';
import { keepRunsApart, Session } from './session';
import { Streams } from './streams';
import { setUpWorkers } from './workers';

setUpWorkers();

const config = readConfig();
const runs = new Runs();
const streams = new Streams();
const refusals = new Refusals();
const session = new Session();
const fetcher = createFetcher(config.endpoint, runs, streams, refusals, session.activeTab);
const plugins = [DOC_EXPLORER_PLUGIN, HISTORY_PLUGIN];

/** On a phone there is no space beside the editor, so the user opens the pane. */
const roomBeside = window.matchMedia('(min-width: 701px)').matches;

function Playground() {
  const [live, setLive] = useState(roomBeside);
  const hasStreams = useSyncExternalStore(streams.subscribe, streams.list).length > 0;
  return (
    <GraphiQLProvider
      fetcher={fetcher}
      introspectionQueryName={introspectionName}
      inputValueDeprecation
      plugins={plugins}
      referencePlugin={DOC_EXPLORER_PLUGIN}
      defaultQuery={welcome(config.signIn)}
      onTabChange={session.update}
      // The browser may store tokens of development mode, but not those of an identity provider.
      shouldPersistHeaders={config.signIn}
    >
      <HistoryStore>
        <DocExplorerStore>
          <OwnRuns>
            <div className="parley graphiql-container">
              <Bar config={config} runs={runs} streams={streams} refusals={refusals} session={session} live={live} setLive={setLive} />
              <div className="parley-panes">
                <GraphiQLInterface defaultEditorToolsVisibility="variables" showPersistHeadersSettings={config.signIn}>
                  {/* The bar has the brand. */}
                  <GraphiQL.Logo>{null}</GraphiQL.Logo>
                </GraphiQLInterface>
                {live && hasStreams && <LivePane streams={streams} runs={runs} session={session} />}
              </div>
            </div>
          </OwnRuns>
        </DocExplorerStore>
      </HistoryStore>
    </GraphiQLProvider>
  );
}

/** Gives each tab its own run before GraphiQL's interface uses the actions. */
function OwnRuns({ children }: { children: ReactNode }) {
  const actions = useGraphiQLActions();
  const state = useGraphiQL(pick('tabs', 'activeTabIndex'));
  const { theme, queryEditor } = useGraphiQL(pick('theme', 'queryEditor'));
  useState(() => {
    session.update(state);
    keepRunsApart(actions, runs, session);
  });

  // The comments of the examples are wider than a phone.
  useEffect(() => queryEditor?.updateOptions({ wordWrap: 'on' }), [queryEditor]);

  // GraphiQL's style sheet follows the system's theme; its editors read it only once.
  useEffect(() => {
    const dark = window.matchMedia('(prefers-color-scheme: dark)');
    const follow = (): void => actions.setTheme(theme);
    dark.addEventListener('change', follow);
    return () => dark.removeEventListener('change', follow);
  }, [actions, theme]);

  return children;
}

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(<Playground />);
}
