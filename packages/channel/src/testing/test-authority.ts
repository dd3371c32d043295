/** Tests only: a certificate authority made of openssl commands in one folder. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runChecked } from '@landfall/runtime';

/** Resolves nowhere: only a proxy that knows it leads there. */
export const CONTROL_PLANE_NAME = 'control-plane.landfall.invalid';

export interface TestAuthority {
  readonly caPem: string;
  /** A certificate over a public key (SPKI PEM); `extensions` are openssl extension lines. */
  issue(subject: string, publicKeyPem: string, extensions: readonly string[]): Promise<string>;
  createServerIdentity(): Promise<{ readonly certificatePem: string; readonly keyPem: string }>;
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'] as const;

export async function createTestAuthority(folder: string): Promise<TestAuthority> {
  const path = (name: string) => join(folder, name);
  const authority = ['-CA', path('ca.pem'), '-CAkey', path('ca.key')];
  const self = ['openssl', 'req', '-x509', ...CURVE, '-days', '2', '-subj', '/CN=test CA'];
  await runChecked([...self, '-keyout', path('ca.key'), '-out', path('ca.pem')]);
  let issued = 0;
  const issue = async (subject: string, publicKeyPem: string, extensions: readonly string[]) => {
    issued += 1;
    const [key, config, out] = ['pub', 'ext', 'crt'].map((suffix) => path(`${issued}.${suffix}`));
    if (key === undefined || config === undefined || out === undefined) throw new Error('three names');
    await writeFile(key, publicKeyPem);
    await writeFile(config, extensions.join('\n'));
    const request = ['openssl', 'x509', '-new', '-subj', subject, '-force_pubkey', key, '-days', '2'];
    await runChecked([...request, ...authority, '-extfile', config, '-out', out]);
    return await readFile(out, 'utf8');
  };
  return {
    caPem: await readFile(path('ca.pem'), 'utf8'),
    issue,
    createServerIdentity: async () => {
      await runChecked([
        'openssl',
        'genpkey',
        '-algorithm',
        'EC',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-out',
        path('server.key'),
      ]);
      const publicKey = await runChecked(['openssl', 'pkey', '-in', path('server.key'), '-pubout']);
      const names = [`subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:${CONTROL_PLANE_NAME}`];
      const certificatePem = await issue('/CN=control-plane', publicKey.stdout, names);
      return { certificatePem, keyPem: await readFile(path('server.key'), 'utf8') };
    },
  };
}
