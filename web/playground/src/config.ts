/** The server's configuration, from the page's `parley-config` meta element. */
export interface Config {
  /** Path of the GraphQL endpoint, the same for HTTP and WebSocket. */
  endpoint: string;
  /** Whether the server allows the `signIn` mutation (development mode). */
  signIn: boolean;
}

export function readConfig(): Config {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="parley-config"]');
  return JSON.parse(meta?.content ?? '') as Config;
}
