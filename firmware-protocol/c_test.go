package firmware

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestClientInC runs everything against one build.
func TestClientInC(t *testing.T) {
	program := buildC(t)
	for name, test := range map[string]func(*testing.T, string){
		"vectors": testVectorsInC, "random frames": testRandomFramesInC, "wrong reports": testWrongReportsInC,
		"power loss": testPowerLossInC, "failing flash": testFailingFlashInC,
	} {
		t.Run(name, func(t *testing.T) { test(t, program) })
	}
}

// buildC compiles the C client with its test driver and returns the program.
func buildC(t *testing.T) string {
	t.Helper()
	compiler, err := exec.LookPath("cc")
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv("WAYGUARD_REQUIRE"), ","), "cc") {
			t.Fatal("WAYGUARD_REQUIRE names cc, which is missing: apt-get install gcc")
		}
		t.Skip("needs a C compiler: apt-get install gcc")
	}
	sources, err := filepath.Glob("c/*.c")
	tests, err2 := filepath.Glob("c/test/*.c")
	if err != nil || err2 != nil || len(sources) < 5 || len(tests) < 3 {
		t.Fatalf("found only %v and %v", sources, tests)
	}
	program := filepath.Join(t.TempDir(), "driver")
	args := []string{"-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover", "-o", program}
	args = append(append(args, sources...), tests...)
	if out, err := exec.CommandContext(t.Context(), compiler, args...).CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	return program
}

// runC gives the driver commands and returns an answer for each.
func runC(t *testing.T, program string, commands []string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Stdin = strings.NewReader(strings.Join(commands, "\n") + "\n")
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.Output()
	answers := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if err != nil || len(answers) != len(commands) {
		t.Fatalf("the driver: %v, %d answers to %d commands\n%s", err, len(answers), len(commands), errors.String())
	}
	return answers
}

func hexOrDash[T string | []byte](b T) string {
	if len(b) == 0 {
		return "-"
	}
	return hex.EncodeToString([]byte(b))
}

const cSecret, cDevice = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "berta:van-7"

// writeCommand has the driver write r.
func writeCommand(r *Report, secret, device string, p Protection, resolution Resolution) string {
	var b strings.Builder
	finest := 0
	if resolution == Centimetre {
		finest = 1
	}
	fmt.Fprintf(&b, "report %s %s %d %d %d %d %d %d %d %s", secret, device, p, finest, r.Boot, r.Sequence, r.Time,
		r.Applied.Version, r.Applied.Outcome, hexOrDash(r.Firmware))
	fmt.Fprintf(&b, " %d", len(r.Fixes))
	for _, f := range r.Fixes {
		fmt.Fprintf(&b, " %d %d %d %d %d %d %d %d %d", f.Time, f.Lat, f.Lon, f.Accuracy, f.Speed, f.Heading, f.Altitude, f.Known, f.Flags)
	}
	fmt.Fprintf(&b, " %d", len(r.Readings))
	for _, x := range r.Readings {
		fmt.Fprintf(&b, " %d %d %d %d %s", x.Kind, x.Time, x.Value, x.More, hexOrDash(x.Text))
	}
	return b.String()
}

func readCommand(secret, device string, p Protection, frame []byte) string {
	return fmt.Sprintf("desired %s %s %d %s", secret, device, p, hexOrDash(frame))
}

// readAnswer is what the driver says of d.
func readAnswer(d *Desired) string {
	sum, version, url, size := "-", "-", "-", uint32(0)
	if u := d.Update; u != nil {
		sum, version, url, size = hex.EncodeToString(u.SHA256[:]), hexOrDash(u.Version), hexOrDash(u.URL), u.Size
	}
	return fmt.Sprintf("%d %d %d %d %d %d %d %d %s %s %s", d.Version, d.Issue, d.Time, d.Moving/1e9, d.Resting/1e9, d.Report, d.Seal, size, sum, version, url)
}

// The C client writes the frames of the vectors, byte for byte, and reads and
// refuses desired states as they say.
func testVectorsInC(t *testing.T, program string) {
	codes := map[string]string{"frame": "error -3", "version": "error -4", "tag": "error -5"}
	var commands, wants, names []string
	add := func(name, command, want string) {
		names, commands, wants = append(names, name), append(commands, command), append(wants, want)
	}
	for _, v := range readVectors(t) {
		p := vectorSeals[v.Seal]
		switch {
		case v.Kind == "report" && v.Error == "" && !v.Later:
			add(v.Name, writeCommand(v.Report, v.Secret, v.Device, p, v.resolution()), v.Frame)
		case v.Kind == "desired" && v.Error == "":
			add(v.Name, readCommand(v.Secret, v.Device, p, v.frame(t)), readAnswer(v.Desired))
		case v.Kind == "desired":
			add(v.Name, readCommand(v.Secret, v.Device, p, v.frame(t)), codes[v.Error])
		}
	}
	for i, got := range runC(t, program, commands) {
		if got != wants[i] {
			t.Errorf("%s:\ngot  %s\nwant %s", names[i], got, wants[i])
		}
	}
	if len(commands) < 50 {
		t.Errorf("only %d vectors concern C", len(commands))
	}
}

