package device

import (
	"testing"
	"time"
)

func TestRetry(t *testing.T) {
	t.Parallel()
	for _, longest := range []time.Duration{time.Second, 5 * time.Second, time.Minute} {
		seen, most := make(map[time.Duration]bool), time.Duration(0)
		for range 100 {
			b := newRetry(longest)
			if first := b.NextBackOff(); first < min(500*time.Millisecond, longest/3) || first > 1500*time.Millisecond {
				t.Errorf("at most %v: the first pause is %v", longest, first)
			}
			for range 20 {
				pause := b.NextBackOff()
				if pause > longest+1 {
					t.Fatalf("at most %v: a pause is %v", longest, pause)
				}
				seen[pause], most = true, max(most, pause)
			}
		}
		if most < longest*9/10 {
			t.Errorf("at most %v: none of 2,000 pauses is above %v", longest, most)
		}
		if len(seen) < 500 {
			t.Errorf("at most %v: only %d different pauses in 2,000", longest, len(seen))
		}
	}
}
