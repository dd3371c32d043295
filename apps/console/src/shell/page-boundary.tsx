/** A page with a fault takes only itself down. */
import Alert from '@cloudscape-design/components/alert';
import { Component, type ReactNode } from 'react';
import { useI18n } from '../i18n/i18n-context.tsx';

interface Fault {
  readonly fault?: string;
}

export class PageBoundary extends Component<{ readonly children: ReactNode }, Fault> {
  override state: Fault = {};

  static getDerivedStateFromError(error: unknown): Fault {
    return { fault: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    const { fault } = this.state;
    return fault === undefined ? this.props.children : <BrokenPage fault={fault} />;
  }
}

function BrokenPage({ fault }: { readonly fault: string }): ReactNode {
  const { t } = useI18n();
  return (
    <Alert type="error" header={t('failure.pageBroke')}>
      {fault}
    </Alert>
  );
}
