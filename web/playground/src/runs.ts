import { Run, type Start } from './run';
import type { Result } from './http';

/** The runs of all tabs. Each tab has its own, which continues while another tab is active. */
export class Runs {
  readonly #byTab = new Map<string, Run>();
  readonly #listeners = new Set<() => void>();
  #version = 0;
  #parking = false;

  /** The results of the tab's run; starts one if there is none. */
  watch(tab: string, start: Start): AsyncIterableIterator<Result> {
    let run = this.#byTab.get(tab);
    if (run === undefined) {
      run = new Run(start, this.#changed);
      this.#byTab.set(tab, run);
    }
    const results = run.watch(() => {
      if (!this.#parking) {
        this.cancel(tab);
      }
    });
    const next = results.next.bind(results);
    results.next = async () => {
      const step = await next();
      if (step.done === true) {
        this.#byTab.delete(tab);
        this.#changed();
      }
      return step;
    };
    return results;
  }

  get(tab: string): Run | undefined {
    return this.#byTab.get(tab);
  }

  cancel(tab: string): void {
    this.#byTab.get(tab)?.cancel();
    this.#byTab.delete(tab);
    this.#changed();
  }

  /** Runs an action that makes the current watcher leave, without ending its run. */
  park(leave: () => void): void {
    this.#parking = true;
    try {
      leave();
    } finally {
      this.#parking = false;
    }
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Changes whenever a run starts, ends, or has a new result. */
  readonly version = (): number => this.#version;

  readonly #changed = (): void => {
    this.#version++;
    for (const listener of this.#listeners) {
      listener();
    }
  };
}
