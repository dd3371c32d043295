/** What an empty list says: what would be in it, what that is good for, and how to begin. */
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';

export interface TeachingEmptyProps {
  readonly title: string;
  readonly text: string;
  readonly children?: ReactNode;
}

export function TeachingEmpty({ title, text, children }: TeachingEmptyProps): ReactNode {
  return (
    <Box textAlign="center" padding="l">
      <SpaceBetween size="s">
        <Box variant="h3">{title}</Box>
        <Box color="text-body-secondary">{text}</Box>
        {children}
      </SpaceBetween>
    </Box>
  );
}
