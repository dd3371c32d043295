/** Addresses of the console, pure: `/console` + path + query. */
export const BASE = '/console';

export type RouteParameters = Readonly<Record<string, string>>;

export interface Location {
  /** Inside the console, beginning with `/`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Parameters of `/servers/:serverId` in a path; `undefined`: another page. */
export function matchPath(pattern: string, path: string): RouteParameters | undefined {
  const wanted = pattern.split('/').filter((part) => part !== '');
  const given = path.split('/').filter((part) => part !== '');
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = decode(given[index] ?? '');
    if (value === undefined) return undefined;
    if (part.startsWith(':')) parameters[part.slice(1)] = value;
    else if (part !== value) return undefined;
  }
  return parameters;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

export function parseLocation(pathname: string, search: string): Location {
  const path = pathname.startsWith(`${BASE}/`) ? pathname.slice(BASE.length) : '/';
  return { path, query: Object.fromEntries(new URLSearchParams(search)) };
}

/** What a link points to. Values that are `undefined` are left out. */
export function hrefOf(path: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
  const search = new URLSearchParams(given).toString();
  return `${BASE}${path}${search === '' ? '' : `?${search}`}`;
}

export function serverHref(sourceServerId: string, query: Readonly<Record<string, string | undefined>> = {}) {
  return hrefOf(`/servers/${encodeURIComponent(sourceServerId)}`, query);
}

export function machineHref(machineID: string): string {
  return hrefOf(`/machines/${encodeURIComponent(machineID)}`);
}

export function jobHref(jobID: string): string {
  return hrefOf(`/jobs/${encodeURIComponent(jobID)}`);
}

export function applicationHref(applicationID: string): string {
  return hrefOf(`/applications/${encodeURIComponent(applicationID)}`);
}

export function waveHref(waveID: string): string {
  return hrefOf(`/waves/${encodeURIComponent(waveID)}`);
}

export function launchTemplateHref(templateID: string): string {
  return hrefOf(`/templates/launch/${encodeURIComponent(templateID)}`);
}
