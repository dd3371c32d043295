/** The operations on what instances have around them: networks, disks, recovery points, tags, places. */
import { flag, list, text } from '../query/query-shape.ts';
import {
  type Ec2Operation,
  FILTERS,
  GROUP_ID,
  input,
  PAGE,
  SNAPSHOT_ID,
  SUBNET_ID,
  VOLUME_ID,
  VPC_ID,
} from './ec2-operation.ts';

const IDS_MAX = 1000;
/** Each is asked of a replication server. */
const SNAPSHOTS_MAX = 100;
const NAMES = list(text(), 200);

export const EC2_SURROUNDINGS_OPERATIONS = {
  DescribeSubnets: {
    input: input({ SubnetId: list(SUBNET_ID, IDS_MAX), Filter: FILTERS, ...PAGE }),
    readonly: true,
  },
  DescribeVpcs: {
    input: input({ VpcId: list(VPC_ID, IDS_MAX), Filter: FILTERS, ...PAGE }),
    readonly: true,
  },
  DescribeSecurityGroups: {
    input: input({ GroupId: list(GROUP_ID, IDS_MAX), GroupName: NAMES, Filter: FILTERS, ...PAGE }),
    readonly: true,
  },
  DescribeVolumes: {
    input: input({ VolumeId: list(VOLUME_ID, IDS_MAX), Filter: FILTERS, ...PAGE }),
    readonly: true,
  },
  DescribeSnapshots: {
    input: input({
      SnapshotId: list(SNAPSHOT_ID, SNAPSHOTS_MAX),
      Owner: NAMES,
      RestorableBy: NAMES,
      Filter: FILTERS,
      ...PAGE,
    }),
    readonly: true,
  },
  DescribeTags: { input: input({ Filter: FILTERS, ...PAGE }), readonly: true },
  DescribeRegions: {
    input: input({ RegionName: NAMES, AllRegions: flag, Filter: FILTERS }),
    readonly: true,
  },
  DescribeAvailabilityZones: {
    input: input({ ZoneName: NAMES, ZoneId: NAMES, AllAvailabilityZones: flag, Filter: FILTERS }),
    readonly: true,
  },
} as const satisfies Record<string, Ec2Operation>;
