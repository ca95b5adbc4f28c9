import { post } from './http';

/** The users that the bar offers in development mode. */
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

/** Returns the value of the Authorization header for a user, with a token from the server's development mode. */
export async function signIn(endpoint: string, userId: string, nickName?: string): Promise<string> {
  const { data, errors } = await post(endpoint, { query: signInMutation, variables: { userId, nickName } }, {});
  const token = (data as { signIn?: { token?: string } | null } | null | undefined)?.signIn?.token;
  if (token === undefined) {
    throw new Error(errors?.[0]?.message ?? 'The server returned no token.');
  }
  return `Bearer ${token}`;
}
