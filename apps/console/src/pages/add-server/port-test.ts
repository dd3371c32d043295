/** The command that tests ports from the server: nothing but what every Linux has. Pure. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Hosts come from our own service; what is no address or name is left out all the same. */
export function portTestCommand(endpoints: readonly Endpoint[]): string {
  const plain = endpoints.filter(({ host }) => /^[\w.:-]+$/.test(host));
  const tests = plain.map(
    ({ host, port }) =>
      `timeout 5 bash -c '</dev/tcp/${host}/${port}' && echo '${host} ${port} open' || echo '${host} ${port} CLOSED'`,
  );
  return tests.join('; ');
}

export function endpointOf(url: string): Endpoint {
  const { hostname, port, protocol } = new URL(url);
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
  };
}
