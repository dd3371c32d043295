/** CreateEnrolmentToken, ListEnrolmentTokens, RevokeEnrolmentToken. */
import { ApiError, type Handlers, isoDateTime, type Landfall, paginate } from '@landfall/api';
import { encodeEnrolmentToken } from '@landfall/channel';
import {
  createToken,
  type EnrolmentTokenRecord,
  listTokens,
  revokeToken,
} from '../identity/enrolment-tokens.ts';
import type { Service } from '../service.ts';

type Operations = Pick<
  Handlers<'landfall', Service>,
  'CreateEnrolmentToken' | 'ListEnrolmentTokens' | 'RevokeEnrolmentToken'
>;

const LIFETIME_SECONDS_DEFAULT = 7 * 86_400;
const USES_MAX_DEFAULT = 100;
/** How a token without an end is shown: the API's dates have no word for never. */
const NEVER_MS = Date.UTC(9999, 11, 31);

export const enrolmentTokenOperations: Operations = {
  CreateEnrolmentToken: async (input, service) => {
    const { store, clock, random } = service;
    const expiresAtMs = clock.nowMs() + (input.expiresInSeconds ?? LIFETIME_SECONDS_DEFAULT) * 1000;
    const { role = 'agent', usesMax = USES_MAX_DEFAULT, tags = {} } = input;
    const { record, secret } = await createToken(store.db, {
      role,
      expiresAtMs,
      usesMax,
      tags,
      clock,
      random,
    });
    const token = tokenText(service, { controlPlaneUrl: service.facts.publicUrl, secret });
    return {
      tokenID: record.tokenId,
      token,
      installCommand: installCommand(service, token),
      expiresDateTime: isoDateTime(expiresAtMs),
    };
  },

  ListEnrolmentTokens: async (input, { store, clock }) => {
    const page = paginate(await listTokens(store.db), input, {
      listing: 'ListEnrolmentTokens',
      sortKeyOf: (token) => `${String(token.createdAtMs).padStart(15, '0')} ${token.tokenId}`,
      order: 'descending',
    });
    return { ...page, items: page.items.map((token) => showToken(token, clock.nowMs())) };
  },

  RevokeEnrolmentToken: async ({ tokenID }, { store, clock }) => {
    if (await revokeToken(store.db, tokenID, clock.nowMs())) return {};
    throw ApiError.notFound(tokenID, 'EnrolmentToken');
  },
};

/** What a person copies: where we are, whom to believe, and the secret. */
export function tokenText(
  { authority }: Pick<Service, 'authority'>,
  { controlPlaneUrl, secret }: { readonly controlPlaneUrl: string; readonly secret: string },
): string {
  return encodeEnrolmentToken({
    controlPlaneUrl,
    caFingerprint: authority.fingerprint,
    secret,
  });
}

/**
 * curl checks the pin even with -k, so the very first download is already safe from somebody in the middle.
 */
function installCommand({ facts }: Service, token: string): string {
  const { publicUrl, serverPublicKeyPin } = facts;
  const download = `curl -fsSk --pinnedpubkey 'sha256//${serverPublicKeyPin}' ${publicUrl}/install.sh`;
  return `${download} | sh -s -- --token ${token}`;
}

function showToken(token: EnrolmentTokenRecord, nowMs: number): Landfall.EnrolmentToken {
  return {
    tokenID: token.tokenId,
    role: token.role,
    state: stateOf(token, nowMs),
    createdDateTime: isoDateTime(token.createdAtMs),
    expiresDateTime: isoDateTime(token.expiresAtMs ?? NEVER_MS),
    usesMax: token.usesMax,
    uses: token.uses,
    tags: token.tags,
  };
}

function stateOf(token: EnrolmentTokenRecord, nowMs: number): Landfall.EnrolmentTokenState {
  if (token.revokedAtMs !== null) return 'REVOKED';
  if (token.expiresAtMs !== null && token.expiresAtMs <= nowMs) return 'EXPIRED';
  return token.uses >= token.usesMax ? 'USED_UP' : 'ACTIVE';
}
