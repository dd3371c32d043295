/** The library of scripts that post-launch actions name, and the values of their parameters. */
import { ApiError, type Handlers, isoDateTime, type Landfall, paginate } from '@landfall/api';
import { complaintAbout, type ScriptDocument } from '../actions/script-document.ts';
import { findDocument, isReadyMade, listDocuments } from '../actions/script-library.ts';
import { sealParameter } from '../identity/script-secrets.ts';
import type { Service } from '../service.ts';
import { listAllActions } from '../store/post-launch-actions.ts';
import type { Queries } from '../store/schema.ts';
import {
  deleteParameter,
  deleteScript,
  findScript,
  insertScript,
  listParameters,
  type ScriptRecord,
  saveParameter,
} from '../store/scripts.ts';
import { eachServers } from '../store/source-servers.ts';

type Operations = Pick<
  Handlers<'landfall', Service>,
  | 'PutScriptDocument'
  | 'GetScriptDocument'
  | 'ListScriptDocuments'
  | 'DeleteScriptDocument'
  | 'PutScriptParameter'
  | 'ListScriptParameters'
  | 'DeleteScriptParameter'
>;

export const scriptOperations: Operations = {
  PutScriptDocument: async ({ name, script, description, parameters = [] }, { store, clock }) => {
    const document: ScriptDocument = {
      name,
      script,
      parameters,
      ...(description === undefined ? {} : { description }),
    };
    refuseReadyMade(name);
    const complaint = complaintAbout(document);
    if (complaint !== undefined)
      throw ApiError.validation(`The script ${name} cannot be used: ${complaint}.`);
    const record = await store.transaction(async (tx) => {
      const version = ((await findScript(tx, name))?.version ?? 0) + 1;
      const next = { ...document, version, createdAtMs: clock.nowMs() };
      await insertScript(tx, next);
      return next;
    });
    return { document: showDocument(record) };
  },

  GetScriptDocument: async ({ name, version }, { store }) => {
    const found = await findDocument(store.db, name, version);
    if (found === undefined) throw ApiError.notFound(name, 'ScriptDocument');
    return { document: showDocument(found), script: found.script };
  },

  ListScriptDocuments: async (input, { store }) => {
    const page = paginate(await listDocuments(store.db), input, {
      listing: 'ListScriptDocuments',
      sortKeyOf: ({ name }) => name,
    });
    return { ...page, items: page.items.map(showDocument) };
  },

  DeleteScriptDocument: ({ name }, { store }) =>
    store.transaction(async (tx) => {
      refuseReadyMade(name);
      const user = await userOf(tx, name);
      if (user !== undefined) throw inUse(name, 'ScriptDocument', user);
      if (!(await deleteScript(tx, name))) throw ApiError.notFound(name, 'ScriptDocument');
      return {};
    }),

  PutScriptParameter: async ({ name, value, secure = false }, { store, vaults }) => {
    if (value.includes('\0'))
      throw ApiError.validation('value has a zero byte, which no script can be given.');
    const parameter = sealParameter(vaults.scripts, { name, value, secure });
    await store.transaction((tx) => saveParameter(tx, parameter));
    return {};
  },

  ListScriptParameters: async (input, { store }) => {
    const page = paginate(await listParameters(store.db), input, {
      listing: 'ListScriptParameters',
      sortKeyOf: ({ name }) => name,
    });
    const items = page.items.map(({ name, secure, value }) =>
      secure ? { name, secure } : { name, secure, value },
    );
    return { ...page, items };
  },

  DeleteScriptParameter: ({ name }, { store }) =>
    store.transaction(async (tx) => {
      if (!(await deleteParameter(tx, name))) throw ApiError.notFound(name, 'ScriptParameter');
      return {};
    }),
};

function refuseReadyMade(name: string): void {
  if (!isReadyMade(name)) return;
  const why = `${name} comes with Landfall and stays as it is; use another name`;
  throw ApiError.conflict(why, { resourceId: name, resourceType: 'ScriptDocument' });
}

/** Whoever names the document. */
async function userOf(tx: Queries, name: string): Promise<string | undefined> {
  const action = (await listAllActions(tx)).find(({ documentIdentifier }) => documentIdentifier === name);
  if (action !== undefined) return `the action ${action.actionName}`;
  for await (const servers of eachServers(tx)) {
    const server = servers.find(({ launchConfiguration }) =>
      launchConfiguration.postLaunchActions?.ssmDocuments?.some((one) => one.ssmDocumentName === name),
    );
    if (server !== undefined) return `the launch configuration of ${server.sourceServerId}`;
  }
  return undefined;
}

function inUse(resourceId: string, resourceType: string, user: string): ApiError {
  return ApiError.conflict(`${resourceId} is used by ${user}`, { resourceId, resourceType });
}

function showDocument(record: ScriptRecord): Landfall.ScriptDocumentItem {
  const { name, version, description, parameters, createdAtMs } = record;
  const isOurs = isReadyMade(name);
  return {
    name,
    version,
    isReadyMade: isOurs,
    description,
    parameters,
    createdDateTime: isOurs ? undefined : isoDateTime(createdAtMs),
  };
}
