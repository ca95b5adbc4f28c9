import { tryParseJSONC } from '@graphiql/react';

/** The user that a token names. The token is decoded, not verified: the server verifies it. */
export interface Person {
  id: string;
  name: string;
  /** Milliseconds since 1970; undefined for a token that does not expire. */
  expires: number | undefined;
}

/** A tab's request headers, from the headers editor. */
export type Headers = Record<string, unknown>;

/** Parses the text of a headers editor; empty if it is not a JSON object. */
export function parseHeaders(text: string | null | undefined): Headers {
  try {
    const parsed: unknown = tryParseJSONC(text ?? undefined);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Headers) : {};
  } catch {
    return {};
  }
}

/** The value of the Authorization header, in any case of its name. */
export function authorizationOf(headers: Headers): string | undefined {
  const name = Object.keys(headers).find((key) => key.toLowerCase() === 'authorization');
  const value = name === undefined ? undefined : headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The text of a headers editor with its Authorization replaced, or removed if undefined. */
export function withAuthorization(text: string | null | undefined, authorization: string | undefined): string {
  const headers = Object.fromEntries(
    Object.entries(parseHeaders(text)).filter(([key]) => key.toLowerCase() !== 'authorization'),
  );
  if (authorization !== undefined) {
    headers.Authorization = authorization;
  }
  return Object.keys(headers).length === 0 ? '' : JSON.stringify(headers, null, 2);
}

/** The user of a JSON Web Token (RFC 7519); undefined if it is none. */
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
