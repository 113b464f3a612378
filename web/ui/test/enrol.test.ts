import { expect, test } from "vitest";
import { credential, loopback, managed } from "../src/api/enrol";

const setup = {
  mqtt: "mqtts://fleet.example:8883",
  http: "https://fleet.example",
  native: { link: "wayguard:?id=van", qr: "data:image/png;base64,AA==", file: { id: "van" } },
  owntracks_mqtt: null,
  owntracks_http: { link: null, qr: null, file: {} },
};

test("a secret comes with the forms there are", () => {
  const got = credential({ id: "van", secret: "S3CRET", setup });
  expect(got).toMatchObject({ id: "van", secret: "S3CRET", certificate: null, mqtt: setup.mqtt, http: setup.http, ownTracksMQTT: null });
  expect(got.native).toEqual({ link: "wayguard:?id=van", qr: "data:image/png;base64,AA==", file: { id: "van" } });
  expect(got.ownTracksHTTP).toEqual({ link: null, qr: null, file: {} });
});

test("a certificate whose key stays with the device", () => {
  const got = credential({ id: "van", certificate: { certificate: "C", authority: "A" }, setup: {} });
  expect(got.certificate).toEqual({ certificate: "C", key: "", authority: "A" });
  expect(got.secret).toBe("");
});

test("devices of servers that tell less are shown as far as they go", () => {
  expect(managed({ id: "van" })).toMatchObject({ id: "van", name: "van", connected: null, by: "secret", expires: null, oldUntil: null, last: null });
  expect(managed({ id: "van", connected: false, sign_in: { by: "certificate", expires: "2026-03-03T12:00:00Z" } })).toMatchObject({
    connected: false,
    by: "certificate",
    expires: Date.UTC(2026, 2, 3, 12),
  });
  expect(managed({ name: "no id" })).toBeNull();
});

test.each([
  ["http://localhost:8080", true],
  ["http://127.0.0.1:8080", true],
  ["http://[::1]:8080", true],
  ["https://fleet.example", false],
  ["http://192.168.1.5:8080", false],
])("%s is this machine's alone: %s", (address, alone) => expect(loopback(address)).toBe(alone));
