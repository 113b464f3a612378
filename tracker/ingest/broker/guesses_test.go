package broker

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func TestGuessesOfOneName(t *testing.T) {
	g, from, now := newGuesses(), netip.MustParseAddr("192.0.2.1"), time.Now()
	for i := range failuresOfName {
		if _, ok := g.try(from, "anna", now); !ok {
			t.Fatalf("try %d refused", i+1)
		}
	}
	if _, ok := g.try(from, "anna", now); ok {
		t.Error("no end to the tries")
	}
	if _, ok := g.try(from, "bert", now); !ok {
		t.Error("another name from there must wait")
	}
	if _, ok := g.try(netip.MustParseAddr("192.0.2.2"), "anna", now); !ok {
		t.Error("the same name from elsewhere must wait")
	}
	if _, ok := g.try(from, "anna", now.Add(everyOfName)); !ok {
		t.Error("no further try after a while")
	}
	if _, ok := g.try(from, "anna", now.Add(everyOfName)); ok {
		t.Error("two further tries after a while")
	}
}

func TestGuessesOfManyNames(t *testing.T) {
	g, from, now := newGuesses(), netip.MustParseAddr("192.0.2.1"), time.Now()
	tries := 0
	for i := range 10 * failuresOfAddress {
		if _, ok := g.try(from, fmt.Sprint("name", i), now); ok {
			tries++
		}
	}
	if tries != failuresOfAddress {
		t.Errorf("%d tries, want %d", tries, failuresOfAddress)
	}
}

// A device with a wrong secret must not shut out those that share its address.
func TestOneBadDeviceDoesNotUseUpItsAddress(t *testing.T) {
	g, from, now := newGuesses(), netip.MustParseAddr("192.0.2.1"), time.Now()
	for range 10 * failuresOfAddress {
		g.try(from, "bad", now)
	}
	if _, ok := g.try(from, "good", now); !ok {
		t.Error("shut out")
	}
}

func TestSuccessIsRefunded(t *testing.T) {
	g, from, now := newGuesses(), netip.MustParseAddr("192.0.2.1"), time.Now()
	for i := range 10 * failuresOfAddress {
		a, ok := g.try(from, "anna", now)
		if !ok {
			t.Fatalf("connection %d refused", i+1)
		}
		g.refund(a)
	}
}

func TestGuessersAreForgotten(t *testing.T) {
	g, now := newGuesses(), time.Now()
	addr := netip.MustParseAddr("10.0.0.0")
	for range 3 * generationSize {
		addr = addr.Next()
		g.try(addr, "anna", now)
	}
	if n := len(g.recent) + len(g.older); n > 2*generationSize {
		t.Errorf("%d guessers in memory", n)
	}
	g.try(addr.Next(), "anna", now.Add(generation))
	g.try(addr.Next(), "bert", now.Add(2*generation))
	if n := len(g.recent) + len(g.older); n > 4 {
		t.Errorf("%d guessers in memory after two generations", n)
	}
}

// A failure is not forgotten when the generation changes.
func TestGuessesSurviveAGeneration(t *testing.T) {
	g, from, now := newGuesses(), netip.MustParseAddr("192.0.2.1"), time.Now()
	g.try(from, "anna", now.Add(-generation+time.Second))
	for range failuresOfName {
		g.try(from, "anna", now)
	}
	if _, ok := g.try(from, "anna", now.Add(2*time.Second)); ok {
		t.Error("a new generation gives new tries")
	}
}
