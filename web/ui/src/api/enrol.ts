/** Devices as dispatch manages them: their credentials and the codes to get them with. */
import { ask, write } from "./client";
import * as decode from "./decode";
import type { Device } from "./types";

export interface ManagedDevice extends Device {
  /** When it was registered, in milliseconds since 1970. */
  created: number | null;
  /** Whether it has a connection to the broker; null where nobody knows. */
  connected: boolean | null;
  by: "secret" | "certificate";
  /** When its certificate ends. */
  expires: number | null;
  /** When what it signed in with before stops working at the latest. */
  oldUntil: number | null;
}

/** One way to hand settings over; link and qr (a data URL) are null for what is too long. */
export interface SetupForm {
  link: string | null;
  qr: string | null;
  file: unknown;
}

/** What a device signs in with, told once. */
export interface Credential {
  id: string;
  /** Empty for a device with a certificate. */
  secret: string;
  certificate: { certificate: string; key: string; authority: string } | null;
  mqtt: string;
  http: string;
  native: SetupForm | null;
  ownTracksMQTT: SetupForm | null;
  ownTracksHTTP: SetupForm | null;
}

export interface EnrolCode {
  id: string;
  device: string;
  prefix: string;
  uses: number;
  expires: number | null;
}

/** A code just made, told once. */
export interface NewEnrolCode extends EnrolCode {
  code: string;
  link: string;
  qr: string;
}

export async function managedDevices(): Promise<ManagedDevice[]> {
  const answer = await (await ask("/devices")).json();
  return decode.each(decode.fields(answer).devices, managed);
}

export async function managedDevice(id: string): Promise<ManagedDevice | null> {
  return managed(await (await ask(devicePath(id))).json());
}

export interface NewDevice {
  id: string;
  name: string;
  kind: string;
  credential: string;
}

export async function addDevice(device: NewDevice): Promise<Credential> {
  return credential(await post("/devices?qr=true", device));
}

/** Gives a device another credential; the one before works for grace, such as 24h, or not at all if that is empty. */
export async function renewCredential(id: string, kind: "secret" | "certificate", grace: string): Promise<Credential> {
  return credential(await post(`${devicePath(id)}/${kind}${kind === "secret" ? "?qr=true" : ""}`, grace ? { grace } : {}));
}

export async function revokeDevice(id: string): Promise<void> {
  await ask(devicePath(id), { method: "DELETE" });
}

export async function enrolCodes(): Promise<EnrolCode[]> {
  const answer = await (await ask("/enrol-codes")).json();
  return decode.each(decode.fields(answer).codes, enrolCode);
}

export interface CodeRequest {
  device?: string;
  prefix?: string;
  name?: string;
  kind?: string;
  uses?: number;
  valid: string;
}

export async function makeEnrolCode(request: CodeRequest): Promise<NewEnrolCode> {
  const from = decode.fields(await post("/enrol-codes", request));
  const code = enrolCode(from);
  if (!code) throw new Error("the server made a code without an id");
  return { ...code, code: decode.string(from.code), link: decode.string(from.link), qr: decode.string(from.qr) };
}

export async function revokeEnrolCode(id: string): Promise<void> {
  await ask(`/enrol-codes/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/** Whether an address is one that only this machine knows. */
export function loopback(address: string): boolean {
  const { hostname } = new URL(address);
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}

async function post(path: string, body: unknown): Promise<unknown> {
  return (await write(path, body)).json();
}

function devicePath(id: string): string {
  return `/devices/${encodeURIComponent(id)}`;
}

export function managed(value: unknown): ManagedDevice | null {
  const device = decode.device(value);
  if (!device) return null;
  const from = decode.fields(value);
  const signIn = decode.fields(from.sign_in);
  return {
    ...device,
    created: decode.instant(from.created),
    connected: typeof from.connected === "boolean" ? from.connected : null,
    by: signIn.by === "certificate" ? "certificate" : "secret",
    expires: decode.instant(signIn.expires),
    oldUntil: decode.instant(signIn.old_until),
  };
}

export function credential(value: unknown): Credential {
  const from = decode.fields(value);
  const setup = decode.fields(from.setup);
  const certificate = decode.fields(from.certificate);
  const pem = { certificate: decode.string(certificate.certificate), key: decode.string(certificate.key), authority: decode.string(certificate.authority) };
  return {
    id: decode.string(from.id),
    secret: decode.string(from.secret),
    certificate: pem.certificate ? pem : null,
    mqtt: decode.string(setup.mqtt),
    http: decode.string(setup.http),
    native: form(setup.native),
    ownTracksMQTT: form(setup.owntracks_mqtt),
    ownTracksHTTP: form(setup.owntracks_http),
  };
}

function form(value: unknown): SetupForm | null {
  if (value === null || value === undefined) return null;
  const { link, qr, file } = decode.fields(value);
  return { link: decode.string(link) || null, qr: decode.string(qr) || null, file };
}

function enrolCode(value: unknown): EnrolCode | null {
  const from = decode.fields(value);
  const id = decode.string(from.id);
  if (!id) return null;
  return { id, device: decode.string(from.device), prefix: decode.string(from.prefix), uses: decode.number(from.uses) ?? 1, expires: decode.instant(from.expires) };
}
