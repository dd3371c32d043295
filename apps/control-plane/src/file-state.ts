/** Files of the state folder that other programs and people read. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeEnrolmentToken, type ProgramRole } from '@landfall/channel';
import { ensureFolder, readIfExists, writeDurably } from '@landfall/runtime';
import { type AccessKey, createAccessKey, findAccessKey, listAccessKeys } from './identity/access-keys.ts';
import { createToken } from './identity/enrolment-tokens.ts';
import { ADMINISTRATOR } from './identity/identity-keeper.ts';
import { tokenText } from './operations/enrolment-tokens.ts';
import type { Service } from './service.ts';

/** The programs that `landfall up` starts beside the control plane. */
const EMBEDDED_ROLES: readonly ProgramRole[] = ['replication-server', 'launch-host'];

export async function writeStateFiles(stateDir: string, service: Service): Promise<void> {
  await writeAdminCredentials(stateDir, service);
  await ensureFolder(join(stateDir, 'tokens'));
  for (const role of EMBEDDED_ROLES) await writeEmbeddedToken(join(stateDir, 'tokens', role), role, service);
  const { facts, authority } = service;
  await writeJson(join(stateDir, 'control-plane.json'), {
    url: facts.publicUrl,
    pid: process.pid,
    caFingerprint: authority.fingerprint,
    serverPublicKeyPin: facts.serverPublicKeyPin,
  });
}

/** Nobody should take a control plane that has ended for a running one. */
export async function removeRunningFile(stateDir: string): Promise<void> {
  await rm(join(stateDir, 'control-plane.json'), { force: true });
}

async function writeAdminCredentials(stateDir: string, service: Service): Promise<void> {
  const { accessKeyId, secretAccessKey } = await administratorKey(service);
  await writeJson(join(stateDir, 'admin-credentials.json'), {
    endpoint: service.facts.localUrl,
    region: service.facts.region,
    accessKeyId,
    secretAccessKey,
    caFile: join(stateDir, 'ca.pem'),
  });
}

/** The oldest that works; a new one when somebody deleted or switched off all. */
async function administratorKey({ store, clock, random, vaults }: Service): Promise<AccessKey> {
  const vault = vaults.accessKeys;
  const keys = await listAccessKeys(store.db, ADMINISTRATOR);
  const active = keys.find(({ status }) => status === 'ACTIVE');
  const known = active && (await findAccessKey(store.db, vault, active.accessKeyId));
  return known ?? createAccessKey(store.db, { userName: ADMINISTRATOR, vault, clock, random });
}

/** The secret stays, the address in the token may change. One install may use it, as often as it likes. */
async function writeEmbeddedToken(path: string, role: ProgramRole, service: Service): Promise<void> {
  const { store, clock, random } = service;
  const before = await readIfExists(path);
  const secret =
    before === undefined
      ? (await createToken(store.db, { role, expiresAtMs: null, usesMax: 1, clock, random })).secret
      : decodeEnrolmentToken(before).secret;
  const text = `${tokenText(service, { controlPlaneUrl: service.facts.localUrl, secret })}\n`;
  if (text !== before) await writeDurably(path, text);
}

async function writeJson(path: string, value: object): Promise<void> {
  await writeDurably(path, `${JSON.stringify(value, null, 2)}\n`);
}
