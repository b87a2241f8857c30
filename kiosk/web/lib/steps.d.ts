/** What the kiosk asks or shows now. */

import type { Arrival, FasterWay, Issued, Machine, RunningTicket } from "#shared/lib/shapes.js";

/** `isTaken`: somebody else was faster at the machine. */
export type ResultStep = {
  name: "result";
  issued: Issued;
  service: string;
  visitId: string;
  faster: FasterWay | null;
  isBusy: boolean;
  isTaken: boolean;
};
export type Step =
  | { name: "home" }
  | { name: "reading" }
  | { name: "choose"; arrival: Arrival; busyWith: string | null }
  | ResultStep
  | { name: "machine"; device: Machine; running: RunningTicket | null }
  | { name: "trouble"; code: string; again: (() => void) | null }
  | { name: "alone"; number: string; service: string }
  | { name: "already"; ticket: RunningTicket }
  | { name: "helped" };
