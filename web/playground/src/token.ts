import { tryParseJSONC } from '@graphiql/react';

/** Who a token says its bearer is. Read, not verified: the server does that. */
export interface Person {
  id: string;
  name: string;
  /** Milliseconds since 1970; undefined for a token that does not expire. */
  expires: number | undefined;
}

/** A tab's request headers, as the headers editor has them. */
export type Headers = Record<string, unknown>;

/** Headers from the text of a headers editor; empty where it is no JSON object (yet). */
export function parseHeaders(text: string | null | undefined): Headers {
  try {
    const parsed: unknown = tryParseJSONC(text ?? undefined);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Headers) : {};
  } catch {
    return {};
  }
}

/** The Authorization header's value, whatever the case of its name. */
export function authorizationOf(headers: Headers): string | undefined {
  const name = Object.keys(headers).find((key) => key.toLowerCase() === 'authorization');
  const value = name === undefined ? undefined : headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The text of a headers editor with its Authorization replaced, or taken out where undefined. */
export function withAuthorization(text: string | null | undefined, authorization: string | undefined): string {
  const headers = Object.fromEntries(
    Object.entries(parseHeaders(text)).filter(([key]) => key.toLowerCase() !== 'authorization'),
  );
  if (authorization !== undefined) {
    headers.Authorization = authorization;
  }
  return Object.keys(headers).length === 0 ? '' : JSON.stringify(headers, null, 2);
}

/** The bearer of a JSON Web Token (RFC 7519); undefined for anything else. */
export function personOf(authorization: string | undefined): Person | undefined {
  const payload = authorization?.match(/^Bearer +[^.]+\.([^.]+)\./i)?.[1];
  if (payload === undefined) {
    return undefined;
  }
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as { sub?: unknown; name?: unknown; exp?: unknown };
    if (typeof claims.sub !== 'string' || claims.sub === '') {
      return undefined;
    }
    return {
      id: claims.sub,
      name: typeof claims.name === 'string' && claims.name !== '' ? claims.name : claims.sub,
      expires: typeof claims.exp === 'number' ? claims.exp * 1000 : undefined,
    };
  } catch {
    return undefined;
  }
}
