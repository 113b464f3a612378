package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"wayguard/tracker"
)

// reporting has a device report until stop, which returns how long each report
// waited to be acknowledged, the shortest wait first.
func (s *testSite) reporting(id tracker.DeviceID) (stop func() []time.Duration) {
	ctx, cancel := context.WithCancel(s.t.Context())
	var waits []time.Duration
	var done sync.WaitGroup
	done.Go(func() {
		for ctx.Err() == nil {
			begun := time.Now()
			s.report(id, fixAt(begun, 8, 50))
			waits = append(waits, time.Since(begun))
			time.Sleep(time.Millisecond)
		}
	})
	return func() []time.Duration { cancel(); done.Wait(); slices.Sort(waits); return waits }
}

// TestLargeImports shows what files cost those who report meanwhile: of 1,000
// rows, or of as many as may be where WAYGUARD_SCALE is set. It fails only where
// it is far off: the machine may be busy with other things.
func TestLargeImports(t *testing.T) {
	rows := 1000
	if scale, _ := strconv.Atoi(os.Getenv("WAYGUARD_SCALE")); scale > 0 {
		rows = maxImport
	}
	s := startSite(t)
	s.device("box")
	var orders, rounds bytes.Buffer
	orders.WriteString("reference,customer.name,customer.phone,address,lon,lat,parcels\n")
	rounds.WriteString("round,sequence,reference\n")
	for i := range rows {
		fmt.Fprintf(&orders, "R%d,N. N.,+49 151 1234567,\"%d, Mill Lane\",8.5,50.5,P%d\n", i, i, i)
		fmt.Fprintf(&rounds, "Round %d,%d,R%d\n", i/1000, i, i)
	}
	for _, file := range []struct {
		path, text string
		created    int
	}{{"/api/v1/deliveries/import", orders.String(), rows}, {"/api/v1/rounds/import", rounds.String(), rows / 1000}} {
		stop := s.reporting("box")
		begun := time.Now()
		var result importJSON
		s.api(http.StatusCreated, http.MethodPost, file.path, withBody("text/csv", file.text)).decode(&result)
		took, waits := time.Since(begun), stop()
		if result.Created != file.created {
			t.Errorf("%s: %+v", file.path, result)
		}
		p99 := waits[len(waits)*99/100]
		t.Logf("%s: %d rows in %s; %d reports acknowledged, p50 %s, p99 %s, max %s", file.path, rows, took.Round(time.Millisecond), len(waits),
			waits[len(waits)/2].Round(time.Microsecond), p99.Round(time.Microsecond), waits[len(waits)-1].Round(time.Microsecond))
		if p99 > 500*time.Millisecond {
			t.Errorf("%s: p99 of acknowledgements is %s", file.path, p99)
		}
	}
}
