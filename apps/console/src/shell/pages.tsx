/** The code of every page, loaded when it is opened. A page is a component without properties. */
import { type ComponentType, createContext, type LazyExoticComponent, lazy, useContext } from 'react';
import { PAGE_TABLE, type PagePattern, type PageRow } from './page-table.ts';
import { matchPath, type RouteParameters } from './route.ts';

export interface Page extends PageRow {
  readonly load: LazyExoticComponent<ComponentType>;
}

const LOADERS: Readonly<Record<PagePattern, () => Promise<ComponentType>>> = {
  '/': async () => (await import('../pages/dashboard/dashboard-page.tsx')).DashboardPage,
  '/servers/add': async () => (await import('../pages/add-server/add-server-page.tsx')).AddServerPage,
  '/servers/:serverId': async () => (await import('../pages/server/server-page.tsx')).ServerPage,
  '/servers': async () => (await import('../pages/servers/servers-page.tsx')).ServersPage,
  '/machines/:machineId': async () => (await import('../pages/machine/machine-page.tsx')).MachinePage,
  '/machines': async () => (await import('../pages/machines/machines-page.tsx')).MachinesPage,
  '/jobs/:jobId': async () => (await import('../pages/job/job-page.tsx')).JobPage,
  '/jobs': async () => (await import('../pages/jobs/jobs-page.tsx')).JobsPage,
  '/applications/:applicationId': async () =>
    (await import('../pages/application/application-page.tsx')).ApplicationPage,
  '/applications': async () => (await import('../pages/applications/applications-page.tsx')).ApplicationsPage,
  '/waves/:waveId': async () => (await import('../pages/wave/wave-page.tsx')).WavePage,
  '/waves': async () => (await import('../pages/waves/waves-page.tsx')).WavesPage,
  '/access/users/:userName': async () => (await import('../pages/access/user-page.tsx')).UserPage,
  '/access/roles/:roleName': async () => (await import('../pages/access/role-page.tsx')).RolePage,
  '/access/policies/:policyName': async () => (await import('../pages/access/policy-page.tsx')).PolicyPage,
  '/access/new-role': async () => (await import('../pages/access/new-role-page.tsx')).NewRolePage,
  '/access/new-policy': async () => (await import('../pages/access/new-policy-page.tsx')).NewPolicyPage,
  '/access': async () => (await import('../pages/access/access-page.tsx')).AccessPage,
  '/audit': async () => (await import('../pages/audit/audit-page.tsx')).AuditPage,
  '/templates/launch/:templateId': async () =>
    (await import('../pages/templates/launch-template-page.tsx')).LaunchTemplatePage,
  '/templates': async () => (await import('../pages/templates/templates-page.tsx')).TemplatesPage,
  '/inventory/imports/:importId': async () => (await import('../pages/inventory/import-page.tsx')).ImportPage,
  '/inventory/exports/:exportId': async () => (await import('../pages/inventory/export-page.tsx')).ExportPage,
  '/inventory': async () => (await import('../pages/inventory/inventory-page.tsx')).InventoryPage,
  '/settings/webhooks/:webhookId': async () =>
    (await import('../pages/settings/webhooks/webhook-page.tsx')).WebhookPage,
  '/settings': async () => (await import('../pages/settings/settings-page.tsx')).SettingsPage,
};

export const PAGES: readonly Page[] = PAGE_TABLE.map((row) => ({
  ...row,
  load: lazy(async () => ({ default: await LOADERS[row.pattern]() })),
}));

export interface FoundPage {
  readonly page: Page;
  readonly parameters: RouteParameters;
}

export function findPage(path: string): FoundPage | undefined {
  for (const one of PAGES) {
    const parameters = matchPath(one.pattern, path);
    if (parameters !== undefined) return { page: one, parameters };
  }
  return undefined;
}

export const ParametersContext = createContext<RouteParameters>({});

/** What stands in the address for `:name`. */
export function useParameter(name: string): string {
  return useContext(ParametersContext)[name] ?? '';
}
