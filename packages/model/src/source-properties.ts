/** What the agent says of its server. Names: public MGN API, SourceProperties. */
export interface SourceProperties {
  readonly lastUpdatedDateTime: string;
  readonly recommendedInstanceType: string;
  readonly identificationHints: {
    readonly fqdn?: string;
    readonly hostname: string;
    readonly vmWareUuid?: string;
  };
  readonly networkInterfaces: readonly {
    readonly macAddress: string;
    readonly ips: readonly string[];
    readonly isPrimary: boolean;
    /** With prefix lengths, `192.0.2.10/24`; absent of older agents. */
    readonly addresses?: readonly { readonly address: string; readonly gateway?: string }[];
  }[];
  /** Of the resolver; absent of older agents. */
  readonly nameServers?: readonly string[];
  readonly disks: readonly { readonly deviceName: string; readonly bytes: number }[];
  readonly cpus: readonly { readonly cores: number; readonly modelName: string }[];
  readonly ramBytes: number;
  readonly os: { readonly fullString: string };
  /** By which firmware the running system was started; absent of older agents. */
  readonly bootMode?: 'LEGACY_BIOS' | 'UEFI';
}

/** A disk of a source server as the agent names it to everybody else. */
export interface SourceDisk {
  /**
   * Stable for the life of the server: `disk-0`, `disk-1` … in the order the agent found them; never given to
   * another disk, not even when this one is gone.
   */
  readonly diskId: string;
  /** `/dev/nvme0n1`; may change at a reboot, `diskId` does not. */
  readonly deviceName: string;
  readonly sizeBytes: number;
  readonly isBootDisk: boolean;
}
