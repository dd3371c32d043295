/**
 * Who a program is, on disk: `identity.json` in the program's state folder, mode 0600, replaced atomically.
 * Written in two steps: the key and install id before enrolment, so that an enrolment that was answered but
 * not recorded can be asked for again with the same key; then the certificate.
 *
 * A renewal is two steps too, each one replacement of the one file, so that a crash leaves a pair that works:
 *
 * F1 The next key is durable before anybody hears of it (`nextKeyPem`); key and certificate stay as they are.
 * F2 The next key and its certificate take their places at once, before they are used.
 */
import { generateKeyPairSync } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ensureFolder,
  OperationError,
  type Random,
  readIfExists,
  syncFolder,
  systemRandom,
  writeDurably,
} from '@landfall/runtime';
import type { ProgramRole } from './messages.ts';

export interface PendingIdentity {
  readonly role: ProgramRole;
  readonly installId: string;
  /** P-256, PKCS #8, PEM. */
  readonly keyPem: string;
}

export interface Identity extends PendingIdentity {
  readonly programId: string;
  readonly certificatePem: string;
  readonly caPem: string;
  readonly controlPlaneUrl: string;
  /** Of a renewal that has begun: P-256, PKCS #8, PEM. */
  readonly nextKeyPem?: string;
}

const FILE_NAME = 'identity.json';

/** The identity of an enrolled program; `undefined` before enrolment. Errors: IDENTITY_UNREADABLE. */
export async function readIdentity(folder: string): Promise<Identity | undefined> {
  const content = await readFile(folder);
  return content !== undefined && isEnrolled(content) ? content : undefined;
}

/** The key and install id to enrol with: those on disk, or new ones, made durable first. */
export async function preparePendingIdentity(
  folder: string,
  role: ProgramRole,
  random: Random = systemRandom,
): Promise<PendingIdentity> {
  const existing = await readFile(folder);
  if (existing !== undefined) {
    return { role: existing.role, installId: existing.installId, keyPem: existing.keyPem };
  }
  const pending = { role, installId: random.uuid(), keyPem: newKeyPem() };
  await writeFile(folder, pending);
  return pending;
}

/** The identity with the key of its renewal: that of one begun before, or a new one, made durable (F1). */
export async function prepareNextKey(
  folder: string,
  identity: Identity,
): Promise<Identity & { readonly nextKeyPem: string }> {
  const stored = await readIdentity(folder);
  checkStillOurs(identity, stored);
  const nextKeyPem = stored?.nextKeyPem ?? newKeyPem();
  const begun = { ...identity, nextKeyPem };
  if (stored?.nextKeyPem === undefined) await writeFile(folder, begun);
  return begun;
}

/** Puts the renewed identity in the place of `identity` (F2). Errors: IDENTITY_REPLACED. */
export async function replaceIdentity(folder: string, identity: Identity, renewed: Identity): Promise<void> {
  checkStillOurs(identity, await readIdentity(folder));
  await writeFile(folder, renewed);
}

/** An installation beside the running program may have enrolled it anew: that must not be undone. */
function checkStillOurs(identity: Identity, stored: Identity | undefined): void {
  if (stored?.certificatePem === identity.certificatePem) return;
  throw new OperationError('IDENTITY_REPLACED', 'this program was enrolled again while it was running', {
    hint: 'restart it: it goes on with its new identity',
  });
}

function newKeyPem(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

export async function writeIdentity(folder: string, identity: Identity): Promise<void> {
  await writeFile(folder, identity);
}

export async function removeIdentity(folder: string): Promise<void> {
  await rm(join(folder, FILE_NAME), { force: true });
  await syncFolder(folder);
}

async function writeFile(folder: string, content: PendingIdentity | Identity): Promise<void> {
  await ensureFolder(folder);
  await writeDurably(join(folder, FILE_NAME), `${JSON.stringify(content, null, 2)}\n`, 0o600);
}

async function readFile(folder: string): Promise<PendingIdentity | Identity | undefined> {
  const path = join(folder, FILE_NAME);
  const text = await readIfExists(path);
  if (text === undefined) return undefined;
  try {
    const content: Partial<PendingIdentity> = JSON.parse(text);
    if (content.role && content.installId && content.keyPem) return content as PendingIdentity;
  } catch (cause) {
    throw unreadable(path, cause);
  }
  throw unreadable(path, undefined);
}

function isEnrolled(content: PendingIdentity | Identity): content is Identity {
  return 'programId' in content && 'certificatePem' in content && 'caPem' in content;
}

function unreadable(path: string, cause: unknown): OperationError {
  return new OperationError('IDENTITY_UNREADABLE', `${path} is damaged`, {
    hint: 'restore it from a backup, or delete it and enrol again with a new token',
    cause,
  });
}
