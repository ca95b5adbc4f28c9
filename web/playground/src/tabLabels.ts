import { pick, useGraphiQL } from '@graphiql/react';
import { useEffect, useSyncExternalStore } from 'react';
import type { Runs } from './runs';
import { authorizationOf, parseHeaders, personOf } from './token';

/**
 * Labels GraphiQL's tabs with their users and running operations. GraphiQL renders the tabs and has no slot for labels, so
 * they are data attributes, which the style sheet shows.
 */
export function useTabLabels(runs: Runs): void {
  const { tabs, activeTabIndex } = useGraphiQL(pick('tabs', 'activeTabIndex'));
  const version = useSyncExternalStore(runs.subscribe, runs.version);
  useEffect(() => {
    document.querySelectorAll<HTMLElement>('.graphiql-tab').forEach((element, index) => {
      const tab = tabs[index];
      const run = tab && runs.get(tab.id);
      const button = element.querySelector<HTMLElement>('.graphiql-tab-button');
      set(element, 'running', run && !run.ended ? '' : undefined);
      set(button, 'person', personOf(authorizationOf(parseHeaders(tab?.headers)))?.name);
      set(button, 'unseen', run && run.unseen > 0 ? String(run.unseen) : undefined);
    });
  }, [tabs, runs, version]);

  // A phone has space for two or three tabs.
  useEffect(() => {
    document.querySelectorAll('.graphiql-tab')[activeTabIndex]?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [activeTabIndex, tabs]);
}

function set(element: HTMLElement | null, name: string, value: string | undefined): void {
  if (element === null) {
    return;
  }
  if (value === undefined) {
    delete element.dataset[name];
  } else {
    element.dataset[name] = value;
  }
}
