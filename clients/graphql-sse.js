// #region connect
import { createClient } from 'graphql-sse';
import { resumable } from './resume.js';

/** connect returns a client, which sends one request per subscription. */
export function connect(url, getToken) {
  return resumable(createClient({
    url, // https://…/graphql
    headers: async () => ({ authorization: `Bearer ${await getToken()}` }),
    retryAttempts: Infinity,
  }));
}
// #endregion connect
