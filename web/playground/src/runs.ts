import { Run, type Start } from './run';
import type { Result } from './http';

/** The runs of all tabs: each tab has its own, which outlives a look at another tab. */
export class Runs {
  readonly #byTab = new Map<string, Run>();
  readonly #listeners = new Set<() => void>();
  #version = 0;
  #parking = false;

  /** The tab's results: of the run that it has, else of a new one. */
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

  /** Does what makes the present watcher leave, without ending the run that it watches. */
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

  /** Changes whenever a run begins, ends, or has something new. */
  readonly version = (): number => this.#version;

  readonly #changed = (): void => {
    this.#version++;
    for (const listener of this.#listeners) {
      listener();
    }
  };
}
