/** What stands in a list without anything in it: what it is for, and how it gets its first. */
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';

export interface EmptyListProps {
  readonly title: string;
  readonly text: string;
  /** The way to the first. */
  readonly children?: ReactNode;
}

export function EmptyList({ title, text, children }: EmptyListProps): ReactNode {
  return (
    <Box textAlign="center" padding="l">
      <SpaceBetween size="s">
        <Box variant="h2">{title}</Box>
        <Box color="text-body-secondary">{text}</Box>
        {children}
      </SpaceBetween>
    </Box>
  );
}
