/** What travels on the wire, as the screens rely on it. Times are RFC 3339 UTC; durations end in _s. */

export type Names = Record<string, string>;
export type Staff = { staff_no: string; name: string };
export type Reason = { code: string; [fact: string]: unknown };
export type Wait = { p10_s?: number; p50_s: number; p90_s: number };

export type ServiceType = {
  code: string;
  names: Names;
  hints: Names;
  ticket_class: string;
  typical_s: number;
  icon: string;
  tile?: boolean;
};

/** One visit as lobby staff see it. */
export type Visit = {
  visit_id: string;
  customer_id: string | null;
  state: "arrived" | "routed" | "in_service" | "left";
  arrived_at: string;
  masked_name: string | null;
  tier: string | null;
  tier_as_of: string | null;
  service_level: "ordinary" | "vip" | "vulnerable" | "appointment";
  need: { code: string; reason: Reason | null } | null;
  greeting: Reason;
  party_size: number;
  service_type: string | null;
  route: string | null;
  ticket_id: string | null;
  claimed_by: Staff | null;
  claimed_until: string | null;
  language: string;
  promise_s: number;
  level_reason?: Reason | null;
  appointment?: { starts_at: string; service_type: string; staff: Staff | null } | null;
  companion_of?: string | null;
  device?: { code: string; names: Names; zone: string | null } | null;
  at_machine?: boolean;
  recommendation?: Recommendation | null;
  greeted_by?: Staff | null;
  undo_until?: string | null;
};

/** Everything about who stands here that a colleague may see now; `accounts` only with the claim. */
export type CustomerCard = {
  customer_id: string;
  visit_id: string;
  masked_name: string;
  is_prospect: boolean;
  tier: { code: string; as_of: string };
  tags: { name: string; source: string; as_of: string }[];
  accounts: { kind: string; band: string; currency: string }[] | null;
  rating: { level: number; rated_on: string; is_fresh: boolean } | null;
  consents: { purpose: string; holds: boolean; until: string | null }[];
  do_not_contact: boolean;
  owner: Staff | null;
  appointments: { id: string; starts_at: string; service_type: string; staff: Staff | null; state: string }[];
  past_visits: { visit_id: string; arrived_at: string; service_type: string | null; left_because: string | null }[];
};

/** What to offer this customer, why, and what they said. */
export type Recommendation = {
  offer_id: string;
  product: string;
  names: Names;
  reason: Reason;
  answer: "accepted" | "declined" | "deferred" | null;
};

export type Device = {
  id: string;
  kind: string;
  name: string;
  seen_at: string | null;
  is_alive: boolean;
  health: Record<string, string | number>;
  service_point: string | null;
  zone: string | null;
};

/** One thing that befell a visit. */
export type Touch = { at: string; code: string; by: Staff | null; facts: Record<string, any> };

/** A ticket; devices and the wall get only number, class, state, times, service point and language. */
export type Ticket = {
  id?: string;
  number: string;
  ticket_class: string;
  visit_id?: string;
  service_type?: string;
  state: "waiting" | "called" | "in_service" | "finished" | "cancelled" | "missed" | "parked" | "delayed";
  service_level?: string;
  arrived_at: string;
  issued_at?: string;
  called_at: string | null;
  started_at?: string | null;
  finished_at?: string | null;
  service_point: string | null;
  language: string;
  call_count?: number;
  recall_count?: number;
  /** Only of a call, for everybody: why somebody who came later went first. */
  reason?: "cap" | "priority" | "help" | "staff" | null;
  overtake_cap?: number;
  overtaken?: number;
  overtaken_by_hand?: number;
  only_at?: string | null;
};

/** Why a ticket was called when it was: all that the rule looked at. */
export type Why = {
  rule_version: string;
  called_at: string;
  service_point: string;
  reason: string;
  hand_reason: string | null;
  candidates: Candidate[];
  replayed_equal: boolean | null;
};
export type Candidate = {
  number: string;
  waited_s: number;
  weight: number;
  score: number;
  overtaken: number;
  service_level: string;
  overtake_cap: number;
  passed: boolean;
};

