// Package firmware is the wire format of Wayguard's own trackers: what they
// report, and what is desired of them. This comment is its specification; C
// code for microcontrollers stands in the folder c, test vectors for both in
// testdata/vectors.
//
// # Topics
//
// A device publishes reports to wg/1/<device>/up, with QoS 1, and is
// subscribed to wg/1/<device>/down, where the server says what is desired: when
// the device subscribes, when it changes, and again until the device answers.
// The first byte of a message tells its form: 0x7B, which is {, is JSON (see
// [Report.MarshalJSON]); 1 is the binary form of this version. A receiver
// refuses other values.
//
// # Numbers
//
// A varint is an unsigned number, seven bits a byte, the lowest first, bit 7
// set on all bytes but the last, with no byte more than it needs. A zigzag is a
// signed number n as the varint (n << 1) ^ (n >> 63). Fixed numbers are
// big-endian. Times are milliseconds since 1970-01-01T00:00:00Z, from 0 to
// the end of the year 9999; degrees are whole numbers of 1e-7 degrees.
//
// # Frame
//
//	version   1 byte    1
//	kind      1 byte    low four bits: 1 report, 2 desired state
//	                    high four bits, the seal: 0 none, 1 authenticated,
//	                    2 encrypted
//	boot      4 bytes   of a report: how often the device has started;
//	                    of a desired state: its issue, from 0, see below
//	sequence  4 bytes   of a report: from 1 with each start, a report more by
//	                    1; of a desired state: its version, from 1
//	body      fields, encrypted where the seal is 2
//	tag       16 bytes; 4 bytes where the seal is 0
//
// A frame has at most 65,536 bytes.
//
// A report that is sent again is sent as the same bytes: boot and sequence
// name it, and the server drops what it has. A device whose boot counter is
// lost must be given a new secret. A device has counted a start for good before
// it sends the first report of that start, and where reports outlive a power cut
// it sends none that it has not stored: no two ever share a name.
//
// # Seal
//
// Key is HKDF-Expand with SHA-256 (RFC 5869) of the device's secret, 32 bytes,
// with an info of "wayguard/1/", "up" for reports or "down" for desired states,
// "/auth" or "/seal", and "/", and the device's id. With seal 1 the tag is the
// first 16 bytes of HMAC-SHA-256 under the key over all bytes before it. With
// seal 2 body and tag are AES-256-GCM under the key, the 10 bytes before the
// body as additional data, and as nonce the two bytes version and kind, two of
// zero, boot and sequence. So nothing is ever encrypted twice under one nonce as
// long as the counters only grow.
//
// Seal 0 is for transports that know the device by themselves: MQTT over TLS
// with its credentials. Its tag is the CRC-32 (IEEE 802.3) of all bytes before
// it: it finds what memory or a serial line has damaged, and proves nothing. A
// receiver that has a key takes sealed frames only.
//
// # Fields
//
// The body is a list of fields: number (varint), length (varint), that many
// bytes. A receiver skips numbers that it does not know, and bytes behind those
// that it knows within a field: this is how the format grows. Fields come in
// order of number, and once, but those of numbers 16 to 31 may be repeated. What
// is known is written in one way only: a field that says nothing is left out.
// The text of a field 4 or 23 takes all of it.
//
//	 1  time       zigzag: the device's time as it made the frame; no field if
//	               it has none. Other times are relative to it.
//	 2  fixes      a batch, see below
//	 3  applied    varint: the newest desired state received, from 1; an
//	               outcome (varint): 0 in force, 1 refused, 2 firmware is being
//	               fetched, 3 firmware failed
//	 4  firmware   text: the version that runs
//	16* battery    reading: percent (varint), then millivolts (varint, 0 unknown)
//	17* temperature reading: hundredths of a degree Celsius (zigzag)
//	18* light      reading: lux (varint)
//	19* shock      reading: peak in thousandths of 9.80665 m/s^2 (varint)
//	20* seal       reading: 0 closed, 1 open, 2 cut (varint)
//	21* ignition   reading: 0 off, 1 on (varint)
//	22* button     reading: number of the button, from 1 (varint)
//	23* scan       reading: a bar code or other code, as text
//
// A reading is its time, as a zigzag relative to field 1 (to 0 without one), and
// its value: at most 100 percent, other numbers at most 2,147,483,647. Texts are
// UTF-8 of 1 to 128 bytes. A report holds at most 1,024 readings.
//
// # Batch of fixes
//
//	count      varint, 1 to 1024
//	columns    varint, bits: 0 accuracy, 1 speed, 2 heading, 3 altitude, 4 flags;
//	           8 coordinates in 1e-7 degrees, otherwise in 1e-6
//	time, latitude, longitude, then the columns of bits 0 to 4 that are set
//
// Fixes are in order of time. A column holds a zigzag for each fix, what it
// differs by from the one before, the first one from 0 (in the time column:
// from field 1); from the third fix on, the time column holds the differences
// of these differences. A zigzag of 0 is followed by a varint: how many more
// zeros follow, all there are, which are not written. Longitudes are at least
// -180 and less than 180, and so are their differences, which go the short way
// round: 179.9 to -179.9 is 0.2.
//
// The other columns are there where they say something of at least one fix. In
// those of bits 0 to 3 the value is one more than what was measured, and 0 says
// that the fix has none:
//
//	accuracy   decimetres, up to 1,000,000,000: the radius that holds the true
//	           place with a probability of 68 %
//	speed      fifths of a metre per second, up to 500,000
//	heading    steps of 2 degrees, clockwise from true north, 0 to 179
//	altitude   decimetres above the ellipsoid plus 10,000, up to 10,010,000
//	flags      bits: 0 a mocked position, 1 the receiver reports jamming
//
// # Desired state
//
// The server publishes the whole state whenever it changes, under a version
// that grows, and again until the device has reported it as applied, with an
// issue more each time that it is written anew. A device keeps the newest
// version and issue, over restarts too, and ignores older ones. It carries a
// version out once, whatever the number of its issues, and says in each report
// what became of it, first in one that it makes at once. A seal that is as
// desired already is left as it is.
//
//	 1  time      zigzag: the server's time
//	32  interval  varint: seconds between fixes on the move; then at rest
//	              (varint, 0 the same)
//	33  report    varint: report now, once for each new value
//	34  seal      varint: 0 release, 1 arm
//	35  update    the SHA-256 of a firmware image, 32 bytes; its size in bytes
//	              (varint); length of its version (varint) and its version, a
//	              text; length of the address to fetch it from (varint, 1 to
//	              512) and the address
//
// # JSON
//
// A device may speak JSON instead, with no seal. A report:
//
//	{"wg": 1, "boot": 3, "sequence": 17, "time": 1767225600000,
//	 "fixes": [{"time": 1767225599000, "lat": 48.137154, "lon": 11.576124,
//	            "accuracy_m": 4.5, "speed_mps": 12.2, "heading_deg": 270,
//	            "altitude_m": 519.3, "mocked": true, "jammed": true}],
//	 "applied": {"version": 7, "outcome": "in_force"},
//	 "firmware": "1.4.2",
//	 "readings": [{"time": 1767225599000, "battery_percent": 87, "battery_mv": 3900},
//	              {"time": 1767225599000, "temperature_c": 4.25},
//	              {"time": 1767225599000, "light_lux": 120},
//	              {"time": 1767225599000, "shock_g": 1.125},
//	              {"time": 1767225599000, "seal": "closed"},
//	              {"time": 1767225599000, "ignition": true},
//	              {"time": 1767225599000, "button": 1},
//	              {"time": 1767225599000, "scan": "4006381333931"}]}
//
// and a desired state:
//
//	{"wg": 1, "version": 7, "issue": 0, "time": 1767225600000,
//	 "moving_s": 10, "resting_s": 300, "report": 2, "seal": "arm",
//	 "update": {"sha256": "<64 hexadecimal digits>", "size": 181204,
//	            "version": "1.5.0", "url": "https://example.org/1.5.0.bin"}}
//
// Times are milliseconds, as above. An outcome is in_force, refused, fetching or
// failed; a seal closed, open or cut; a command to a seal arm or release. A
// reading has one value. wg, boot, sequence and version, and of a fix time, lat
// and lon, of a reading its time, must be there; names that are not known are
// skipped, and a name must not stand twice. The limits are those of the binary
// form. Numbers are rounded to its units, but speeds and headings to 0.1 m/s
// and whole degrees. Fixes and readings may come in any order.
package firmware
