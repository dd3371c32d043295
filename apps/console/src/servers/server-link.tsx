import Link from '@cloudscape-design/components/link';
import type { ReactNode } from 'react';
import { useNavigation } from '../shell/navigation.tsx';
import { serverHref } from '../shell/route.ts';

export interface ServerLinkProps {
  readonly sourceServerID: string;
  readonly name: string;
}

export function ServerLink({ sourceServerID, name }: ServerLinkProps): ReactNode {
  const { follow } = useNavigation();
  return (
    <Link href={serverHref(sourceServerID)} onFollow={follow}>
      {name}
    </Link>
  );
}
