import Link from '@cloudscape-design/components/link';
import type { ReactNode } from 'react';
import { useNavigation } from '../shell/navigation.tsx';
import { jobHref } from '../shell/route.ts';

/** Without children: the id. */
export function JobLink(props: { readonly jobID: string; readonly children?: ReactNode }): ReactNode {
  const { jobID, children = jobID } = props;
  const { follow } = useNavigation();
  return (
    <Link href={jobHref(jobID)} onFollow={follow}>
      {children}
    </Link>
  );
}
