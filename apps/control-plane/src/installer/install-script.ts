/**
 * The script behind the console's one-line installer. It carries the CA certificate, so the agent itself is
 * downloaded from a control plane that has proved who it is.
 */
export interface InstallScriptFacts {
  readonly publicUrl: string;
  readonly caPem: string;
}

export function installScript({ publicUrl, caPem }: InstallScriptFacts): string {
  return `#!/bin/sh
# Installs the Landfall agent on this server.
# Usage: sh -s -- --token TOKEN [options of landfall-agent install]
set -eu

fail() { echo "landfall: $1" >&2; exit 1; }

[ "$(id -u)" = 0 ] || fail 'run this as root (for example with sudo)'
[ "$(uname -s)" = Linux ] || fail "this installer is for Linux, not for $(uname -s)"
[ "$(uname -m)" = x86_64 ] || fail "the agent is built for x86_64, this server is $(uname -m)"
[ -d /run/systemd/system ] || fail 'the agent runs as a systemd service, and this server does not run systemd'
command -v curl >/dev/null 2>&1 || fail 'curl is missing; install it and run this again'
command -v gunzip >/dev/null 2>&1 || fail 'gunzip is missing; install gzip and run this again'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/ca.pem" <<'LANDFALL_CA'
${caPem.trim()}
LANDFALL_CA

# The proxy of the agent is also the way of this download; in a variable, because users can see command lines.
before=
for argument in "$@"; do
  case "$before $argument" in
    '--proxy none' | *' --proxy=none') unset https_proxy HTTPS_PROXY all_proxy ALL_PROXY ;;
    '--proxy '*) https_proxy=$argument; export https_proxy ;;
    *' --proxy='*) https_proxy=\${argument#--proxy=}; export https_proxy ;;
  esac
  before=$argument
done

echo 'landfall: downloading the agent'
curl -fsS --retry 3 --cacert "$work/ca.pem" -o "$work/landfall-agent.gz" \\
  '${publicUrl}/agent/landfall-agent-linux-x64.gz' ||
  fail 'the agent could not be downloaded from ${publicUrl}'
gunzip -f "$work/landfall-agent.gz" || fail 'the downloaded agent is damaged; run this again'
chmod 755 "$work/landfall-agent"
mkdir -p /usr/local/bin
# A running agent keeps its old file: the new one is put in its place, not written over it.
cp "$work/landfall-agent" /usr/local/bin/.landfall-agent.new
mv -f /usr/local/bin/.landfall-agent.new /usr/local/bin/landfall-agent
rm -rf "$work"
trap - EXIT

exec /usr/local/bin/landfall-agent install "$@" --no-prompt
`;
}
