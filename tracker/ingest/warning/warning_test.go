package warning

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// data is the folder of recorded messages.
func data(t testing.TB) string {
	t.Helper()
	root := os.Getenv("WAYGUARD_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared", "data")
	}
	folder := filepath.Join(root, "cap_alerts")
	if _, err := os.Stat(folder); err != nil {
		if slices.Contains(strings.Split(os.Getenv("WAYGUARD_REQUIRE"), ","), "data") {
			t.Fatal(err)
		}
		t.Skipf("no recorded messages: %v", err)
	}
	return folder
}

// recorded is what the messages of a file make, counted by hand in its text.
var recorded = map[string]struct {
	messages, polygons, circles int
	ignored                     string // part of why a lone message makes no zone
	refused                     string // part of the error
}{
	"google_amber.atom":                                 {messages: 1, ignored: "no polygon"},
	"google_australia.cap":                              {messages: 1, circles: 1},            // the same circle in two infos
	"google_canada.cap":                                 {messages: 1, ignored: "no polygon"}, // all clear
	"google_canada_errors.cap":                          {messages: 1, ignored: "no polygon"}, // all clear
	"google_earthquake.cap":                             {messages: 1, ignored: "no polygon"}, // past
	"google_noaa_errors.cap":                            {refused: "is no latitude and longitude"},
	"google_thunderstorm.cap":                           {messages: 1, polygons: 1},
	"google_wcatwc-warning.cap":                         {messages: 1, ignored: "no polygon"}, // codes of a register
	"google_weather.cap":                                {messages: 1, ignored: "no polygon"},
	"google_xee.cap":                                    {refused: "invalid character entity"}, // an entity that reads a file
	"ibm_nws_atom_feed_example.xml":                     {messages: 163, polygons: 99},
	"oasiscap_google-PAAQ-4-mg5a94.xml":                 {messages: 1, ignored: "no polygon"}, // past
	"oasiscap_ipaws-5e6dd964023f1930ef638846.xml":       {messages: 1, ignored: "no polygon"},
	"oasiscap_ipaws-5e6dd9de023f1930ef6548d9.xml":       {messages: 1, ignored: "takes others back"},
	"oasiscap_ipaws-5e7e0fc5023f1930efcf3deb.xml":       {messages: 1, polygons: 1},
	"oasiscap_nws-5c2cf27b1f56885d61654dc47fa411d5.xml": {messages: 1, ignored: "no polygon"},
	"oasiscap_v1dot0_appendix_adot1.xml":                {messages: 1, ignored: "no polygon"},
	"oasiscap_v1dot0_appendix_adot2.xml":                {messages: 1, polygons: 1},
	"oasiscap_v1dot0_appendix_adot3.xml":                {messages: 1, ignored: "no polygon"}, // past
	"oasiscap_v1dot0_appendix_adot4.xml":                {messages: 1, ignored: "no polygon"},
	"oasiscap_v1dot1_appendix_adot1.xml":                {messages: 1, ignored: "no polygon"},
	"oasiscap_v1dot1_appendix_adot2.xml":                {messages: 1, polygons: 1},
	"oasiscap_v1dot1_appendix_adot3.xml":                {messages: 1, ignored: "no polygon"},
	"oasiscap_v1dot1_appendix_adot4.xml":                {messages: 1, ignored: "no polygon"},
	"oasiscap_v1dot2_appendix_adot1.xml":                {messages: 1, ignored: "no polygon"},
	"oasiscap_v1dot2_appendix_adot2.xml":                {messages: 1, polygons: 1},
	"oasiscap_v1dot2_appendix_adot3.xml":                {messages: 1, ignored: "no polygon"},
	"oasiscap_v1dot2_appendix_adot4.xml":                {messages: 1, ignored: "no polygon"},
}

