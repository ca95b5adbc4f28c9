import { createContext, useContext } from 'react';
import type { Api } from '../api/api';
import type { Person } from '../api/session';
import type { Outbox } from '../room/outbox';
import type { RoomList } from '../rooms/roomList';

/** The state that exists while a user is signed in. */
export interface SignedIn {
  me: Person;
  api: Api;
  rooms: RoomList;
  outbox: Outbox;
}

export const SignedInContext = createContext<SignedIn | undefined>(undefined);

export function useSignedIn(): SignedIn {
  const value = useContext(SignedInContext);
  if (!value) {
    throw new Error('useSignedIn needs a signed-in user');
  }
  return value;
}
