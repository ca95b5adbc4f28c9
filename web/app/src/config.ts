/** The server's configuration, from the page's `parley-config` meta element. */
export interface Config {
  /** Path of the GraphQL endpoint, the same for HTTP and WebSocket. */
  endpoint: string;
  /** Whether clients can sign in as any user (development mode). */
  signIn: boolean;
}

export function readConfig(): Config {
  const content = document.querySelector<HTMLMetaElement>('meta[name="parley-config"]')?.content ?? '';
  // Vite's own server does not replace the placeholder: it runs beside a server in development mode.
  return content.startsWith('{{') ? { endpoint: '/graphql', signIn: true } : (JSON.parse(content) as Config);
}
