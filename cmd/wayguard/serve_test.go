package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// again starts the server once more on the same folder and ports.
func (p *process) again(t *testing.T) {
	t.Helper()
	p.launch(t, "serve", "--data", p.dir, "--http", p.http, "--mqtt", p.mqtt)
}

func TestAdminTokenStaysInForce(t *testing.T) {
	p := startServe(t, t.TempDir())
	p.createDevice(t, "van")
	p.interrupt(t)
	p.token = ""
	p.again(t)
	p.call(t, http.MethodGet, "/api/v1/devices/van", nil, http.StatusOK, nil)
	p.interrupt(t)
	p.token = strings.Repeat("x", 32)
	p.again(t)
	if status, body := p.send(t, http.MethodGet, "/api/v1/devices", nil); status != http.StatusUnauthorized {
		t.Errorf("the old token after a new one: %d %s", status, body)
	}
}

// TestMistakes starts the program in ways that cannot work and wants exit
// status 2 and a sentence that names what to change.
func TestMistakes(t *testing.T) {
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	running := startServe(t, t.TempDir())
	free := func() string { return freeAddress(t) }
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"no command":        {nil, "serve"},
		"unknown flag":      {[]string{"serve", "--dta", "x"}, "--dta"},
		"no data folder":    {[]string{"serve"}, "--data"},
		"HTTP port taken":   {[]string{"serve", "--data", t.TempDir(), "--http", running.http, "--mqtt", free()}, "--http"},
		"MQTT port taken":   {[]string{"serve", "--data", t.TempDir(), "--http", free(), "--mqtt", running.mqtt}, "--mqtt"},
		"open lab":          {[]string{"serve", "--data", t.TempDir(), "--http", free(), "--mqtt", "0.0.0.0:0", "--mqtt-lab"}, "loopback"},
		"boxes' port taken": {[]string{"serve", "--data", t.TempDir(), "--http", free(), "--mqtt", free(), "--teltonika", running.mqtt}, "--teltonika"},
		"demo, HTTP taken":  {[]string{"demo", "--http", running.http, "--mqtt", free()}, "--http"},
		"demo, MQTT taken":  {[]string{"demo", "--http", free(), "--mqtt", running.mqtt}, "--mqtt"},
		"folder in use":     {[]string{"serve", "--data", running.dir, "--http", free(), "--mqtt", free()}, "in use"},
		"folder is a file":  {[]string{"serve", "--data", file, "--http", free(), "--mqtt", free()}, "--data"},
		"key without cert":  {[]string{"serve", "--data", t.TempDir(), "--http", free(), "--mqtt", free(), "--tls-key", file}, "--tls-cert"},
		"bad public URL":    {[]string{"serve", "--data", t.TempDir(), "--http", free(), "--mqtt", free(), "--public-url", "fleet.example"}, "public URL"},
		"bad MQTT URL":      {[]string{"serve", "--data", t.TempDir(), "--http", free(), "--mqtt", free(), "--public-mqtt", "fleet.example"}, "public MQTT URL"},
		"bad tile URL":      {[]string{"serve", "--data", t.TempDir(), "--http", free(), "--mqtt", free(), "--tile-url", "x"}, "tile URL"},
		"bad duration":      {[]string{"demo", "--for", "soon"}, "--for"},
		"bad demo format":   {[]string{"demo", "--format", "xml"}, "--format"},
		"replay, no plan":   {[]string{"replay", file}, "--plan"},
		"replay, no traces": {[]string{"replay", "--plan", file}, "trace"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(binary, test.args...)
			cmd.WaitDelay = 10 * time.Second
			out, err := cmd.CombinedOutput()
			if status := cmd.ProcessState.ExitCode(); err == nil || status != exitUsage {
				t.Errorf("exit status %d, want %d:\n%s", status, exitUsage, out)
			}
			if !strings.Contains(string(out), test.says) {
				t.Errorf("the message does not name %s:\n%s", test.says, out)
			}
		})
	}
}

// TestDemoEndsByItself runs the demo as the README tells.
func TestDemoEndsByItself(t *testing.T) {
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(binary, "demo", "--for", "3s", "--http", freeAddress(t), "--mqtt", freeAddress(t)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	for _, want := range []string{"/signin/", "positions sent", "acknowledged"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the demo does not print %q:\n%s", want, out)
		}
	}
}
