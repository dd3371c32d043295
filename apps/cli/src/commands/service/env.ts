/** Shell lines that point `aws`, SDKs and this CLI at a control plane: `eval "$(./landfall env)"`. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { readCredentials } from '../../credentials.ts';
import { outputOf, stateDirOf } from '../context.ts';

export function addEnvCommand(program: Command): void {
  program
    .command('env')
    .description('print shell variables for aws, SDKs and this CLI: eval "$(./landfall env)"')
    .action(async (_options: unknown, command: Command) => {
      const stateDir = stateDirOf(command);
      const access = await readCredentials(stateDir);
      const caFile = join(stateDir, 'control-plane/ca.pem');
      const variables = {
        AWS_ACCESS_KEY_ID: access.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: access.credentials.secretAccessKey,
        AWS_DEFAULT_REGION: access.region,
        AWS_REGION: access.region,
        AWS_CA_BUNDLE: caFile,
        NODE_EXTRA_CA_CERTS: caFile,
        AWS_ENDPOINT_URL_EC2: access.endpoint,
        AWS_ENDPOINT_URL_MGN: access.endpoint,
        AWS_ENDPOINT_URL_STS: access.endpoint,
        LANDFALL_ENDPOINT: access.endpoint,
        LANDFALL_CA_FILE: caFile,
      };
      const output = outputOf(command);
      if (output.json) return output.out(`${JSON.stringify(variables, null, 2)}\n`);
      output.out(formatShell(variables));
    });
}

/**
 * Older AWS CLIs (Debian 12's) know no endpoint variable: a shell function adds the option for `aws mgn` and
 * `aws sts`.
 */
export function formatShell(variables: Readonly<Record<string, string>>): string {
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}`);
  const wrapper =
    'aws() { if [ "${1:-}" = mgn ] || [ "${1:-}" = sts ]; then command aws --endpoint-url "$LANDFALL_ENDPOINT" "$@"; else command aws "$@"; fi; }';
  return `unset AWS_SESSION_TOKEN AWS_PROFILE\n${lines.join('\n')}\n${wrapper}\n`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
