import type { Environment } from 'monaco-editor';

declare global {
  interface Window {
    MonacoEnvironment?: Environment;
  }
}

// The build puts the hashed file names of the bundled workers here.
declare const WORKERS: Record<'editor' | 'json' | 'graphql', string>;

/** Tells the Monaco editor where its workers are: beside this script, so that `worker-src 'self'` allows them. */
export function setUpWorkers(): void {
  window.MonacoEnvironment = {
    getWorker(_id, label) {
      const file = label === 'json' || label === 'graphql' ? WORKERS[label] : WORKERS.editor;
      return new Worker(new URL(file, import.meta.url), { type: 'module' });
    },
  };
}
