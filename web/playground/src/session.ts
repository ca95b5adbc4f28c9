import type { useGraphiQLActions } from '@graphiql/react';
import type { Runs } from './runs';

type Actions = ReturnType<typeof useGraphiQLActions>;

/** GraphiQL's tabs as it last reported them. */
export interface TabsState {
  tabs: { id: string; headers?: string | null }[];
  activeTabIndex: number;
}

/** The tabs, for code that runs between two renderings. */
export class Session {
  state: TabsState = { tabs: [], activeTabIndex: 0 };

  /** For GraphiQL's `onTabChange`. */
  readonly update = (state: TabsState): void => {
    this.state = state;
  };

  readonly activeTab = (): string => this.state.tabs[this.state.activeTabIndex]?.id ?? '';
}

/**
 * GraphiQL has one running operation for all of its tabs: going to another tab stops a subscription, and a new tab gets
 * the results of the old one. Here each tab has its own. Leaving a tab parks its run; coming back watches it again.
 *
 * It replaces three of GraphiQL's actions, once, before anything is drawn that uses them.
 */
export function keepRunsApart(actions: Actions, runs: Runs, session: Session): void {
  const { addTab, changeTab, closeTab, stop, run } = actions;

  function resume(): void {
    const tab = session.activeTab();
    if (runs.get(tab) === undefined) {
      return;
    }
    void run();
    // GraphiQL asks the fetcher, and so for the run, at once; it does not where the variables are no longer JSON.
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
