/** Every operation of EC2 that is offered; one that is missing does not compile. */
import type { Ec2Handlers } from '@landfall/api';
import type { Service } from '../service.ts';
import { consoleOperations } from './consoles.ts';
import { instancePowerOperations } from './instance-power.ts';
import { instanceStatusOperations } from './instance-status.ts';
import { instanceOperations } from './instances.ts';
import { launchTemplateVersionOperations } from './launch-template-versions.ts';
import { launchTemplateOperations } from './launch-templates.ts';
import { networkOperations } from './networks.ts';
import { placeOperations } from './places.ts';
import { securityGroupOperations } from './security-groups.ts';
import { snapshotOperations } from './snapshots.ts';
import { tagOperations } from './tags.ts';
import { volumeOperations } from './volumes.ts';

export const ec2Handlers: Ec2Handlers<Service> = {
  ...consoleOperations,
  ...instanceOperations,
  ...instancePowerOperations,
  ...instanceStatusOperations,
  ...launchTemplateOperations,
  ...launchTemplateVersionOperations,
  ...networkOperations,
  ...placeOperations,
  ...securityGroupOperations,
  ...snapshotOperations,
  ...tagOperations,
  ...volumeOperations,
};
