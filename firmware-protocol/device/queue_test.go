package device

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// TestQueueAgainstModel runs random pushes, reads and acknowledgements beside a
// plain list.
func TestQueueAgainstModel(t *testing.T) {
	const seed = 7
	rng := rand.New(rand.NewPCG(seed, 0))
	const limit = 20
	q := newQueue(limit)
	var numbers []uint64 // unacknowledged
	pushed := uint64(0)
	for step := range 20_000 {
		switch rng.IntN(3) {
		case 0:
			taken, _, err := q.tryPush([]byte(strconv.FormatUint(pushed+1, 10)))
			// A payload acknowledged out of turn keeps its place until its turn.
			span := uint64(0)
			if len(numbers) > 0 {
				span = pushed - numbers[0] + 1
			}
			if err != nil || taken != (span < limit) {
				t.Fatalf("seed %d, step %d: push with %d in the queue: %v, %v", seed, step, span, taken, err)
			}
			if taken {
				pushed++
				numbers = append(numbers, pushed)
			}
		case 1:
			after := rng.Uint64N(pushed + 2)
			i, _ := slices.BinarySearch(numbers, after+1)
			number, payload, _ := q.peek(after)
			if i == len(numbers) {
				if payload != nil {
					t.Fatalf("seed %d, step %d: got %d after %d, want nothing", seed, step, number, after)
				}
			} else if number != numbers[i] || string(payload) != strconv.FormatUint(number, 10) {
				t.Fatalf("seed %d, step %d: got %d (%s) after %d, want %d", seed, step, number, payload, after, numbers[i])
			}
		case 2:
			if pushed == 0 {
				continue
			}
			number := 1 + rng.Uint64N(pushed)
			if len(numbers) > 0 && rng.IntN(2) == 0 {
				number = numbers[0]
			}
			q.acknowledge(number)
			if i, found := slices.BinarySearch(numbers, number); found {
				numbers = slices.Delete(numbers, i, i+1)
			}
		}
		if p, a, _ := q.counts(); p != pushed || a != pushed-uint64(len(numbers)) {
			t.Fatalf("seed %d, step %d: counts %d, %d; want %d, %d", seed, step, p, a, pushed, pushed-uint64(len(numbers)))
		}
	}
	if pushed < 1000 {
		t.Fatalf("only %d pushes: the test does not test", pushed)
	}
}

func TestQueueWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1)
		go func() {
			time.Sleep(time.Second)
			_ = q.push(t.Context(), []byte("a"))
			time.Sleep(time.Second)
			q.acknowledge(1)
		}()
		begun := time.Now()
		if n, p, err := q.next(t.Context(), 0); n != 1 || string(p) != "a" || err != nil {
			t.Fatalf("next: %d, %q, %v", n, p, err)
		}
		if err := q.push(t.Context(), []byte("b")); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(begun); waited != 2*time.Second {
			t.Errorf("room came free after 2 s, push returned after %v", waited)
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := q.push(ctx, []byte("c")); !errors.Is(err, ErrQueueFull) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("push into a full queue: %v", err)
		}
		if err := q.drained(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("drained with one waiting: %v", err)
		}

		go func() {
			time.Sleep(time.Second)
			q.close()
		}()
		if err := q.push(t.Context(), []byte("d")); !errors.Is(err, ErrStopped) {
			t.Errorf("push while the queue closes: %v", err)
		}
		q.acknowledge(2)
		if err := q.drained(t.Context()); err != nil {
			t.Errorf("drained with none waiting: %v", err)
		}
	})
}
