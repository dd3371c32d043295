/** What every machine on this launch host shares. */
import type { Accelerator, MachineHost } from '@landfall/launch';
import type { Clock, Logger } from '@landfall/runtime';
import type { ApplianceTurns } from './conversion/appliance-turns.ts';
import type { KeptConversions } from './conversion/file-kept-conversions.ts';
import type { Limiter } from './conversion/limiter.ts';
import type { ReadyAppliances } from './conversion/ready-appliances.ts';
import type { MachineStore } from './machine/file-machine-store.ts';

export interface HostServices {
  readonly store: MachineStore;
  readonly logger: Logger;
  readonly clock: Clock;
  /** What runs the machines. */
  readonly host: MachineHost;
  readonly accelerator: Accelerator;
  /** As of the last look at the host: firmware may be installed while this program runs. */
  hasUefiFirmware(): boolean;
  /** Appliances are as heavy as machines: few at once. */
  readonly conversions: Limiter;
  /** The appliance for what nobody waits for. */
  readonly inBackground: ApplianceTurns['inBackground'];
  /** Absent: none is kept ready. */
  readonly readyAppliances?: ReadyAppliances;
  /** Who finds out whether there is room to fill in disks: one machine at a time. */
  readonly roomTurns: Limiter;
  readonly kept: KeptConversions;
  /** How long a view that does not answer is waited for at a launch; undefined: as `launch` has it. */
  readonly viewTimeoutSeconds: number | undefined;
  /** Changes when the host is restarted. */
  readonly hostBootId: string;
}
