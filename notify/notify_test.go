package notify

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"wayguard/tracker"
)

// Every event becomes one message, and each is sent once, across a restart.
func TestEachEventOneMessage(t *testing.T) {
	mail := &sink{channel: Email}
	j := &town{channels: []Channel{Email}}
	h := startHouse(t, t.TempDir(), j, mail)
	h.recipients("van-a", "van-b")
	h.mustEnter("van-a", 40)
	h.mustEnter("van-b", 40)
	h.settled(10*time.Second, 80)
	h.stop()
	h = startHouse(t, h.dir, j, mail)
	h.mustEnter("van-a", 20)
	over := h.settled(10*time.Second, 100)
	seen := make(map[string]bool)
	for _, m := range mail.messages() {
		if seen[m.ID] {
			t.Errorf("message %s was sent twice", m.ID)
		}
		seen[m.ID] = true
	}
	if len(seen) != 100 || len(over) != 100 {
		t.Errorf("%d messages were sent, %d are listed, want 100", len(seen), len(over))
	}
	for i, e := range over {
		if e.State != Sent || e.Receipt != "receipt-"+e.ID+"-email" {
			t.Errorf("message %+v", e)
		}
		if i > 0 && e.Notices[0].Time.After(over[i-1].Notices[0].Time) {
			t.Errorf("message %d is newer than the one before", i)
		}
	}
	// A message is listed a moment before it is counted.
	for deadline := time.Now().Add(30 * time.Second); h.Counts()[Email] != 20; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d messages counted since the start, want 20", h.Counts()[Email])
		}
	}
}

// What was sent can be read by dispatch, and by nobody who has the file.
func TestWhatWasSentIsSealed(t *testing.T) {
	h := startHouse(t, t.TempDir(), &town{channels: []Channel{Push}})
	h.recipients("van-a")
	h.mustEnter("van-a", 1)
	id := h.settled(10*time.Second, 1)[0].ID
	e, sight, err := h.Find(id)
	if err != nil || sight == nil {
		t.Fatalf("found %v, %v, %v", e, sight, err)
	}
	if sight.Address != "secret-van-a@push.example" || sight.Text == "" || sight.HTML != "<p>"+sight.Text {
		t.Errorf("it says %+v", sight)
	}
	h.stop()
	data, err := os.ReadFile(filepath.Join(h.dir, "fleet.db"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(id)) {
		t.Error("the file does not hold the message: the test shows nothing")
	}
	for _, secret := range []string{"secret-", "Name of"} {
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("the file holds %q in plain text", secret)
		}
	}
}

// TestIdsSortByTime has ids of later events sort before those of earlier ones.
func TestIdsSortByTime(t *testing.T) {
	at := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	before := newID(at, "event")
	for range 5000 {
		at = at.Add(73*time.Hour + 11*time.Millisecond)
		id := newID(at, "event")
		if id >= before || len(id) != idTimeDigits+26 {
			t.Fatalf("the id of %v is %s, of earlier ones %s", at, id, before)
		}
		if again := newID(at, "event"); again != id {
			t.Fatalf("%s and %s", id, again)
		}
		before = id
	}
}

// The first start tells of what happened right before, and of nothing older.
func TestFirstStartReadsALittle(t *testing.T) {
	onTime(t, func(t *testing.T) {
		mail := &sink{channel: Email}
		j := &town{channels: []Channel{Email}, hold: time.Hour}
		h := startHouse(t, t.TempDir(), j, mail)
		h.recipients("van-a")
		for range 20 { // for 40 minutes
			h.mustEnter("van-a", 3)
			time.Sleep(2 * time.Minute)
		}
		h.stopNotifier()
		if err := h.fleet.PutRecords(t.Context(), readerBucket, tracker.Record{Key: cursorKey}); err != nil {
			t.Fatal(err)
		}
		if err := h.reader.resume(); err != nil {
			t.Fatal(err)
		}
		// The last 5 of 20, of which each gave 3 times in and, but for the first, out.
		if behind := h.reader.behind(); behind < 5*6-1 || behind > 5*6 {
			t.Errorf("%d events are read, want those of 10 minutes", behind)
		}
		h.stop()
	})
}
