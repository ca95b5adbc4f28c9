import { useState } from 'react';
import type { CombinedError } from 'urql';
import { explain } from '../api/errors';

/** Runs a mutation for a form or a button. Returns whether it is running, and its error as a sentence. */
export function useAction(): {
  busy: boolean;
  problem: string;
  run: <Data>(mutation: PromiseLike<{ data?: Data; error?: CombinedError }>) => Promise<Data | undefined>;
} {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  return {
    busy,
    problem,
    async run(mutation) {
      setBusy(true);
      setProblem('');
      const { data, error } = await mutation;
      setBusy(false);
      if (error) {
        setProblem(explain(error));
        return undefined;
      }
      return data;
    },
  };
}
