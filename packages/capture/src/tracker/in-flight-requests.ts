/**
 * The writes of one disk that the kernel has given to the device and not yet finished. A completion may cover
 * a part of its request: then the rest stays in flight and starts where the part ended (kernel-tracing.md,
 * "Partial completion"). At most the queue depth of the device, so a plain list is the fastest structure.
 */
export interface InFlightRequest {
  sector: number;
  sectorCount: number;
  readonly issuedNs: number;
}

export class InFlightRequests {
  readonly #requests: InFlightRequest[] = [];

  get count(): number {
    return this.#requests.length;
  }

  /** The longest-waiting request's issue, `undefined` when nothing is in flight. */
  get oldestIssueNs(): number | undefined {
    if (this.#requests.length === 0) return undefined;
    return this.#requests.reduce((oldest, request) => Math.min(oldest, request.issuedNs), Infinity);
  }

  issue(sector: number, sectorCount: number, issuedNs: number): void {
    this.#requests.push({ sector, sectorCount, issuedNs });
  }

  /**
   * A completion, or a requeue (which takes the issue back; the request is issued again later), of all or a
   * part. True when it belongs to a known request; false for one issued before tracking began.
   */
  end(sector: number, sectorCount: number): boolean {
    const index = this.#findRequest(sector, sectorCount);
    const request = this.#requests[index];
    if (request === undefined) return false;
    const end = request.sector + request.sectorCount;
    if (sector === request.sector && sectorCount < request.sectorCount) {
      request.sector += sectorCount;
      request.sectorCount -= sectorCount;
    } else if (sector > request.sector && sector + sectorCount < end) {
      return true;
    } else if (sector > request.sector) {
      request.sectorCount = sector - request.sector;
    } else {
      this.#remove(index);
    }
    return true;
  }

  overlaps(sector: number, sectorCount: number): boolean {
    const end = sector + sectorCount;
    return this.#requests.some(
      (request) => request.sector < end && sector < request.sector + request.sectorCount,
    );
  }

  forEach(visit: (request: Readonly<InFlightRequest>) => void): void {
    this.#requests.forEach(visit);
  }

  /** Forgets those whose completion was taken for another request's. */
  forgetIssuedBefore(timeNs: number): void {
    for (let index = this.#requests.length - 1; index >= 0; index -= 1) {
      if ((this.#requests[index]?.issuedNs ?? timeNs) < timeNs) this.#remove(index);
    }
  }

  clear(): void {
    this.#requests.length = 0;
  }

  /** The same range; else one that begins there (a part of it ended); else one that contains the range. */
  #findRequest(sector: number, sectorCount: number): number {
    const same = this.#requests.findIndex(
      (request) => request.sector === sector && request.sectorCount === sectorCount,
    );
    if (same >= 0) return same;
    const begun = this.#requests.findIndex(
      (request) => request.sector === sector && request.sectorCount > sectorCount,
    );
    if (begun >= 0) return begun;
    return this.#requests.findIndex(
      (request) => request.sector <= sector && sector + sectorCount <= request.sector + request.sectorCount,
    );
  }

  #remove(index: number): void {
    const last = this.#requests.pop();
    if (last !== undefined && index < this.#requests.length) this.#requests[index] = last;
  }
}
