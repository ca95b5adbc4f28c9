import { pick, useGraphiQL } from '@graphiql/react';
import { useEffect, useSyncExternalStore } from 'react';
import type { Runs } from './runs';
import { authorizationOf, parseHeaders, personOf } from './token';

/**
 * Marks GraphiQL's tabs with who they are and with what runs in them. GraphiQL draws the tabs and offers no place for
 * this, so it goes into data attributes, which the style sheet shows.
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

  // On a phone there is room for two or three of them.
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