/** What somebody must come for; `leased_to` is who is asked now. */
export type Alert = {
  id: string;
  kind: string;
  urgency: "meet" | "help" | "fault";
  visit_id: string | null;
  ticket_id: string | null;
  service_point: string | null;
  device_id: string | null;
  raised_at: string;
  respond_by: string;
  rung: "lobby" | "rm" | "head";
  state: "raised" | "acknowledged" | "ended";
  leased_to: Staff | null;
  acknowledged_by: Staff | null;
  facts: Record<string, any>;
};

/** How the queue stands as a whole; only staff are told who is served by nobody. */
export type Queue = {
  discipline: string;
  rule_version: string;
  overtake_cap: number;
  is_degraded: boolean;
  kiosks_down: boolean;
  machines_down: boolean;
  points_open: number;
  points_planned: number | null;
  is_crowded?: boolean;
  unserved?: string[];
};

export type ServicePoint = {
  code: string;
  kind: "window" | "desk" | "machine";
  names: Names;
  state: "open" | "closed";
  serves: string[];
  staff: Staff | null;
};

export type Branch = { code: string; names: Names; timezone: string; business_day: string };

/** The lobby of one branch at one moment, as one audience may see it. */
export type Lobby = {
  epoch: string;
  seq: number;
  server_time: string;
  audience: string;
  branch: Branch;
  service_types: ServiceType[];
  visits: Visit[];
  tickets: Ticket[];
  service_points: ServicePoint[];
  devices: Device[];
  alerts: Alert[];
  queue: Queue;
  expected_wait: Record<string, Wait>;
};

export type LobbyEvent = { seq: number; prev_seq: number; type: string; at: string; data: any };
export type News = { epoch: string; events: LobbyEvent[] };
export type Beat = { epoch: string; seq: number };

/** What the kiosk learns when a customer arrived. */
export type Arrival = {
  visit_id: string;
  customer: { masked_name: string } | null;
  greeting: Reason;
  services: {
    code: string;
    name: Names | string;
    route: string;
    expected_wait: Wait | null;
    device?: Machine | null;
    reason?: Reason;
  }[];
  suggested: string | null;
  need: { code: string; reason: Reason | null } | null;
  ticket: RunningTicket | null;
};

/** The ticket of a customer who checked in before. */
export type RunningTicket = { number: string; state: Ticket["state"]; service_point: string | null };

/** A self-service machine, as a customer is sent to it. */
export type Machine = { code: string; names: Names; zone: string | null; kind: string };

/** A way that is faster than the one chosen, and still open. */
export type FasterWay = { route: string; device: Machine; wait_s: number | null };

/** Where to go now: to a machine, or with a ticket into the line; `running` is the ticket held meanwhile. */
export type RoutedVisit = {
  route: string;
  device?: Machine | null;
  ticket?: Issued | null;
  running?: RunningTicket | null;
  faster?: FasterWay | null;
};

/** What the kiosk learns when a ticket was issued. */
export type Issued = {
  id: string;
  number: string;
  ticket_key: string;
  url: string | null;
  ahead: number;
  expected_wait: Wait | null;
  overtake_cap: number | null;
};

/** One staff member that the demo lets in with one touch. */
export type SignIn = { staff_no: string; name: string; roles: string[]; branch: string; password: string; opens: string };

/** What the server tells a page's script at the start. */
export type Page = {
  page: string;
  lang: string;
  demo: boolean;
  icons: string;
  words?: Record<string, string>;
  csrf: string | null;
  me: { staff_no: string; name: string; roles: string[]; branch: string } | null;
  branch: { code: string; names: Names; timezone: string } | null;
  bank: { names: Names };
  decoder?: { worker: string; reader: string; wasm: string };
  /** Whether there are clips to speak with. */
  voice?: boolean;
  sign_ins?: SignIn[];
  next?: string;
  branches?: { code: string; names: Names }[];
};
