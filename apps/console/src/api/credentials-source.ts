/** Where both clients take their credentials, at each request anew. */
import type { Session, TemporaryCredentials } from '../session/session.ts';
import { apiFailure } from './failure.ts';

/** Errors: ApiFailure when nobody is signed in. */
export type CredentialsSource = () => TemporaryCredentials;

export function credentialsOf(session: Session): CredentialsSource {
  return () => {
    const { state } = session;
    if (state.kind === 'SIGNED_IN') return state.credentials;
    throw apiFailure({ name: 'ExpiredTokenException', status: 403, message: 'Nobody is signed in.' });
  };
}