// Random reports give the same bytes in C as in Go, random desired states, whole
// and damaged, are read alike.
func testRandomFramesInC(t *testing.T, program string) {
	const seed = 21
	rng := rand.New(rand.NewPCG(seed, 0))
	secret, err := hex.DecodeString(cSecret)
	if err != nil {
		t.Fatal(err)
	}
	up, err := UpKey(secret, cDevice)
	if err != nil {
		t.Fatal(err)
	}
	down, err := DownKey(secret, cDevice)
	if err != nil {
		t.Fatal(err)
	}
	var commands, wants []string
	add := func(command, want string) {
		commands, wants = append(commands, command), append(wants, want)
	}
	for n := range 800 {
		r, p, resolution := randomReport(rng), Protection(rng.IntN(3)), []Resolution{Decimetre, Centimetre}[rng.IntN(2)]
		if n%100 == 0 {
			r.Fixes = randomFixes(rng, MaxFixes)
		}
		frame, err := r.Append(nil, up, p, resolution)
		if err != nil {
			t.Fatal(err)
		}
		add(writeCommand(&r, cSecret, cDevice, p, resolution), hex.EncodeToString(frame))

		d := randomDesired(rng)
		if frame, err = d.Append(nil, down, p); err != nil {
			t.Fatal(err)
		}
		add(readCommand(cSecret, cDevice, p, frame), readAnswer(&d))
		if body := frame[headSize : len(frame)-checkSize]; p == Plain && len(body) > 0 {
			frame = damage(rng, body, &d)
			add(readCommand(cSecret, cDevice, p, frame), expect(frame))
		}
	}
	for i, got := range runC(t, program, commands) {
		if got != wants[i] {
			t.Fatalf("seed %d, case %d:\n%s\ngot  %s\nwant %s", seed, i, commands[i], got, wants[i])
		}
	}
}

// damage changes a byte of a body, or cuts it, under a checksum that is right.
func damage(rng *rand.Rand, body []byte, d *Desired) []byte {
	body = slices.Clone(body)
	if rng.IntN(4) == 0 {
		body = body[:rng.IntN(len(body))]
	} else {
		body[rng.IntN(len(body))] = byte(pick(rng, 0, 255, 0, 1, 0x80, 0xff))
	}
	return plain(kindDesired, d.Issue, d.Version, body)
}

// expect is what the driver must say of a plain frame.
func expect(frame []byte) string {
	d, err := ParseDesired(frame, nil)
	if err != nil {
		return "error -3"
	}
	return readAnswer(&d)
}

// What Go does not write, C does not write.
func testWrongReportsInC(t *testing.T, program string) {
	good := sample()
	var commands []string
	for _, change := range []func(*Report){
		func(r *Report) { r.Sequence = 0 },
		func(r *Report) { r.Time = -1 },
		func(r *Report) { r.Time = MaxTime + 1 },
		func(r *Report) { r.Applied = Applied{0, Failed} },
		func(r *Report) { r.Applied.Outcome = Failed + 1 },
		func(r *Report) { r.Firmware = "\xff" },
		func(r *Report) { r.Firmware = strings.Repeat("x", MaxText+1) },
		func(r *Report) { r.Fixes[0].Time = r.Fixes[1].Time + 1 },
		func(r *Report) { r.Fixes[0].Lat = quarterTurn + 1 },
		func(r *Report) { r.Fixes[0].Lon = -halfTurn - 1 },
		func(r *Report) { r.Fixes[0].Heading = 360 },
		func(r *Report) { r.Fixes[0].Speed = MaxSpeed + 1 },
		func(r *Report) { r.Fixes[0].Accuracy = MaxAccuracy + 1 },
		func(r *Report) { r.Fixes[0].Altitude = MinAltitude - 1 },
		func(r *Report) { r.Fixes[0].Known = 16 },
		func(r *Report) { r.Fixes = make([]Fix, MaxFixes+1) },
		func(r *Report) { r.Readings[0].Value = 101 },
		func(r *Report) { r.Readings[0].More = -1 },
		func(r *Report) { r.Readings[0].Kind = Scan + 1 },
		func(r *Report) { r.Readings[2].Value = 3 },
		func(r *Report) { r.Readings[3].Text = "\xc0\x80" },
		func(r *Report) { r.Readings[3].Text = "" },
		func(r *Report) { slices.Reverse(r.Readings) },
	} {
		r := good
		r.Fixes, r.Readings = slices.Clone(good.Fixes), slices.Clone(good.Readings)
		change(&r)
		if frame, err := r.Append(nil, nil, Plain, Decimetre); err == nil {
			t.Errorf("case %d: Go writes %x", len(commands)+1, frame)
		}
		commands = append(commands, writeCommand(&r, cSecret, cDevice, Plain, Decimetre))
	}
	for i, got := range runC(t, program, commands) {
		if got != "error -2" {
			t.Errorf("case %d: C says %s", i+1, got)
		}
	}
}