func TestRecorded(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(data(t), "*.*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		messages, err := Parse(text)
		want, known := recorded[name]
		if !known {
			t.Logf("%s: %d messages, %v", name, len(messages), err)
			continue
		}
		if want.refused != "" {
			if !errors.Is(err, ErrCAP) || !strings.Contains(err.Error(), want.refused) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		polygons, circles := count(messages)
		if len(messages) != want.messages || polygons != want.polygons || circles != want.circles {
			t.Errorf("%s: %d messages, %d polygons, %d circles, want %+v", name, len(messages), polygons, circles, want)
		}
		if want.ignored != "" && !strings.Contains(messages[0].Ignored, want.ignored) {
			t.Errorf("%s: ignored since %q", name, messages[0].Ignored)
		}
	}
}

func count(messages []Message) (polygons, circles int) {
	for _, m := range messages {
		if m.Hazard == nil {
			continue
		}
		for _, z := range m.Hazard.Zones {
			polygons, circles = polygons+len(z.Polygons), circles+len(z.Circles)
		}
	}
	return polygons, circles
}

// alertText is an alert with some of its parts given.
func alertText(kind, status, references, info string) []byte {
	return []byte(`<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>A1</identifier><sender>office@example.org</sender>
<sent>2026-03-01T08:00:00+01:00</sent><status>` + status + `</status><msgType>` + kind + `</msgType><scope>Public</scope>
<references>` + references + `</references>` + info + `</alert>`)
}

const flood = `<info><event>Flood</event><urgency>Immediate</urgency><severity>Severe</severity><certainty>Likely</certainty>
<onset>2026-03-01T09:00:00+01:00</onset><expires>2026-03-01T18:00:00+01:00</expires>
<area><areaDesc>River bank</areaDesc><polygon>50,8 50,8.1 50.1,8.1 50,8</polygon><circle>51,9 2.5</circle></area></info>`

func TestWhatAZoneIs(t *testing.T) {
	messages, err := Parse(alertText("Alert", "Actual", "", flood))
	if err != nil {
		t.Fatal(err)
	}
	z := messages[0].Hazard.Zones[0]
	if z.Event != "Flood" || z.Severity != "Severe" || z.Area != "River bank" {
		t.Errorf("zone %+v", z)
	}
	if want := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC); !z.From.Equal(want) || !z.Until.Equal(want.Add(9*time.Hour)) {
		t.Errorf("from %s until %s", z.From, z.Until)
	}
	if p := z.Polygons[0][0]; len(p) != 4 || p[1][0] != 8.1 || p[1][1] != 50 {
		t.Errorf("polygon %v", p)
	}
	if c := z.Circles[0]; c.Center[0] != 9 || c.Center[1] != 51 || c.RadiusMeters != 2500 {
		t.Errorf("circle %+v", c)
	}
	open := strings.Replace(strings.Replace(flood, "expires>", "gone>", 2), "onset>", "none>", 2)
	messages, err = Parse(alertText("Alert", "Actual", "", open))
	if err != nil {
		t.Fatal(err)
	}
	if z := messages[0].Hazard.Zones[0]; z.Until.Sub(z.From) != 24*time.Hour || z.From.Hour() != 7 {
		t.Errorf("from %s until %s", z.From, z.Until)
	}
}

func TestUpdatesAndCancellations(t *testing.T) {
	first, err := Parse(alertText("Alert", "Actual", "", flood))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"Update", "Cancel"} {
		m, err := Parse(alertText(kind, "Actual", "office@example.org,A1,2026-03-01T08:00:00+01:00\n office@example.org,A0,2026-02-01T08:00:00+01:00", flood))
		if err != nil || len(m[0].Superseded) != 2 || m[0].Superseded[0] != first[0].Hazard.ID {
			t.Errorf("%s: %+v, %v", kind, m, err)
			continue
		}
		if (m[0].Hazard != nil) != (kind == "Update") {
			t.Errorf("%s: %+v", kind, m[0])
		}
	}
	for _, status := range []string{"Exercise", "Test", "System", "Draft"} {
		m, err := Parse(alertText("Cancel", status, "office@example.org,A1,2026-03-01T08:00:00+01:00", flood))
		if err != nil || m[0].Hazard != nil || m[0].Superseded != nil || !strings.Contains(m[0].Ignored, status) {
			t.Errorf("%s: %+v, %v", status, m, err)
		}
	}
}

func TestRefused(t *testing.T) {
	good := string(alertText("Alert", "Actual", "", flood))
	for what, text := range map[string]string{
		"there is no alert":         `<feed></feed>`,
		"EOF":                       good[:len(good)-4],
		"no identifier":             strings.Replace(good, "A1", " ", 1),
		"sent must be":              strings.Replace(good, "08:00:00+01:00</sent>", "08:00</sent>", 1),
		"status must be":            strings.Replace(good, "Actual", "Real", 1),
		"msgType must be":           strings.Replace(good, ">Alert<", ">Warning<", 1),
		"expires must be":           strings.Replace(good, "18:00:00+01:00", "evening", 1),
		"four pairs or more":        strings.Replace(good, "50.1,8.1 50,8<", "50.1,8.1 50,7<", 1),
		"no latitude and longitude": strings.Replace(good, "50,8.1", "NaN,8.1", 1),
		"a number of kilometres":    strings.Replace(good, "51,9 2.5", "51,9 -2.5", 1),
		"it must be a pair and":     strings.Replace(good, "51,9 2.5", "51 9 2.5", 1),
		"is no latitude":            strings.Replace(good, "51,9", "91,9", 1),
	} {
		if m, err := Parse([]byte(text)); !errors.Is(err, ErrCAP) || !strings.Contains(err.Error(), what) || m != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	// One of a feed that is wrong does not take the others with it.
	feed := `<feed>` + `<entry><content>` + good + `</content></entry><entry><content>` + strings.Replace(good, "Actual", "Real", 1) + `</content></entry></feed>`
	m, err := Parse([]byte(feed))
	if err != nil || len(m) != 2 || m[0].Hazard == nil || !strings.Contains(m[1].Ignored, "status") {
		t.Errorf("feed: %+v, %v", m, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(alertText("Alert", "Actual", "", flood))
	f.Add(alertText("Update", "Actual", "a,b,c", ""))
	f.Add([]byte(`<feed xmlns:cap="x"><entry><id>1</id><updated>2026-03-01T08:00:00Z</updated><cap:status>Actual</cap:status><cap:msgType>Alert</cap:msgType><cap:polygon>1,2 3,4 5,6 1,2</cap:polygon></entry></feed>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		messages, err := Parse(text)
		if (err == nil) == (len(messages) == 0) {
			t.Fatalf("%d messages, %v", len(messages), err)
		}
		for _, m := range messages {
			if m.Hazard == nil && m.Ignored == "" {
				t.Error("a message that says nothing is not said to be ignored")
			}
		}
	})
}
