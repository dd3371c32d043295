/** `node apps/control-plane/src/main.ts --state-dir D --address A …`: runs until SIGTERM or SIGINT. */
import { parseArgs } from 'node:util';
import { createLogger, describeError, OperationError, terminationRequest } from '@landfall/runtime';
import { type ControlPlaneOptions, startControlPlane } from './control-plane.ts';
import { CALL_RATE, callRateOf } from './identity/call-limits.ts';
import { s3Location } from './objects/file-s3-location.ts';
import { storeLocation } from './store/file-store-location.ts';

/** State holds keys: nobody else may read what this program creates. */
process.umask(0o077);
const log = createLogger({ program: 'control-plane' });

async function readOptions(): Promise<ControlPlaneOptions> {
  const { values } = parseArgs({
    options: {
      'state-dir': { type: 'string' },
      listen: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '8443' },
      address: { type: 'string', multiple: true, default: [] },
      'agent-binary': { type: 'string' },
      'console-dir': { type: 'string' },
      region: { type: 'string', default: 'us-east-1' },
      store: { type: 'string' },
      'store-password': { type: 'string' },
      'rate-limit': { type: 'string', default: String(CALL_RATE.perSecond) },
      'webhook-network': { type: 'string', multiple: true, default: [] },
      's3-endpoint': { type: 'string' },
      's3-bucket': { type: 'string', multiple: true, default: [] },
      's3-region': { type: 'string' },
      's3-key': { type: 'string' },
      's3-virtual-hosts': { type: 'boolean' },
    },
  });
  const stateDir = values['state-dir'];
  const port = Number(values.port);
  if (stateDir === undefined) throw usage('--state-dir is missing');
  if (!/^\d+$/.test(values.port) || port > 65_535) throw usage(`--port ${values.port} is no port`);
  const perSecond = Number(values['rate-limit']);
  if (!Number.isInteger(perSecond) || perSecond < 1) {
    throw usage(`--rate-limit ${values['rate-limit']} is no number of calls a second`);
  }
  const agentBinary = values['agent-binary'];
  const store = await storeLocation(values.store, values['store-password']);
  const s3 = await s3Location({
    endpoint: values['s3-endpoint'],
    region: values['s3-region'],
    key: values['s3-key'],
    buckets: values['s3-bucket'],
    virtualHosts: values['s3-virtual-hosts'],
  });
  return {
    stateDir,
    s3,
    listen: values.listen,
    port,
    addresses: values.address.length > 0 ? values.address : [values.listen],
    region: values.region,
    callRate: callRateOf(perSecond),
    webhookNetworks: values['webhook-network'],
    log,
    ...(store === undefined ? {} : { store }),
    consoleDir: values['console-dir'],
    ...(agentBinary === undefined ? {} : { agentBinary }),
  };
}

function usage(message: string): OperationError {
  const hint =
    'usage: --state-dir D [--listen 127.0.0.1] [--port 8443] [--address A]… ' +
    '[--agent-binary F.gz] [--console-dir D] ' +
    '[--store postgres://USER@HOST/DATABASE [--store-password file:PATH|env:NAME]] [--rate-limit 100] ' +
    '[--s3-endpoint https://HOST:PORT --s3-bucket B… --s3-key file:PATH|env:NAME [--s3-region R] ' +
    '[--s3-virtual-hosts]]';
  return new OperationError('OPTION_INVALID', message, { hint });
}

try {
  const controlPlane = await startControlPlane(await readOptions());
  const lost = await Promise.race([
    terminationRequest().then(() => undefined),
    controlPlane.service.store.lost,
  ]);
  await controlPlane.close();
  if (lost !== undefined) throw lost;
} catch (error) {
  log.error('control-plane-not-started', { error });
  process.stderr.write(`control-plane: ${describeError(error)}\n`);
  process.exitCode = 1;
}
