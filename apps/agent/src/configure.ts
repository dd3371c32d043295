/** `landfall-agent configure`: changes how an installed agent reaches the world, without a restart. */
import { readIdentity } from '@landfall/channel';
import { describeProxy, type Environment, OperationError } from '@landfall/runtime';
import { dialByProxyFile, proxyFromOption, writeProxy } from './file-proxy.ts';
import { checkReachable } from './tcp-reachable.ts';

export interface ConfigureOptions {
  readonly stateFolder: string;
  /** `http://…` or `none`. */
  readonly proxy: string;
  readonly environment: Environment;
  readonly say: (line: string) => void;
}

/** Errors: NOT_INSTALLED, PROXY_INVALID. */
export async function configure(options: ConfigureOptions): Promise<void> {
  const { stateFolder, say } = options;
  const identity = await readIdentity(stateFolder);
  if (identity === undefined) {
    throw new OperationError('NOT_INSTALLED', `the agent is not installed: ${stateFolder} has no identity`, {
      hint: 'run `landfall-agent install --token TOKEN --proxy …`',
    });
  }
  const proxy = await proxyFromOption(stateFolder, options.proxy, options.environment);
  await writeProxy(stateFolder, proxy);
  say(proxy === undefined ? 'New connections use no proxy' : `New connections use ${describeProxy(proxy)}`);
  const { hostname, port } = new URL(identity.controlPlaneUrl);
  const target = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443) };
  const problem = await checkReachable(target, dialByProxyFile(stateFolder));
  if (problem === undefined) return say(`Control plane ${identity.controlPlaneUrl} is reachable`);
  say(`WARNING: control plane ${identity.controlPlaneUrl} is not reachable: ${problem}`);
}
