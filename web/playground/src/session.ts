import type { useGraphiQLActions } from '@graphiql/react';
import type { Runs } from './runs';

type Actions = ReturnType<typeof useGraphiQLActions>;

/** GraphiQL's tabs as it last reported them. */
export interface TabsState {
  tabs: { id: string; headers?: string | null }[];
  activeTabIndex: number;
}

/** The tabs, for code that runs between two renders. */
export class Session {
  state: TabsState = { tabs: [], activeTabIndex: 0 };

  /** For GraphiQL's `onTabChange`. */
  readonly update = (state: TabsState): void => {
    this.state = state;
  };

  readonly activeTab = (): string => this.state.tabs[this.state.activeTabIndex]?.id ?? '';
}

/**
 * GraphiQL runs one operation for all of its tabs: switching tabs stops a subscription, and a new tab gets the results
 * of the old one. Here each tab has its own run. Leaving a tab parks its run; returning watches it again.
 *
 * It replaces three of GraphiQL's actions once, before any component that uses them is rendered.
 */
export function keepRunsApart(actions: Actions, runs: Runs, session: Session): void {
  const { addTab, changeTab, closeTab, stop, run } = actions;

  function resume(): void {
    const tab = session.activeTab();
    if (runs.get(tab) === undefined) {
      return;
    }
    void run();
    // GraphiQL calls the fetcher at once, which requests the run, unless the variables are not JSON.
    if (runs.get(tab)?.watched === false) {
      runs.cancel(tab);
    }
  }

  actions.addTab = () => {
    runs.park(() => {
      stop();
      addTab();
    });
  };

  actions.changeTab = (index) => {
    runs.park(() => changeTab(index));
    resume();
  };

  actions.closeTab = (index) => {
    const wasActive = index === session.state.activeTabIndex;
    const tab = session.state.tabs[index]?.id;
    closeTab(index);
    if (tab !== undefined) {
      runs.cancel(tab);
    }
    if (wasActive) {
      resume();
    }
  };
}
