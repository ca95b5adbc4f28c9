import type { Environment } from 'monaco-editor';

declare global {
  interface Window {
    MonacoEnvironment?: Environment;
  }
}

// The build inserts the hashed file names of the bundled workers here.
declare const WORKERS: Record<'editor' | 'json' | 'graphql', string>;

/** Configures the URLs of the Monaco editor's workers: beside this script, so that `worker-src 'self'` allows them. */
export function setUpWorkers(): void {
  window.MonacoEnvironment = {
    getWorker(_id, label) {
      const file = label === 'json' || label === 'graphql' ? WORKERS[label] : WORKERS.editor;
      return new Worker(new URL(file, import.meta.url), { type: 'module' });
    },
  };
}
