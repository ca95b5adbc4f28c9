import { post } from './http';

/** The people who are one click away in development mode. */
export const knownPeople = [
  { id: 'alice', nickName: 'Alice' },
  { id: 'bob', nickName: 'Bob' },
  { id: 'carol', nickName: 'Carol' },
] as const;

const signInMutation = /* GraphQL */ `
  mutation ($userId: ID!, $nickName: String) {
    signIn(userId: $userId, nickName: $nickName) {
      token
      expiresAt
      user {
        id
        nickName
      }
    }
  }
`;

/** The value of an Authorization header for that person, made by the server in development mode. */
export async function signIn(endpoint: string, userId: string, nickName?: string): Promise<string> {
  const { data, errors } = await post(endpoint, { query: signInMutation, variables: { userId, nickName } }, {});
  const token = (data as { signIn?: { token?: string } | null } | null | undefined)?.signIn?.token;
  if (token === undefined) {
    throw new Error(errors?.[0]?.message ?? 'The server gave no token.');
  }
  return `Bearer ${token}`;
}
